"""Writes local_shape.json: forecasts of flaircast 0.6.1 without their randomness, for made-up series.

Levels have no noise, and the errors of the shape are the mean of all past seasons: what the mean of its samples tends to.

    python make_local_shape.py    # numpy 2.4, scipy 1.17.1, flaircast 0.6.1
"""

import json
import pathlib

import numpy
from flaircast import _forecast as flair


def central(values, horizon, freq):
    """One sample without noise."""
    paths, phase_noise = flair._sample_level_paths, flair._phase_noise_sample

    class EverySeason:
        def randint(self, low, high, size):
            return numpy.arange(high)

    def without_noise(beta, residuals, *others):
        return paths(beta, 0 * residuals, *others)

    def mean_noise(*arguments):
        noise, steps, phases = phase_noise(*arguments[:-2], 0, EverySeason())
        return noise.mean(axis=0, keepdims=True), steps, phases

    flair._sample_level_paths, flair._phase_noise_sample = without_noise, mean_noise
    try:
        return flair.forecast(values, horizon, freq, n_samples=1, seed=0)[0]
    finally:
        flair._sample_level_paths, flair._phase_noise_sample = paths, phase_noise


def series():
    """(name, values, season, longer seasons, frequency, horizon)"""
    random = numpy.random.RandomState(11)

    def wave(n, season):
        return numpy.sin(2 * numpy.pi * numpy.arange(n) / season)

    def noise(n, deviation):
        return random.normal(0, deviation, n)

    n = 120
    yield "months with a trend", 100 + 0.5 * numpy.arange(n) + 20 * wave(n, 12) + noise(n, 4), 12, [], "M", 18
    yield "months that grow", numpy.exp(4 + 0.012 * numpy.arange(n) + 0.3 * wave(n, 12) + noise(n, 0.05)), 12, [], "M", 24
    yield "months without a season", 50 + numpy.cumsum(noise(80, 1)), 12, [], "M", 12
    yield "negative quarters", -40 + 3 * wave(44, 4) + noise(44, 1), 4, [], "Q", 8
    yield "years", numpy.exp(0.05 * numpy.arange(30) + noise(30, 0.1)) * 1000, 1, [], "Y", 6
    n = 400
    week = 1 + 0.4 * (numpy.arange(n) % 7 > 4)
    yield "days with a week", week * (60 + 0.05 * numpy.arange(n)) + noise(n, 3), 7, [365], "D", 30
    n = 900
    week = 1 + 0.4 * (numpy.arange(n) % 7 > 4)
    yield "days with a week and a year", week * (60 + 25 * wave(n, 365.25)) + noise(n, 3), 7, [365], "D", 60
    n = 24 * 28
    yield "hours", (5 + 2 * wave(n, 24)) * (1 + 0.3 * wave(n, 168)) + noise(n, 0.3), 24, [168], "H", 50
    yield "few rows", 10 + noise(7, 1), 12, [], "M", 5


def main():
    """Writes the file."""
    cases = []
    for name, values, season, longer, freq, horizon in series():
        values = numpy.round(values, 2)
        forecast = central(values, horizon, freq)
        cases.append(
            {
                "name": name,
                "season": season,
                "longer": longer,
                "values": values.tolist(),
                "forecast": forecast.tolist(),
            }
        )
    place = pathlib.Path(__file__).with_name("local_shape.json")
    place.write_text("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")


if __name__ == "__main__":
    main()
