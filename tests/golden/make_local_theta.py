"""Writes local_theta.json: what statsforecast makes of made-up series by the models of the theta family.

Made with statsforecast 2.1.1, numpy 2.4.6, scipy 1.17.1 and statsmodels 0.15.0 on x86-64 Linux, as in tests/interop/requirements.txt:

    tests/interop/run --python tests/golden/make_local_theta.py

Each series has its values, the length of its season, and for each model

- `decomposition`: how the season was taken out, or null;
- `at`: parameters that are made up, the squared errors from the fourth on (without the season) and the forecasts at them;
- `fitted`: the squared errors at statsforecast's own parameters, and its forecasts.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from statsforecast.theta import auto_theta, forecast_theta

HORIZON = 14
MODELS = {"standard": "STM", "optimized": "OTM", "dynamic-standard": "DSTM", "dynamic-optimized": "DOTM"}


def series() -> dict[str, tuple[np.ndarray, int]]:
    """Values and seasons by name."""
    random = np.random.default_rng(20261128)
    t = np.arange(72)
    months = np.sin(2 * np.pi * t / 12)
    return {
        "growth": (100 + 2 * t[:40] + 5 * random.standard_normal(40), 1),
        "walk": (1000 + np.cumsum(8 * random.standard_normal(50)), 1),
        "noise": (50 + random.standard_normal(30), 4),
        "multiplicative": ((100 + t) * (1 + 0.3 * months) * (1 + 0.03 * random.standard_normal(72)), 12),
        "additive": (40 * months + np.cumsum(random.standard_normal(72)), 12),
        "near zero": (np.where(t % 4 == 0, 0.001, 20) * (1 + 0.1 * random.random(72)), 4),
        "weeks": (np.where(t % 7 > 4, 20, 60) + 4 * random.standard_normal(72), 7),
        "short": (np.array([12.0, 15, 11, 17, 19, 18]), 1),
        "break": (np.where(t < 40, 10, 30) + random.standard_normal(72), 1),
    }


def squares(model: dict[str, Any], values: np.ndarray) -> float:
    """The squared errors of a model, which statsforecast divides by the mean of the values without their season."""
    if model.get("decompose", False):
        season = np.asarray(model["seas_forecast"]["mean"])
        season = season[(np.arange(len(values)) - len(values)) % len(season)]
        values = values / season if model["decomposition_type"] == "multiplicative" else values - season
    return float(model["mse"] * np.abs(values).mean())


def case(name: str, values: np.ndarray, season: int) -> dict[str, Any]:
    values = values.round(3)
    models = {}
    for ours, theirs in MODELS.items():
        given = {"alpha": 0.35, "theta": 2.0 if "standard" in ours else 3.0, "initial_smoothed": float(values[1])}
        at = auto_theta(values, season, theirs, **given)
        fitted = auto_theta(values, season, theirs)
        models[ours] = {
            "decomposition": at["decomposition_type"] if at.get("decompose", False) else None,
            "at": given | {"squares": squares(at, values), "mean": forecast_theta(at, HORIZON)["mean"].tolist()},
            "fitted": {"squares": squares(fitted, values), "mean": forecast_theta(fitted, HORIZON)["mean"].tolist()},
        }
    return {"name": name, "season": season, "values": values.tolist(), "models": models}


def main() -> None:
    cases = [case(name, values, season) for name, (values, season) in series().items()]
    Path(__file__).with_name("local_theta.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
