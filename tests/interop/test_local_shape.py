"""Level × shape against flaircast: point forecasts without its randomness, accuracy, intervals and speed."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
import pytest

from binary import REPOSITORY
from local import Case, awkward, competition, fit, trading

sys.path.insert(0, str(REPOSITORY / "tests" / "golden"))
from make_local_shape import central  # noqa: E402
from flaircast import forecast  # noqa: E402

FREQUENCIES = {1: "Y", 4: "Q", 7: "D", 12: "M", 24: "H"}
LONGER = {7: [365], 24: [168]}

COMPETITIONS = {
    "M3 yearly": lambda: competition("M3", "yearly", 12),
    "M3 quarterly": lambda: competition("M3", "quarterly", 12),
    "M3 monthly": lambda: competition("M3", "monthly", 16),
    "Tourism monthly": lambda: competition("Tourism", "monthly", 8),
    "Tourism quarterly": lambda: competition("Tourism", "quarterly", 8),
}


def long_series(seed: int) -> Case:
    """Days with a week and a year, or hours with a day and a week."""
    random = np.random.default_rng(seed)
    season, longer = ((7, 365.25), (24, 168))[seed % 2]
    rows = int(random.integers(5 * season, 900))
    t = np.arange(rows)
    waves = 3 + np.sin(2 * np.pi * t / season) + 0.8 * np.sin(2 * np.pi * t / longer)
    return Case(f"long {seed}", waves * (20 + 0.01 * t) + 4 * random.standard_normal(rows), season, np.zeros(30))


def answers(cases: list[Case], repeat: int = 1) -> dict[str, dict]:
    """The example's answers, with the longer seasons of the calendar."""
    found = {}
    for season in sorted({case.season for case in cases}):
        family = {"level-shape": {"longer-seasons": LONGER.get(season, [])}}
        found |= fit([case for case in cases if case.season == season], family, repeat)
    return found


def test_point_forecasts_are_flaircasts_without_its_randomness() -> None:
    made = awkward(range(120)) + trading(range(2)) + [long_series(seed) for seed in range(20)]
    cases = [case for case in made + competition("M3", "monthly", 60) if len(case.values) > 6]
    ours = answers(cases)
    for case in cases:
        expected = central(case.values, len(case.future), FREQUENCIES[case.season])
        mean = np.array(ours[case.id]["mean"])
        if np.all(case.values == np.round(case.values)):
            mean = np.round(mean)
        assert np.allclose(mean, expected, rtol=0, atol=1e-6 * np.abs(case.values).max()), case.id


@pytest.mark.parametrize("name", COMPETITIONS)
def test_it_is_as_accurate_as_flaircast_and_fifty_times_as_fast(name: str, found: Callable[[str], None]) -> None:
    cases = COMPETITIONS[name]()
    ours, rows = answers(cases, repeat=5), []
    for case in cases:
        begin = time.perf_counter()
        samples = forecast(case.values, len(case.future), FREQUENCIES[case.season], seed=0)
        faster = (time.perf_counter() - begin) * 1e3 / ours[case.id]["milliseconds"]
        low, high = np.percentile(samples, [10, 90], axis=0)
        answer = {key: np.array(ours[case.id][key]) for key in ("mean", "lower", "upper")}
        rows.append(
            (
                case.mase(answer["mean"]),
                case.mase(samples.mean(axis=0)),
                np.mean((case.future >= answer["lower"]) & (case.future <= answer["upper"])),
                np.mean((case.future >= low) & (case.future <= high)),
                faster,
            )
        )
    mase, mase_theirs, covered, covered_theirs, _ = np.nanmean(rows, axis=0)
    faster = np.median([row[-1] for row in rows])
    found(
        f"level × shape, {name}: MASE {mase:.4f} and flaircast's {mase_theirs:.4f}, coverage of 80 % {covered:.3f} and "
        f"{covered_theirs:.3f}; a fit is {faster:.0f} times as fast as its forecast"
    )
    assert mase <= mase_theirs * 1.01
    assert covered >= covered_theirs - 0.04
    assert faster >= 50
