"""Models of intermittent demand against statsforecast: the same forecasts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from statsforecast.models import ADIDA, IMAPA, TSB, CrostonClassic, CrostonOptimized, CrostonSBA

from local import Case, fit

MODELS: dict[str, tuple[Any, Any]] = {
    "croston-classic": ("croston-classic", CrostonClassic()),
    "croston-optimized": ("croston-optimized", CrostonOptimized()),
    "croston-sba": ("croston-sba", CrostonSBA()),
    "tsb": ({"tsb": {"alpha_d": 0.2, "alpha_p": 0.05}}, TSB(alpha_d=0.2, alpha_p=0.05)),
    "adida": ("adida", ADIDA()),
    "imapa": ("imapa", IMAPA()),
}


def demand(seeds: range) -> list[Case]:
    """Counts and amounts at 2 to 95 % of 1 to 200 steps, some with returns."""
    cases = []
    for seed in seeds:
        random = np.random.default_rng(seed)
        rows, share = int(random.integers(1, 200)), random.choice([0.02, 0.1, 0.3, 0.6, 0.95])
        sizes = random.poisson(3, rows) + 1.0 if seed % 3 else random.lognormal(1, 1, rows).round(2)
        signs = 1 - 2 * (random.random(rows) < 0.1) if seed % 7 == 0 else 1
        # The grid of steps ends with the last row, and begins with the first: zeros at both ends count.
        cases.append(Case(f"{seed}", (random.random(rows) < share) * sizes * signs + 0.0, 1, np.zeros(3)))
    return cases


@pytest.mark.parametrize("name", MODELS)
def test_forecasts_are_those_of_statsforecast(name: str, found: Callable[[str], None]) -> None:
    family, model = MODELS[name]
    cases = demand(range(600))
    answers, worst, compared = fit(cases, {"intermittent": family}), 0.0, 0
    for case in cases:
        if name == "tsb" and not (case.values > 0).any() and case.values.any():
            # Returns without a demand are refused there, and zero here.
            assert answers[case.id]["mean"] == [0.0] * 3
            continue
        expected = float(model.forecast(case.values, 1)["mean"][0])
        mean = np.array(answers[case.id]["mean"])
        worst = max(worst, float(np.abs(mean - expected).max() / max(abs(expected), 1e-3)))
        compared += 1
        assert np.allclose(mean, expected, rtol=1e-6, atol=1e-9), (case.id, mean, expected)
        assert np.isfinite(answers[case.id]["deviation"]).all(), case.id
    found(f"{name}: {compared} forecasts within {worst:.1e} of statsforecast's")
