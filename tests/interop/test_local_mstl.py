"""MSTL against statsforecast: forecasts with the same model of the rest, and speed."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np
import pytest
from statsforecast.models import MSTL, Naive, RandomWalkWithDrift

from local import Case, awkward, competition, fit, trading

RESTS = {"drift": RandomWalkWithDrift, "random-walk": Naive}


def long_series(seed: int) -> Case:
    """Days with a week and a year, or hours with a day and a week."""
    random = np.random.default_rng(seed)
    season, longer = ((7, 365), (24, 168))[seed % 2]
    rows = 2 * longer + int(random.integers(1, 200))
    t = np.arange(rows)
    waves = 3 * np.sin(2 * np.pi * t / season) + 2 * np.sin(2 * np.pi * t / longer)
    return Case(f"long {seed}", 50 + 0.01 * t + waves + random.standard_normal(rows), season, np.zeros(30))


def compare(cases: list[Case], longer: list[int], rest: str) -> list[float]:
    """Asserts that forecasts are the same; how many times as fast each fit was as the other's forecast."""
    answers = fit(cases, {"mstl": {"longer-seasons": longer, "adjusted": {"naive": rest}}}, repeat=5)
    faster = []
    for case in cases:
        seasons = [season for season in [case.season, *longer] if season > 1 and 2 * season < len(case.values)]
        model = MSTL(seasons, trend_forecaster=RESTS[rest]()) if seasons else RESTS[rest]()
        begin = time.perf_counter()
        expected = model.forecast(case.values, len(case.future))["mean"]
        faster.append((time.perf_counter() - begin) * 1e3 / answers[case.id]["milliseconds"])
        size = np.abs(case.values).max()
        assert np.allclose(answers[case.id]["mean"], expected, rtol=0, atol=1e-9 * size), (case.id, seasons)
    return faster


@pytest.mark.parametrize("rest", RESTS)
def test_forecasts_are_statsforecasts_and_fifty_times_as_fast(rest: str, found: Callable[[str], None]) -> None:
    cases = competition("M3", "monthly", 24) + competition("Tourism", "quarterly", 12) + trading(range(2))
    faster = compare(cases + awkward(range(60)), [], rest)
    found(f"MSTL with {rest}: forecasts are statsforecast's, {np.median(faster):.0f} times as fast")
    assert np.median(faster) >= 50


def test_several_seasons_are_statsforecasts_too(found: Callable[[str], None]) -> None:
    faster = compare([long_series(seed) for seed in range(0, 8, 2)], [365], "drift")
    hours = compare([long_series(seed) for seed in range(1, 8, 2)], [168], "drift")
    found(f"MSTL of weeks and years: {np.median(faster):.0f} times as fast; of days and weeks: {np.median(hours):.0f} times")
    assert min(np.median(faster), np.median(hours)) >= 5


def test_seasons_that_are_not_there_twice_are_left_out() -> None:
    case = long_series(0)
    short = Case("short", case.values[:700], 7, np.zeros(10))
    assert compare([short], [365], "drift")
