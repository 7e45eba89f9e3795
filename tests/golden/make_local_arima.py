"""Writes local_arima.json: what statsforecast makes of made-up series by ARIMA models.

Made with statsforecast 2.1.1, numpy 2.4.6, scipy 1.17.1 and statsmodels 0.15.0 on x86-64 Linux, as in tests/interop/requirements.txt:

    tests/interop/run --python tests/golden/make_local_arima.py

Each series has its values, the length of its season, the numbers of differences that `auto_arima_f` takes, and for each of some
orders the coefficients that statsforecast fits, the logarithm of the likelihood at them (its own function, for what it reports may
be another criterion), and its forecasts and their standard errors at them.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
from scipy.signal import convolve
from statsforecast.arima import arima, arima_like, arima_transpar, make_arima, ndiffs, nsdiffs, predict_arima

HORIZON = 15
ORDERS = [
    ((1, 0, 0), (0, 0, 0)),
    ((2, 0, 1), (0, 0, 0)),
    ((0, 1, 1), (0, 0, 0)),
    ((1, 1, 2), (0, 0, 0)),
    ((0, 2, 2), (0, 0, 0)),
    ((1, 0, 1), (1, 0, 1)),
    ((0, 1, 1), (0, 1, 1)),
    ((2, 0, 0), (1, 1, 0)),
]


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
    }


def log_likelihood(values: np.ndarray, season: int, order: tuple, seasonal: tuple, coefficients: list[float]) -> float | None:
    """None where statsforecast leaves out the first values, which it takes to be unknown: near a unit root."""
    arma = np.array([order[0], order[2], seasonal[0], seasonal[2], season, order[1], seasonal[1]], dtype=np.int32)
    phi, theta = arima_transpar(np.array(coefficients), arma, False)
    delta = np.array([1.0])
    for lag in [1] * order[1] + [season] * seasonal[1]:
        delta = convolve(delta, np.array([1.0] + [0.0] * (lag - 1) + [-1.0]))
    model = make_arima(phi, theta, -delta[1:])
    squares, logs, used, *_ = arima_like(
        values, model["phi"], model["theta"], model["delta"], model["a"], model["P"], model["Pn"], 0, False
    )
    n = len(values) - len(delta) + 1
    if used != n or squares <= 0:
        return None
    return -0.5 * (n * math.log(squares / n) + logs + n + n * math.log(2 * math.pi))


def case(name: str, values: np.ndarray, season: int) -> dict[str, Any]:
    values = values.round(3)
    strong = nsdiffs(values.copy(), period=season) if season > 1 else 0
    rest = values[season:] - values[:-season] if strong else values
    models = []
    for order, seasonal in ORDERS:
        if season == 1 and any(seasonal):
            continue
        fitted = arima(values, order, {"order": seasonal, "period": season}, method="CSS-ML")
        coefficients = list(map(float, fitted["coef"].values()))
        mean = coefficients.pop() if "intercept" in fitted["coef"] else 0.0
        likelihood = log_likelihood(values - mean, season, order, seasonal, coefficients)
        if likelihood is None:
            continue
        forecasts, errors = predict_arima(fitted, HORIZON)
        models.append(
            {
                "order": order,
                "seasonal_order": seasonal,
                "coefficients": coefficients,
                "mean": mean,
                "log_likelihood": likelihood,
                "forecasts": forecasts.tolist(),
                "errors": (errors / math.sqrt(fitted["sigma2"])).tolist(),
            }
        )
    return {
        "name": name,
        "season": season,
        "values": values.tolist(),
        "differences": [int(ndiffs(rest)), int(strong)],
        "models": models,
    }


def main() -> None:
    cases = [case(name, values, season) for name, (values, season) in series().items()]
    Path(__file__).with_name("local_arima.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
