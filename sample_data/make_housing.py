"""Writes sample_data/housing from the whole table: a file for each square degree of California.

    python3 sample_data/make_housing.py california_housing.csv

Lines are copied as they are. A cell of more than 600 districts keeps 600 of them, evenly spaced; one of fewer than 60 is
left out.
"""

import collections
import pathlib
import sys

FEWEST, MOST = 60, 600


def cell(line):
    """37n_122w for the districts at 37.… degrees north and 122.… degrees west."""
    longitude, latitude = map(float, line.split(",")[:2])
    return f"{int(latitude)}n_{int(-longitude)}w"


def main():
    header, *lines = pathlib.Path(sys.argv[1]).read_text().splitlines()
    folder = pathlib.Path(__file__).resolve().parent / "housing"
    folder.mkdir(exist_ok=True)
    cells = collections.defaultdict(list)
    for line in lines:
        cells[cell(line)].append(line)
    for name, districts in sorted(cells.items()):
        kept = min(len(districts), MOST)
        if kept >= FEWEST:
            write(folder / f"{name}.csv", header, [districts[i * len(districts) // kept] for i in range(kept)])
    # A customer whose data cannot be used: words where line 18 should have a number.
    broken = cells["37n_122w"][:80]
    at = header.split(",").index("median_house_value")
    values = broken[16].split(",")
    values[at] = "four hundred thousand"
    broken[16] = ",".join(values)
    write(folder / "99n_999w_broken_on_purpose.csv", header, broken)


def write(path, header, lines):
    path.write_text("\n".join([header, *lines]) + "\n")


if __name__ == "__main__":
    main()
