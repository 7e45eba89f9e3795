"""Writes local_ces.json: what statsforecast makes of made-up series by complex exponential smoothing.

Made with statsforecast 2.1.1, numpy 2.4.6, scipy 1.17.1 and statsmodels 0.15.0 on x86-64 Linux, as in tests/interop/requirements.txt:

    tests/interop/run --python tests/golden/make_local_ces.py

Each series has its values, the length of its season, and for each form

- `at`: smoothing parameters that are made up, the squared errors and the forecasts at them;
- `fitted`: statsforecast's own parameters, the squared errors at them, and its AICc.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from statsforecast.ces import auto_ces, forecast_ces

HORIZON = 14
GIVEN = {
    "N": {"alpha_0": 1.2, "alpha_1": 1.01},
    "S": {"alpha_0": 1.2, "alpha_1": 1.01},
    "P": {"alpha_0": 1.2, "alpha_1": 1.01, "beta_0": 0.2},
    "F": {"alpha_0": 1.2, "alpha_1": 1.01, "beta_0": 1.1, "beta_1": 0.97},
}


def series() -> dict[str, tuple[np.ndarray, int]]:
    """Values and seasons by name."""
    random = np.random.default_rng(20261128)
    t = np.arange(75)
    months = np.sin(2 * np.pi * t / 12)
    return {
        "growth": (100 + 2 * t[:40] + 5 * random.standard_normal(40), 1),
        "walk": (1000 + np.cumsum(8 * random.standard_normal(50)), 1),
        "noise": (50 + random.standard_normal(30), 4),
        "multiplicative": ((100 + t) * (1 + 0.3 * months) * (1 + 0.03 * random.standard_normal(75)), 12),
        "additive": (40 * months + np.cumsum(random.standard_normal(75)), 12),
        "weeks": (np.where(t % 7 > 4, 20, 60) + 4 * random.standard_normal(75), 7),
        "short": (np.array([12.0, 15, 11, 17, 19, 18]), 1),
        "break": (np.where(t < 40, 10, 30) + random.standard_normal(75), 1),
    }


def squares(model: dict[str, Any]) -> float:
    return float((model["residuals"] ** 2).sum())


def case(name: str, values: np.ndarray, season: int) -> dict[str, Any]:
    values = values.round(3)
    models = {}
    for form in "NSPF" if season > 1 else "N":
        at = auto_ces(values, season, form, **GIVEN[form])
        fitted = auto_ces(values, season, form)
        weights = [weight for weight in fitted["par"].values() if not np.isnan(weight)]
        models[form] = {
            "at": {
                "weights": list(GIVEN[form].values()),
                "squares": squares(at),
                "mean": forecast_ces(at, HORIZON)["mean"].tolist(),
            },
            "fitted": {"weights": weights, "squares": squares(fitted), "aicc": float(fitted["aicc"])},
        }
    return {"name": name, "season": season, "values": values.tolist(), "models": models}


def main() -> None:
    cases = [case(name, values, season) for name, (values, season) in series().items()]
    Path(__file__).with_name("local_ces.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
