"""Every fit reaches at least the log posterior that stock Stan reaches, both judged by one function.

Series × lengths × settings: the settings of a group are one run of the program over one directory of CSVs. The judge
sees the problem as stock Prophet builds it from the same CSV, never the program's own design matrix.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from binary import Artifact, train
from exact import optimum
from posterior import fit, fit_harder, parameters_of, preprocess, read_series
from series import every_series, write

ALLOWANCE = 1e-6
ENOUGH = 200
# One case in so many is also given to Stan with tight tolerances and restarts, and to the slow exact optimiser.
HARDER_EVERY = 8
# Groups other than the first see one in so many of the 99 weekly sales, which are much alike.
SALES_EVERY = 9
HARDER_ROWS = 1_000

GROUPS: dict[str, dict[str, Any]] = {
    "default": {},
    "stiff": {"changepoint_prior_scale": 0.001},
    "loose": {"changepoint_prior_scale": 0.5},
    "weak_seasonality": {"seasonality_prior_scale": 0.1},
    "strong_seasonality": {"seasonality_prior_scale": 100.0},
    "no_changepoints": {"n_changepoints": 0},
    "many_changepoints": {"n_changepoints": 60, "changepoint_range": 0.95, "changepoint_prior_scale": 0.2},
    "few_changepoints": {"n_changepoints": 5, "changepoint_range": 0.5},
    "yearly": {"yearly_seasonality": True, "weekly_seasonality": False},
    "orders": {"yearly_seasonality": 4, "weekly_seasonality": 2, "daily_seasonality": False},
    "trend_only": {"yearly_seasonality": False, "weekly_seasonality": False, "daily_seasonality": False},
    "flat": {"growth": "flat"},
    "minmax": {"scaling": "minmax"},
}


@dataclass(frozen=True)
class Case:
    """One fit: the CSV, the settings, the artifact that the program made of it, and the log posterior it reported."""

    name: str
    csv: Path
    settings: dict[str, Any]
    artifact: Path
    reported: float
    harder: bool


@dataclass(frozen=True)
class Verdict:
    """Log posteriors of one case, None where that opponent was not asked or failed, and what differs from stock."""

    name: str
    reported: float
    ours: float
    stan: float | None
    harder: float | None
    exact: float | None
    differences: list[str]


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    """All cases, fitted by the program and then judged in parallel."""
    root = tmp_path_factory.mktemp("optimum")
    cases = [case for group in GROUPS for case in _run_group(root, group)]
    workers = len(os.sched_getaffinity(0))
    with multiprocessing.get_context("spawn").Pool(workers) as pool:
        return list(pool.imap_unordered(_judge, cases, chunksize=4))


def test_there_are_enough_fits(verdicts: list[Verdict]) -> None:
    assert sum(verdict.stan is not None for verdict in verdicts) >= ENOUGH


def test_no_log_posterior_is_below_stans(verdicts: list[Verdict], found: Callable[[str], None]) -> None:
    lost = _compare(verdicts, "stan", "Stan as stock users get it", found)
    assert not lost


def test_no_log_posterior_is_below_that_of_a_harder_stan(verdicts: list[Verdict], found: Callable[[str], None]) -> None:
    lost = _compare(verdicts, "harder", "Stan with tight tolerances and restarts", found)
    assert not lost


def test_no_log_posterior_is_below_the_slow_exact_optimum(
    verdicts: list[Verdict], found: Callable[[str], None]
) -> None:
    lost = _compare(verdicts, "exact", "the slow exact optimiser", found)
    assert not lost


def test_scales_seasonalities_and_changepoints_are_exactly_stocks(verdicts: list[Verdict]) -> None:
    different = {verdict.name: verdict.differences for verdict in verdicts if verdict.differences}
    assert not different


def test_the_log_posterior_in_the_manifest_is_the_judges(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        assert verdict.reported == pytest.approx(verdict.ours, rel=ALLOWANCE), verdict.name


def _run_group(root: Path, group: str) -> list[Case]:
    """Writes the CSVs of a group, fits them in one run, and lists the cases."""
    data = root / group
    data.mkdir()
    csvs = []
    for index, (name, frame) in enumerate(every_series().items()):
        if group != "default" and name[:4].isdecimal() and index % SALES_EVERY:
            continue
        for rows in _lengths(len(frame), group):
            cut = frame.head(rows)
            if cut["y"].nunique() > 1:  # a constant series is not optimised
                csvs.append(data / f"{name}-{rows}.csv")
                write(cut, csvs[-1])
    run = train(data, root / f"{group}_out", **GROUPS[group])
    manifest = run.manifest()
    return [
        Case(
            name=f"{group}/{csv.stem}",
            csv=csv,
            settings=GROUPS[group],
            artifact=run.output / "models" / f"{csv.stem}.tar.gz",
            reported=manifest[csv.stem]["log_posterior"],
            harder=index % HARDER_EVERY == 0,
        )
        for index, csv in enumerate(csvs)
    ]


def _lengths(rows: int, group: str) -> list[int]:
    """The first group sees whole series and several cuts, the others one of a length that keeps Stan affordable."""
    if group == "default":
        return sorted({rows, 2 * rows // 3, rows // 3, min(rows, 75), min(rows, 20)})
    return [min(rows, 900)]


def _judge(case: Case) -> Verdict:
    frame = read_series(case.csv)
    model, problem = preprocess(frame.copy(), case.settings)
    ours = Artifact.open(case.artifact).model
    differences = [
        f"{member}: {theirs} here, {stock} in stock"
        for member, theirs, stock in (
            ("y_scale", ours["y_scale"], model.y_scale),
            ("y_min", ours["y_min"], model.y_min),
            ("start", ours["start"], model.start.timestamp()),
            ("t_scale", ours["t_scale"], model.t_scale.total_seconds()),
            ("n_changepoints", ours["n_changepoints"], model.n_changepoints),
            ("changepoints_t", ours["changepoints_t"], problem.changepoints_t.tolist()),
            ("seasonalities", ours["seasonalities"], [list(model.seasonalities), dict(model.seasonalities)]),
        )
        if theirs != stock
    ]
    stan = harder = exact = None
    with contextlib.suppress(RuntimeError):  # stock gives up on some series
        stan = problem.log_posterior(parameters_of(fit(frame.copy(), case.settings).params))
    if case.harder and len(frame) <= HARDER_ROWS:
        with contextlib.suppress(RuntimeError, TimeoutError):
            harder = problem.log_posterior(fit_harder(frame, case.settings))
        with contextlib.suppress(ArithmeticError):  # a perfect fit has no optimum
            exact = optimum(problem).log_posterior
    return Verdict(
        name=case.name,
        reported=case.reported,
        ours=problem.log_posterior(parameters_of(ours["params"])),
        stan=stan,
        harder=harder,
        exact=exact,
        differences=differences,
    )


def _compare(verdicts: list[Verdict], opponent: str, title: str, found: Callable[[str], None]) -> list[str]:
    """The cases lost to an opponent; counts and margins go to the report."""
    table = pd.DataFrame(
        [(v.name, v.ours, getattr(v, opponent)) for v in verdicts if getattr(v, opponent) is not None],
        columns=["name", "ours", "theirs"],
    )
    margin = table["ours"] - table["theirs"]
    worst = table.loc[margin.idxmin()]
    found(
        f"against {title}: {len(table)} fits, higher on {(margin > 0).sum()}, by more than 1e-6·|log p| on "
        f"{(margin > ALLOWANCE * table['theirs'].abs()).sum()}; margin: worst {margin.min():.3g} "
        f"(of {worst['theirs']:.6g}, {worst['name']}), median {np.median(margin):.3g}"
    )
    return table["name"][margin < -ALLOWANCE * table["theirs"].abs()].tolist()
