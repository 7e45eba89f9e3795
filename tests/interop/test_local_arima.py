"""ARIMA against statsforecast: the likelihood of given orders, the orders chosen, accuracy, intervals and speed.

What statsforecast reports as a likelihood may be the criterion of another search, so its own function is evaluated at its coefficients.
Near a unit root that function leaves out the first values; those models are not compared.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.signal import convolve
from statsforecast.arima import arima, arima_like, arima_transpar, auto_arima_f, forecast_arima, make_arima

from local import Case, awkward, competition, fit

# The diffuse start of statsforecast's filter is not exact.
ALLOWANCE = 5e-6
# Maxima that no start leads to: up to this share of the fits.
MISSED = 0.03

ORDERS = [
    ((1, 0, 1), (0, 0, 0)),
    ((2, 0, 1), (0, 0, 0)),
    ((0, 1, 2), (0, 0, 0)),
    ((2, 1, 2), (0, 0, 0)),
    ((0, 2, 1), (0, 0, 0)),
    ((1, 0, 1), (1, 0, 1)),
    ((0, 1, 1), (0, 1, 1)),
    ((2, 0, 0), (1, 1, 0)),
    ((1, 1, 2), (0, 1, 1)),
]

COMPETITIONS = {
    "M3 yearly": lambda: competition("M3", "yearly", 20),
    "M3 quarterly": lambda: competition("M3", "quarterly", 30),
    "M3 monthly": lambda: competition("M3", "monthly", 90),
    "Tourism yearly": lambda: competition("Tourism", "yearly", 25),
    "Tourism quarterly": lambda: competition("Tourism", "quarterly", 30),
    "Tourism monthly": lambda: competition("Tourism", "monthly", 40),
}

Order = tuple[int, int, int]


def log_likelihood(case: Case, order: Order, seasonal: Order, coefficients: dict[str, float]) -> float | None:
    """statsforecast's likelihood at coefficients; none where it leaves out values."""
    weights = list(coefficients.values())
    mean = weights.pop() if "intercept" in coefficients else 0.0
    arma = np.array([order[0], order[2], seasonal[0], seasonal[2], case.season, order[1], seasonal[1]], dtype=np.int32)
    phi, theta = arima_transpar(np.array(weights), arma, False)
    delta = np.array([1.0])
    for lag in [1] * order[1] + [case.season] * seasonal[1]:
        delta = convolve(delta, np.array([1.0] + [0.0] * (lag - 1) + [-1.0]))
    model = make_arima(phi, theta, -delta[1:])
    squares, logs, used, *_ = arima_like(
        case.values - mean, model["phi"], model["theta"], model["delta"], model["a"], model["P"], model["Pn"], 0, False
    )
    n = len(case.values) - len(delta) + 1
    if used != n or not squares > 0:
        return None
    return -0.5 * (n * math.log(squares / n) + logs + n + n * math.log(2 * math.pi))


def test_likelihoods_are_hardly_ever_below_statsforecasts(found: Callable[[str], None]) -> None:
    warnings.simplefilter("ignore")
    cases = competition("M3", "monthly", 100) + competition("M3", "quarterly", 50) + awkward(range(30))
    compared, below, times = 0, [], []
    for order, seasonal in ORDERS:
        fitting = [case for case in cases if len(case.values) > 3 * case.season + 12 and (case.season > 1 or not any(seasonal))]
        answers = fit(fitting, {"arima": {"order": order, "seasonal_order": seasonal}})
        for case in fitting:
            begin = time.perf_counter()
            try:
                theirs = arima(case.values, order, {"order": seasonal, "period": case.season}, method="CSS-ML")
                reached = log_likelihood(case, order, seasonal, theirs["coef"])
            except ValueError:
                continue
            times.append((time.perf_counter() - begin) * 1e3 / answers[case.id]["milliseconds"])
            if reached is None or not math.isfinite(reached):
                continue
            compared += 1
            ours = answers[case.id]["log_likelihood"]
            if ours < reached - ALLOWANCE * abs(reached):
                below.append((reached - ours, case.id, order, seasonal))
    found(
        f"arima, given orders: a likelihood below statsforecast's in {len(below)} of {compared} fits"
        + (f", at most {max(below)[0]:.2f} in its logarithm" if below else "")
        + f"; {np.median(times):.0f} times as fast"
    )
    assert compared > 100
    assert len(below) <= MISSED * compared, below


def parts(model: dict[str, Any]) -> tuple[int, ...]:
    order = model["order"]
    names = ["p", "q", "seasonal_p", "seasonal_q", "period", "d", "seasonal_d"]
    return tuple(order.get(name, 0) for name in names)


@pytest.mark.parametrize("name", COMPETITIONS)
def test_the_order_of_least_aicc_is_as_accurate_as_statsforecasts(name: str, found: Callable[[str], None]) -> None:
    warnings.simplefilter("ignore")
    cases = COMPETITIONS[name]()
    answers, rows = fit(cases, {"arima": {}}, repeat=3), []
    for case in cases:
        begin = time.perf_counter()
        theirs = auto_arima_f(case.values.copy(), period=case.season)
        milliseconds = (time.perf_counter() - begin) * 1e3
        rows.append((case, answers[case.id], theirs, forecast_arima(theirs, len(case.future), level=[80]), milliseconds))
    ours = np.nanmean([case.mase(np.array(answer["mean"])) for case, answer, _, _, _ in rows])
    theirs = np.nanmean([case.mase(forecast["mean"]) for case, _, _, forecast, _ in rows])
    inside = [np.abs(case.future - answer["mean"]) <= 1.2816 * np.array(answer["deviation"]) for case, answer, _, _, _ in rows]
    inside_theirs = [
        (case.future >= forecast["lower"].to_numpy()[:, 0]) & (case.future <= forecast["upper"].to_numpy()[:, 0])
        for case, _, _, forecast, _ in rows
    ]
    covered, covered_theirs = (np.mean([each.mean() for each in every]) for every in (inside, inside_theirs))
    orders = [(parts(answer["model"]["arima"]), tuple(fitted["arma"])) for _, answer, fitted, _, _ in rows]
    same = np.mean([one == other for one, other in orders])
    differenced = np.mean([one[5:] == other[5:] for one, other in orders])
    faster = np.median([milliseconds / answer["milliseconds"] for _, answer, _, _, milliseconds in rows])
    found(
        f"arima, {name}: MASE {ours:.4f} and statsforecast's {theirs:.4f}, coverage of 80 % {covered:.3f} and "
        f"{covered_theirs:.3f}, the same differences on {differenced:.0%} and order on {same:.0%}, {faster:.0f} times as fast"
    )
    assert differenced >= 0.9
    assert ours <= theirs * 1.08
    assert covered >= covered_theirs - 0.08
    assert faster >= 5
