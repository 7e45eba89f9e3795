"""Random walks and averages of windows against statsforecast: forecasts, and intervals where it has a formula for them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from statsforecast.models import Naive, RandomWalkWithDrift, SeasonalWindowAverage, WindowAverage

from local import awkward, fit

WINDOW, SEASONS = 4, 2


@pytest.mark.parametrize(("family", "model"), [("random-walk", Naive()), ("drift", RandomWalkWithDrift())])
def test_random_walks_and_their_intervals_are_statsforecasts(family: str, model: Any) -> None:
    cases = awkward(range(200))
    answers = fit(cases, {"naive": family})
    for case in cases:
        expected = model.forecast(case.values, len(case.future), level=[80])
        scale = np.abs(case.values).max()
        assert np.allclose(answers[case.id]["mean"], expected["mean"], rtol=1e-9, atol=1e-9 * scale), case.id
        deviation = (expected["hi-80"] - expected["mean"]) / 1.2815515655446004
        assert np.allclose(answers[case.id]["deviation"], deviation, rtol=1e-7, atol=1e-9 * scale), case.id


def test_averages_of_windows_are_statsforecasts() -> None:
    cases = awkward(range(200))
    window = fit(cases, {"naive": {"window-average": {"window_size": WINDOW}}})
    seasonal = fit(cases, {"naive": {"seasonal-window-average": {"window_size": SEASONS}}})
    for case in cases:
        horizon, scale = len(case.future), np.abs(case.values).max()
        expected = WindowAverage(WINDOW).forecast(case.values, horizon)["mean"]
        assert np.allclose(window[case.id]["mean"], expected, rtol=1e-9, atol=1e-9 * scale), case.id
        if len(case.values) < SEASONS * case.season:
            assert "needs" in seasonal[case.id]["error"], case.id
            continue
        expected = SeasonalWindowAverage(case.season, SEASONS).forecast(case.values, horizon)["mean"]
        assert np.allclose(seasonal[case.id]["mean"], expected, rtol=1e-9, atol=1e-9 * scale), case.id
