"""Stock Prophet opens every artifact and forecasts what manyfit forecast."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prophet import Prophet
from prophet.serialize import model_from_json, model_to_dict

from binary import Run, train
from posterior import fit, parameters_of, read_series
from series import BROKEN, DATA, SAMPLES, beside, files, values, write

HORIZON = 30
# Relative to the largest |yhat| of the customer: a component may pass through zero where yhat does not.
TOLERANCE = 1e-9
DRAWS = 20_000


@pytest.fixture(scope="module")
def every_series(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """One run on all files, byte for byte as they stand in tests/data."""
    data = tmp_path_factory.mktemp("every_series")
    for path in files():
        shutil.copy(path, data)
    return train(data, beside(data), horizon=HORIZON, include_history=True)


def test_every_series_has_an_artifact_of_two_members_with_the_facts_first(every_series: Run) -> None:
    artifacts = every_series.artifacts()
    assert sorted(artifacts) == sorted(path.stem for path in files())
    for customer, artifact in artifacts.items():
        assert artifact.members == [".manyfit.json", "model.json"], customer
        assert artifact.facts["customer"] == customer


def test_model_json_has_the_members_that_stock_prophet_writes(every_series: Run) -> None:
    name = "prophet/example_air_passengers"
    stock = model_to_dict(fit(read_series(DATA / f"{name}.csv"), {}))
    ours = every_series.artifacts()[Path(name).name].model
    assert sorted(ours) == sorted(stock)
    for member in ("component_modes", "seasonalities", "train_component_cols", "changepoints", "start", "t_scale"):
        assert _plain(ours[member]) == _plain(stock[member]), member


def test_stock_prophet_forecasts_the_same_from_every_artifact(every_series: Run, found: Callable[[str], None]) -> None:
    tables = every_series.forecasts()
    worst = 0.0
    for customer, artifact in every_series.artifacts().items():
        worst = max(worst, _disagreement(artifact.model_json, tables[customer], customer))
    found(f"{len(tables)} artifacts, history and future: stock's forecast differs by at most {worst:.1e} of max|yhat|")
    assert worst <= TOLERANCE


def test_the_table_has_every_date_of_the_file_and_then_the_horizon(every_series: Run) -> None:
    tables = every_series.forecasts()
    for path in files():
        dates = np.sort(read_series(path)["ds"].to_numpy())
        table = tables[path.stem]["ds"].to_numpy()
        assert (table[: len(dates)] == dates).all(), path.stem
        assert len(table) == len(dates) + HORIZON, path.stem


def test_the_table_in_parquet_holds_the_same_rows(every_series: Run) -> None:
    parquet = every_series.output / "forecasts.parquet"
    if not parquet.exists():
        pytest.skip("built without parquet")
    table = pd.read_parquet(parquet)
    table["ds"] = table["ds"].dt.tz_localize(None)
    for customer, expected in every_series.forecasts().items():
        rows = table[table["customer"] == customer].reset_index(drop=True)
        pd.testing.assert_frame_equal(rows, expected, check_dtype=False, check_exact=True, obj=customer)


def test_stock_prophet_forecasts_the_same_from_every_customer_of_the_samples(tmp_path: Path) -> None:
    run = train(SAMPLES / "sales", tmp_path, horizon=13, include_history=True)
    tables, artifacts = run.forecasts(), run.artifacts()
    assert len(artifacts) == 99
    assert BROKEN not in artifacts
    for customer, artifact in artifacts.items():
        assert _disagreement(artifact.model_json, tables[customer], customer) <= TOLERANCE, customer


@pytest.mark.parametrize(
    "settings",
    [
        {"growth": "flat"},
        {"n_changepoints": 0},
        {"scaling": "minmax"},
        {"yearly_seasonality": False, "weekly_seasonality": False},
        {"changepoint_prior_scale": 0.5, "changepoint_range": 0.95, "n_changepoints": 40},
    ],
    ids=str,
)
def test_stock_prophet_agrees_under_other_settings(tmp_path: Path, settings: dict[str, object]) -> None:
    for path in files():
        if path.stat().st_size < 30_000:
            shutil.copy(path, tmp_path)
    run = train(tmp_path, beside(tmp_path), horizon=HORIZON, include_history=True, **settings)
    tables = run.forecasts()
    for customer, artifact in run.artifacts().items():
        assert _disagreement(artifact.model_json, tables[customer], customer) <= TOLERANCE, customer


def test_with_full_history_the_model_holds_what_stock_would_hold(tmp_path: Path) -> None:
    names = ["prophet/example_air_passengers", "prophet/example_yosemite_temps_hourly", "azure_oj/store_1000_dominicks"]
    for name in names:
        shutil.copy(DATA / f"{name}.csv", tmp_path)
    artifacts = train(tmp_path, beside(tmp_path), history="full").artifacts()
    for name in names:
        ours = model_from_json(artifacts[Path(name).name].model_json)
        stock = Prophet()
        stock.preprocess(read_series(DATA / f"{name}.csv"))
        assert ours.history is not None and stock.history is not None
        assert list(ours.history["ds"]) == list(stock.history["ds"]), name
        for column in ("y", "floor", "t", "y_scaled"):
            np.testing.assert_allclose(ours.history[column], stock.history[column], rtol=1e-9, atol=1e-9, err_msg=name)
        assert list(ours.history_dates) == list(stock.history_dates), name
        ours.uncertainty_samples = 0
        assert len(ours.predict()) == len(stock.history), name


FREQUENCIES = ["D", "W-SUN", "W-WED", "MS", "ME", "QS", "QE", "YS", "YE", "B", "h", "5min", "2D", "3h", "2MS"]


@pytest.mark.parametrize("frequency", FREQUENCIES)
@pytest.mark.parametrize("start", ["2023-01-31", "2024-02-27 00:00"])
def test_future_dates_are_those_of_make_future_dataframe(tmp_path: Path, frequency: str, start: str) -> None:
    _assert_the_same_future(tmp_path, pd.date_range(start, periods=40, freq=frequency))


@pytest.mark.parametrize("last", range(1, 5))
def test_future_business_days_are_those_of_stock(tmp_path: Path, last: int) -> None:
    _assert_the_same_future(tmp_path, pd.date_range("2023-01-02", periods=40 + last, freq="B"))


def test_business_days_that_end_on_a_friday_go_on_with_a_monday(tmp_path: Path) -> None:
    """The one departure: stock sees five days in a row and goes on with a Saturday."""
    dates = pd.date_range("2023-01-02", periods=40, freq="B")
    write(pd.DataFrame({"ds": dates, "y": values("prophet/example_retail_sales", len(dates))}), tmp_path / "one.csv")
    run = train(tmp_path, beside(tmp_path), horizon=2)
    assert list(run.forecasts()["one"]["ds"]) == [pd.Timestamp("2023-02-27"), pd.Timestamp("2023-02-28")]


@pytest.mark.parametrize("path", files(), ids=lambda path: path.stem)
def test_future_dates_of_real_series_are_those_of_stock_where_it_has_any(every_series: Run, path: Path) -> None:
    model = model_from_json(every_series.artifacts()[path.stem].model_json)
    expected = _stock_future(model)
    if expected is None:
        pytest.skip("stock cannot infer a frequency")
    assert list(every_series.forecasts()[path.stem]["ds"].tail(HORIZON)) == expected


@pytest.mark.parametrize("settings", [{}, {"growth": "flat"}, {"interval_width": 0.95}], ids=str)
def test_intervals_are_stocks_within_the_error_of_sampling(
    tmp_path: Path, settings: dict[str, object], found: Callable[[str], None]
) -> None:
    names = ["prophet/example_air_passengers", "prophet/example_pedestrians_covid", "azure_oj/store_1000_dominicks"]
    for name in names:
        shutil.copy(DATA / f"{name}.csv", tmp_path)
    run = train(tmp_path, beside(tmp_path), horizon=60, uncertainty_samples=DRAWS, **settings)
    tables = run.forecasts()
    width = float(settings.get("interval_width", 0.8))  # type: ignore[arg-type]
    worst = 0.0
    for customer, artifact in run.artifacts().items():
        model = model_from_json(artifact.model_json)
        table = tables[customer]
        np.random.seed(1)
        draws = model.predictive_samples(table[["ds"]])
        for quantity in ("yhat", "trend"):
            for side, share in (("lower", (1 - width) / 2), ("upper", (1 + width) / 2)):
                column = f"{quantity}_{side}"
                if column in table:
                    ours = table[column].to_numpy()
                    worst = max(worst, _standard_errors(draws[quantity], ours, share))
    found(f"intervals, {settings or 'default'}: at most {worst:.1f} standard errors from stock's quantiles")
    assert worst < 5


def test_a_constant_series_keeps_the_initial_parameters_as_in_stock(tmp_path: Path) -> None:
    frame = pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=50), "y": 7.5})
    write(frame, tmp_path / "constant.csv")
    run = train(tmp_path, beside(tmp_path), horizon=5)
    ours = parameters_of(run.artifacts()["constant"].model["params"])
    stock = parameters_of(fit(frame, {}).params)
    assert (ours.k, ours.m, ours.sigma) == (stock.k, stock.m, stock.sigma)
    assert not ours.delta.any() and not ours.beta.any()
    np.testing.assert_allclose(run.forecasts()["constant"]["yhat"], 7.5, rtol=TOLERANCE)


def test_two_rows_are_enough(tmp_path: Path) -> None:
    write(pd.DataFrame({"ds": pd.to_datetime(["2024-01-01", "2024-01-02"]), "y": [1.0, 2.0]}), tmp_path / "two.csv")
    run = train(tmp_path, beside(tmp_path))
    model = model_from_json(run.artifacts()["two"].model_json)
    model.uncertainty_samples = 0
    assert np.isfinite(model.predict(pd.DataFrame({"ds": pd.date_range("2024-01-01", periods=4)}))["yhat"]).all()


def _disagreement(model_json: str, table: pd.DataFrame, customer: str) -> float:
    """The largest difference in any column both have, relative to the largest |yhat|; bounds are random, left out."""
    model = model_from_json(model_json)
    model.uncertainty_samples = 0
    stock = model.predict(table[["ds"]])
    assert list(stock["ds"]) == list(table["ds"]), customer
    shared = [name for name in stock.columns if name in table.columns and name != "ds"]
    assert {"yhat", "trend"} <= set(shared), customer
    assert table[shared].notna().all(axis=None), customer
    scale = float(stock["yhat"].abs().max())
    return max(float((stock[name] - table[name]).abs().max()) / scale for name in shared)


def _assert_the_same_future(directory: Path, dates: pd.DatetimeIndex) -> None:
    frame = pd.DataFrame({"ds": dates, "y": values("prophet/example_retail_sales", len(dates))})
    write(frame, directory / "one.csv")
    run = train(directory, beside(directory), horizon=HORIZON)
    model = model_from_json(run.artifacts()["one"].model_json)
    expected = _stock_future(model)
    assert expected is not None
    assert list(run.forecasts()["one"]["ds"]) == expected


def _stock_future(model: Prophet) -> list[pd.Timestamp] | None:
    """What a user of the loaded model gets, or None where stock cannot infer the frequency."""
    try:
        return list(model.make_future_dataframe(HORIZON, freq=None, include_history=False)["ds"])
    except Exception as error:  # stock raises a bare Exception
        if "Unable to infer" in str(error):
            return None
        raise


def _standard_errors(draws: np.ndarray, ours: np.ndarray, share: float) -> float:
    """How far our quantile is from stock's, in standard errors of the difference of two sampled shares.

    Rows where many draws coincide (no change of trend yet) are judged by both sides of the step.
    """
    error = np.sqrt(2 * share * (1 - share) / DRAWS)
    slack = 1e-9 * np.abs(draws).max()
    counts = draws.shape[1]
    below = (draws < ours[:, None] - slack).sum(axis=1) / counts
    up_to = (draws <= ours[:, None] + slack).sum(axis=1) / counts
    return float(np.maximum(np.maximum(below - share, share - up_to), 0).max() / error)


def _plain(value: object) -> object:
    """Documents inside the document are compared as documents, not as texts."""
    if isinstance(value, str) and value.startswith("{"):
        return json.loads(value)
    return json.loads(json.dumps(value))
