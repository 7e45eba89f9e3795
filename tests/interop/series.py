"""The real series that the tests use."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from binary import REPOSITORY
from posterior import read_series

DATA = REPOSITORY / "tests" / "data"


def files() -> list[Path]:
    """Every series with the columns ds and y, one CSV each, sorted by folder and name."""
    return sorted(DATA.glob("*/*.csv"))


def write(frame: pd.DataFrame, path: Path) -> None:
    """Writes ds and y so that every value reads back as the same float."""
    frame[["ds", "y"]].to_csv(path, index=False, date_format="%Y-%m-%d %H:%M:%S")


def values(name: str, count: int) -> pd.Series:
    """The first `count` values of a series, in the order of its dates."""
    frame = read_series(DATA / f"{name}.csv").sort_values("ds").dropna()
    return frame["y"].head(count).reset_index(drop=True)
