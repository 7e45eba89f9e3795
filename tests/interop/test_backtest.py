"""Backtests against other programs: the errors, the cutoffs of statsforecast and of Prophet, and what stock Prophet reads of a combination."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prophet import Prophet
from prophet.diagnostics import cross_validation
from prophet.serialize import model_from_json
from statsforecast import StatsForecast
from statsforecast.models import RandomWalkWithDrift, SeasonalNaive

from binary import REPOSITORY, Run, train
from local import competition

HORIZON, CUTOFFS, PERIOD = 6, 4, 3


def monthly(folder: Path, every: int) -> dict[str, pd.DataFrame]:
    """Series of M3 as files of customers."""
    folder.mkdir(exist_ok=True)
    frames = {}
    for case in competition("M3", "monthly", every):
        dates = pd.date_range("1990-01-01", periods=len(case.values), freq="MS")
        customer = case.id.replace(" ", "-")
        frames[customer] = pd.DataFrame({"ds": dates, "y": case.values})
        frames[customer].to_csv(folder / f"{customer}.csv", index=False)
    return frames


def table(run: Run) -> pd.DataFrame:
    return pd.read_parquet(run.output / "backtest.parquet")


@pytest.fixture(scope="module")
def scored(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, pd.DataFrame], Run]:
    folder = tmp_path_factory.mktemp("monthly")
    frames = monthly(folder, 40)
    settings = {"model": "theta", "candidates": "drift,ets", "backtest": CUTOFFS, "period": PERIOD, "horizon": HORIZON}
    return frames, train(folder, tmp_path_factory.mktemp("scored"), **settings)


def errors(rows: pd.DataFrame, history: np.ndarray, dates: np.ndarray, model: str, width: float) -> dict[str, float]:
    """The metrics of a model by their definitions."""
    y, yhat = rows["y"].to_numpy(), rows[model].to_numpy()
    lower, upper = rows[f"{model}_lower"].to_numpy(), rows[f"{model}_upper"].to_numpy()
    e, level = yhat - y, (1 + width) / 2
    scaled, squared = [], []
    for cutoff, window in rows.groupby("cutoff"):
        past = history[dates <= cutoff]
        change, error = past[12:] - past[:-12], (window[model] - window["y"]).to_numpy()
        scaled.append(np.abs(error).mean() / np.abs(change).mean())
        squared.append(np.sqrt((error**2).mean() / (change**2).mean()))

    def quantile_loss(quantile: np.ndarray, level: float) -> np.ndarray:
        return np.maximum(level * (y - quantile), (level - 1) * (y - quantile))

    outside = np.maximum(lower - y, 0) + np.maximum(y - upper, 0)
    return {
        "mae": np.abs(e).mean(),
        "rmse": np.sqrt((e**2).mean()),
        "bias": e.mean(),
        "wape": np.abs(e).sum() / np.abs(y).sum(),
        "smape": (2 * np.abs(e) / (np.abs(y) + np.abs(yhat))).mean(),
        "mase": np.mean(scaled),
        "rmsse": np.mean(squared),
        "coverage": ((lower <= y) & (y <= upper)).mean(),
        "pinball": (quantile_loss(lower, 1 - level) + quantile_loss(upper, level)).mean() / 2,
        "interval_score": (upper - lower + 2 / (1 - width) * outside).mean(),
    }


def test_errors_are_those_of_their_definitions(scored: tuple[dict[str, pd.DataFrame], Run]) -> None:
    frames, run = scored
    rows, manifest, compared = table(run), run.manifest(), 0
    for customer, frame in frames.items():
        record, own = manifest[customer]["backtest"], rows[rows["customer"] == customer]
        found = {"yhat": record["metrics"], "seasonal-naive": record["seasonal_naive"]}
        found |= {candidate["model"]: candidate["metrics"] for candidate in record["candidates"]}
        for model, metrics in found.items():
            expected = errors(own, frame["y"].to_numpy(), frame["ds"].to_numpy(), model, 0.8)
            assert metrics == pytest.approx(expected, rel=1e-9, abs=1e-12), (customer, model)
            compared += 1
    assert compared == 4 * len(frames) > 100


def test_cutoffs_and_forecasts_are_those_of_statsforecast(scored: tuple[dict[str, pd.DataFrame], Run]) -> None:
    frames, run = scored
    all_rows = pd.concat(frame.assign(unique_id=customer) for customer, frame in frames.items())
    models = [SeasonalNaive(12, alias="seasonal-naive"), RandomWalkWithDrift(alias="drift")]
    expected = StatsForecast(models, freq="MS").cross_validation(
        h=HORIZON, df=all_rows, step_size=PERIOD, n_windows=CUTOFFS
    )
    found = table(run).rename(columns={"customer": "unique_id"})
    joined = found.merge(expected, on=["unique_id", "ds", "cutoff"], suffixes=("", " of statsforecast"))
    assert len(joined) == len(found) == len(expected)
    for model in ("seasonal-naive", "drift", "y"):
        np.testing.assert_allclose(joined[model], joined[f"{model} of statsforecast"], rtol=1e-9, err_msg=model)


def test_prophets_forecasts_are_those_of_its_cross_validation(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    frames = {}
    for path in sorted((REPOSITORY / "sample_data" / "energy").glob("*_daily.csv")):
        frame = pd.read_csv(path)
        frame = pd.DataFrame({"ds": pd.to_datetime(frame.iloc[:, 0]), "y": frame.iloc[:, 1]})
        frames[path.stem] = frame
        frame.to_csv(tmp_path / "in" / path.name, index=False)
    run = train(tmp_path / "in", tmp_path / "out", backtest=5, horizon=HORIZON)
    found, compared = table(run), 0
    for customer, frame in frames.items():
        own = found[found["customer"] == customer]
        cutoffs = [pd.Timestamp(cutoff) for cutoff in sorted(own["cutoff"].unique())]
        stock = Prophet(uncertainty_samples=0).fit(frame)
        expected = cross_validation(stock, horizon=f"{HORIZON} days", cutoffs=cutoffs, disable_tqdm=True)
        joined = own.merge(expected, on=["ds", "cutoff"], suffixes=("", " of Prophet"))
        # Stan ends its search a little before the optimum.
        difference = (joined["yhat"] - joined["yhat of Prophet"]).abs().max()
        assert difference < 0.05 * frame["y"].std(), customer
        compared += len(joined)
    assert compared == 5 * HORIZON * len(frames) > 0


def test_stock_prophet_reads_its_part_of_a_combination(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    days = pd.date_range("2024-01-01", periods=400)
    wave = np.sin(np.arange(400) * 2 * np.pi / 7)
    frame = pd.DataFrame({"ds": days, "y": 100 + 0.1 * np.arange(400) + 10 * wave})
    frame.to_csv(tmp_path / "in" / "a.csv", index=False)
    run = train(tmp_path / "in", tmp_path / "out", model="auto", candidates="prophet,theta", combine="mean", horizon=14)
    artifact = run.artifacts()["a"]
    assert artifact.members == [".manyfit.json", "combination.json", "model.json"]
    stock = model_from_json(artifact.model_json)
    future = pd.DataFrame({"ds": pd.date_range(days[-1], periods=15)[1:]})
    candidates = run.manifest()["a"]["backtest"]["candidates"]
    assert [candidate["weight"] for candidate in candidates] == [0.5, 0.5]
    forecasts = run.forecasts()["a"]
    theta = 2 * forecasts["yhat"] - stock.predict(future)["yhat"]
    # The other half is a forecast of the same series.
    assert np.abs(theta - forecasts["yhat"]).max() < 5
