"""Tables to fit, the command to compare with, and what the tests measured."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

_FINDINGS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FINDINGS] = []


@pytest.fixture(scope="session")
def found(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Takes a sentence with a measurement in it for the report at the end."""
    return pytestconfig.stash[_FINDINGS].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash[_FINDINGS]:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)


def long_table(customers: int, days: int, *, seed: int = 0) -> pl.DataFrame:
    """Daily values of made-up customers: a level, a trend, a week, noise, and a price."""
    draw = np.random.default_rng(seed)
    day = np.arange(days)
    names = [f"c{number:05d}" for number in range(customers)]
    level, slope, week = draw.uniform(5, 50, customers), draw.normal(0, 0.01, customers), draw.uniform(0, 5, customers)
    price = np.round(draw.uniform(1, 3, (customers, days)), 2)
    values = level[:, None] + slope[:, None] * day + week[:, None] * np.sin(2 * np.pi * day / 7) - price
    values += draw.normal(0, 1, (customers, days))
    return pl.DataFrame(
        {
            "unique_id": np.repeat(names, days),
            "ds": np.tile(np.datetime64("2022-01-01") + day, customers),
            "y": np.round(values, 3).ravel(),
            "price": price.ravel(),
        }
    )


@pytest.fixture(scope="session")
def table() -> pl.DataFrame:
    """Thirty customers with 100 days each."""
    return long_table(30, 100)


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs the command."""

    def run(*words: str | os.PathLike[str], code: int = 0, **options: Any) -> subprocess.CompletedProcess[str]:
        ended = subprocess.run([os.environ["MANYFIT"], *words], text=True, capture_output=True, check=False, **options)
        assert ended.returncode == code, ended.stderr
        return ended

    return run


def artifacts_of(folder: Path) -> dict[str, bytes]:
    """The bytes of each artifact that the command wrote, by customer."""
    return {path.name.removesuffix(".tar.gz"): path.read_bytes() for path in sorted((folder / "models").iterdir())}
