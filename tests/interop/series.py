"""The real series that the tests use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from binary import REPOSITORY
from posterior import read_series

DATA = REPOSITORY / "tests" / "data"
SAMPLES = REPOSITORY / "sample_data"
BROKEN = "9999_broken_on_purpose"


def files() -> list[Path]:
    """Every file of tests/data: the columns ds and y, one series each."""
    return sorted(DATA.glob("*/*.csv"))


def every_series() -> dict[str, pd.DataFrame]:
    """All real series, those of sample_data too, with the columns ds and y, sorted by date; none twice."""
    found = {path.stem: read_series(path) for path in files() if path.parent.name != "azure_oj"}
    for path in sorted(SAMPLES.glob("sales/*.csv")):
        if path.stem != BROKEN:
            found[path.stem] = read_series(path, "WeekStarting", "Quantity")
    for path in sorted(SAMPLES.glob("energy/*_2_hourly.csv")):
        found[path.stem] = read_series(path, "timestamp", "consumption")
    return {name: frame.sort_values("ds", ignore_index=True) for name, frame in found.items()}


def write(frame: pd.DataFrame, path: Path) -> None:
    """Writes ds and y so that every value reads back as the same float."""
    frame[["ds", "y"]].to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S")


def values(name: str, count: int) -> pd.Series:
    """The first `count` values of a series, in the order of its dates."""
    frame = read_series(DATA / f"{name}.csv").sort_values("ds").dropna()
    return frame["y"].head(count).reset_index(drop=True)


def beside(directory: Path) -> Path:
    """A folder for results: the program refuses one inside its input."""
    return directory.with_name(f"{directory.name}-out")
