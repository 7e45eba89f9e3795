"""Writes local_mstl.json: decompositions of statsforecast's MSTL and statsmodels' STL, for made-up series.

    python make_local_mstl.py    # numpy 2.4, statsmodels 0.15.0, statsforecast 2.1.1
"""

import json
import pathlib

import numpy
from statsforecast.mstl import mstl


def series():
    """(name, values, seasons, robust)"""
    random = numpy.random.RandomState(12)

    def wave(n, season):
        return numpy.sin(2 * numpy.pi * numpy.arange(n) / season)

    def noise(n, deviation):
        return random.normal(0, deviation, n)

    n = 100
    months = 100 + 0.5 * numpy.arange(n) + 20 * wave(n, 12) + noise(n, 4)
    yield "months", months, [12], False
    yield "months with outliers", numpy.where(random.rand(n) < 0.04, months * 3, months), [12], True
    yield "little more than two years", months[:25], [12], False
    yield "halves", months[:9], [2], False
    n = 24 * 21 + 5
    yield "hours", 50 + 0.01 * numpy.arange(n) + 8 * wave(n, 24) + 5 * wave(n, 168) + noise(n, 1), [24, 168], False
    n = 740
    yield "days", 50 + 8 * (numpy.arange(n) % 7 > 4) + 10 * wave(n, 365) + noise(n, 2), [7, 365], False


def main():
    """Writes the file."""
    cases = []
    for name, values, seasons, robust in series():
        values = numpy.round(values, 2)
        parts = mstl(values, seasons, stl_kwargs={"robust": robust})
        columns = [column for column in parts if column.startswith("seasonal")]
        # The ends, where windows differ, and a part of the middle.
        rows = sorted({*range(12), *range(len(values) // 2, len(values) // 2 + 6), *range(len(values) - 12, len(values))} & {*range(len(values))})
        cases.append(
            {
                "name": name,
                "seasons": seasons,
                "robust": robust,
                "values": values.tolist(),
                "rows": rows,
                "seasonal": [parts[column].to_numpy()[rows].tolist() for column in columns],
                "adjusted": (parts["trend"] + parts["remainder"]).to_numpy()[rows].tolist(),
            }
        )
    place = pathlib.Path(__file__).with_name("local_mstl.json")
    place.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
