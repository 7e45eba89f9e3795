"""The families of local models, each beside the same model of statsforecast 2.1.1 or of flaircast 0.6.1."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from flaircast import forecast as flair
from statsforecast.models import (
    ADIDA,
    IMAPA,
    MSTL,
    TSB,
    AutoCES,
    AutoETS,
    AutoTheta,
    CrostonClassic,
    CrostonOptimized,
    CrostonSBA,
    DynamicOptimizedTheta,
    DynamicTheta,
    Naive,
    OptimizedTheta,
    RandomWalkWithDrift,
    SeasonalNaive,
    Theta,
    WindowAverage,
)

FREQUENCIES = {1: "Y", 4: "Q", 7: "D", 12: "M"}
LEVEL = 80


class Flair:
    """flaircast with the verbs of statsforecast's models: its fit and its forecast are one."""

    def __init__(self, season: int) -> None:
        self.frequency = FREQUENCIES[season]

    def fit(self, values: np.ndarray) -> None:
        self.forecast(values, 12)

    def forecast(self, values: np.ndarray, horizon: int, level: list[int] | None = None) -> dict[str, np.ndarray]:
        samples = flair(values, horizon, self.frequency, seed=0)
        tail = (100 - (level or [LEVEL])[0]) / 2
        low, high = np.percentile(samples, [tail, 100 - tail], axis=0)
        return {"mean": samples.mean(axis=0), f"lo-{LEVEL}": low, f"hi-{LEVEL}": high}


@dataclass(frozen=True)
class Pair:
    """A family as the library serialises it, and the other's model for a length of the season; none if it has none."""

    name: str
    family: dict[str, Any]
    theirs: Callable[[int], Any] | None = None
    # Whether the other has an interval.
    interval: bool = True

    @property
    def levels(self) -> dict[str, list[int]]:
        """What the other's forecast is asked for besides the mean."""
        return {"level": [LEVEL]} if self.interval else {}

    def longer(self, season: int) -> Pair:
        """With the year beside the week of daily rows, where a model takes several seasons."""
        if season != 7 or "mstl" not in self.family:
            return self
        family = {"mstl": self.family["mstl"] | {"longer-seasons": [365]}}
        return Pair(self.name, family, lambda week: MSTL([week, 365], trend_forecaster=RandomWalkWithDrift()))


def mstl(season: int) -> Any:
    """Without a season there is nothing to decompose."""
    return MSTL([season], trend_forecaster=RandomWalkWithDrift()) if season > 1 else RandomWalkWithDrift()


SMOOTH = [
    Pair("theta standard", {"theta": {"model": "standard"}}, lambda season: Theta(season_length=season)),
    Pair("theta optimized", {"theta": {"model": "optimized"}}, lambda season: OptimizedTheta(season_length=season)),
    Pair("theta dynamic-standard", {"theta": {"model": "dynamic-standard"}}, lambda season: DynamicTheta(season_length=season)),
    Pair(
        "theta dynamic-optimized",
        {"theta": {"model": "dynamic-optimized"}},
        lambda season: DynamicOptimizedTheta(season_length=season),
    ),
    Pair("theta auto", {"theta": {"model": "auto"}}, lambda season: AutoTheta(season_length=season)),
    Pair("ets ZZZ", {"ets": {"model": "ZZZ"}}, lambda season: AutoETS(season_length=season)),
    Pair("ets reduced", {"ets": {"model": "reduced"}}),
    Pair("ces Z", {"ces": {"model": "Z"}}, lambda season: AutoCES(season_length=season)),
    Pair("level-shape", {"level-shape": {}}, Flair),
    Pair("mstl with drift", {"mstl": {"adjusted": {"naive": "drift"}}}, mstl),
    Pair("random-walk", {"naive": "random-walk"}, lambda season: Naive()),
    Pair("drift", {"naive": "drift"}, lambda season: RandomWalkWithDrift()),
    Pair("window-average of 3", {"naive": {"window-average": {"window_size": 3}}}, lambda season: WindowAverage(3), False),
    Pair(
        "seasonal-window-average of 1",
        {"naive": {"seasonal-window-average": {"window_size": 1}}},
        lambda season: SeasonalNaive(season_length=season),
    ),
]

INTERMITTENT = [
    Pair("croston-classic", {"intermittent": "croston-classic"}, lambda season: CrostonClassic()),
    Pair("croston-optimized", {"intermittent": "croston-optimized"}, lambda season: CrostonOptimized()),
    Pair("croston-sba", {"intermittent": "croston-sba"}, lambda season: CrostonSBA()),
    Pair("tsb", {"intermittent": {"tsb": {"alpha_d": 0.2, "alpha_p": 0.05}}}, lambda season: TSB(alpha_d=0.2, alpha_p=0.05)),
    Pair("adida", {"intermittent": "adida"}, lambda season: ADIDA()),
    Pair("imapa", {"intermittent": "imapa"}, lambda season: IMAPA()),
]
