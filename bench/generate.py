"""Writes N customers' daily energy readings: trend + week + year + noise, one CSV each, the same for the same seed.

Columns `timestamp,consumption,temperature`. The yearly wave is in days, so neighbouring days are alike.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

FIRST_DAY = np.datetime64("2023-01-01")
YEAR = 365.25


def customer(random: np.random.Generator, day: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Consumption and temperature of one customer on these days since the epoch."""
    cold = np.cos(2 * np.pi * (day - 15) / YEAR)
    temperature = random.normal(11, 2) - random.uniform(8, 12) * cold + random.normal(0, 2.5, len(day))
    base = random.lognormal(3.5, 0.5)
    slope = random.normal(0, 0.15) / YEAR
    bend = random.integers(len(day) // 5, 4 * len(day) // 5)
    since = np.arange(len(day))
    trend = 1 + slope * since + random.normal(0, 0.25) / YEAR * np.maximum(since - bend, 0)
    week = random.normal(0, 0.08, 7)[day % 7]
    year = random.normal(0.2, 0.08) * cold
    noise = random.normal(0, random.uniform(0.03, 0.1), len(day))
    return base * np.maximum(trend + week + year + noise, 0.01), temperature


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--customers", type=int, default=1_000)
    parser.add_argument("--rows", type=int, default=730)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    dates = FIRST_DAY + np.arange(arguments.rows)
    day, text = dates.astype(int), dates.astype(str)
    for number in range(arguments.customers):
        consumption, temperature = customer(np.random.default_rng([arguments.seed, number]), day)
        lines = [f"{d},{c:.3f},{k:.2f}\n" for d, c, k in zip(text, consumption, temperature, strict=True)]
        header = "timestamp,consumption,temperature\n"
        (arguments.output / f"customer_{number:06}.csv").write_text(header + "".join(lines))


if __name__ == "__main__":
    main()
