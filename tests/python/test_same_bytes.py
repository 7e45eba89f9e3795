"""A table in memory gives the artifacts and forecasts that the command gives for the same rows in files."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from conftest import artifacts_of

import manyfit

Command = Callable[..., subprocess.CompletedProcess[str]]


def archives(fleet: manyfit.Fleet) -> dict[str, bytes]:
    return {customer: fleet[customer].archive for customer in fleet}


def in_every_library(table: pl.DataFrame) -> dict[str, Any]:
    arrow = table.to_arrow()
    return {
        "polars": table,
        "pandas": pd.DataFrame({name: table[name].to_numpy() for name in table.columns}),
        "pyarrow": arrow,
        "duckdb": duckdb.from_arrow(arrow),
    }


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"model": "theta", "freq": "D"},
        {"model": "auto", "horizon": 7},
        {"X": ["price"], "seasonality_mode": "multiplicative", "interval_width": 0.9},
    ],
    ids=["prophet", "theta", "auto", "regressor"],
)
def test_artifacts_are_those_of_the_command(
    table: pl.DataFrame, tmp_path: Path, command: Command, settings: dict[str, Any]
) -> None:
    table.write_parquet(tmp_path / "rows.parquet")
    table.sample(fraction=1, shuffle=True, seed=1).write_csv(tmp_path / "rows.csv")
    named = {"frequency": settings.get("freq"), "regressors": ",".join(settings.get("X", []))}
    given = {name: value for name, value in {**settings, **named}.items() if name not in ("freq", "X") and value}
    words = [word for name, value in given.items() for word in ("--set", f"{name}={value}")]
    words += ["--set", "customer=unique_id", "--set", "timestamp=ds", "--set", "target=y"]
    for name in ("rows.parquet", "rows.csv"):
        command("train", "--input", tmp_path / name, "--output", tmp_path / "out", *words)
        expected = artifacts_of(tmp_path / "out")
        assert len(expected) == 30
        for library, rows in in_every_library(table).items():
            assert archives(manyfit.fit(rows, **settings)) == expected, (name, library)
    shuffled = table.sample(fraction=1, shuffle=True, seed=2)
    assert archives(manyfit.fit(shuffled, jobs=1, **settings)) == expected
    in_parts = pa.concat_tables([shuffled[at : at + 700].to_arrow() for at in range(0, len(shuffled), 700)])
    assert archives(manyfit.fit(in_parts, **settings)) == expected


def test_forecasts_are_those_of_the_command_and_of_the_kind_that_was_fitted(
    table: pl.DataFrame, tmp_path: Path, command: Command
) -> None:
    table.write_parquet(tmp_path / "rows.parquet")
    words = ["--set", "customer=unique_id", "--set", "target=y", "--horizon", "5"]
    command("train", "--input", tmp_path / "rows.parquet", "--output", tmp_path / "out", *words)
    expected = pl.read_parquet(tmp_path / "out" / "forecasts.parquet").rename({"customer": "unique_id"})
    for library, rows in in_every_library(table).items():
        fleet = manyfit.fit(rows, horizon=5)
        for forecasts in (fleet.forecast(5), fleet.tables["forecasts"]):
            assert type(forecasts) is type(rows), library
            same = pl.DataFrame(forecasts).select("unique_id", "ds", "yhat", "yhat_lower", "yhat_upper")
            wanted = expected.select(same.columns)
            assert same.cast(dict(wanted.schema)).equals(wanted), library


def test_regression_models_and_predictions_are_those_of_the_command(
    table: pl.DataFrame, tmp_path: Path, command: Command
) -> None:
    rows = table.select("unique_id", "y", "price", kind=pl.lit("a"), weekday=pl.col("ds").dt.weekday())
    rows.write_parquet(tmp_path / "rows.parquet")
    for model in ("gradient-boosting", "random-forest", "ridge"):
        out = tmp_path / model
        words = ["--model", model, "--target", "y", "--categorical", "kind", "--set", "customer=unique_id"]
        command("train", "--input", tmp_path / "rows.parquet", "--output", out, *words, "--set", "validation_fraction=0.2")
        fleet = manyfit.fit_rows(rows, target="y", model=model, categorical=["kind"], validation_fraction=0.2)
        assert archives(fleet) == artifacts_of(out), model
        words = ["--input", tmp_path / "rows.parquet", "--customer-column", "unique_id", "--output", out / "p.parquet"]
        command("predict", out / "models", *words)
        expected = pl.read_parquet(out / "p.parquet").rename({"customer": "unique_id"})
        assert fleet.predict(rows).equals(expected)
    judged = {"target": "y", "num_round": 20, "early_stopping_rounds": 3, "features": ["price", "weekday"]}
    assert "validation_rmse" in manyfit.fit_rows(rows, validation=rows, **judged).scores.columns
    with pytest.warns(manyfit.CustomerWarning, match="27 have none"):
        manyfit.fit_rows(rows, validation=rows.head(300), **judged)


def test_tables_of_settings_are_those_of_files(table: pl.DataFrame, tmp_path: Path, command: Command) -> None:
    holidays = pl.DataFrame({"holiday": ["fair", "fair"], "ds": ["2022-02-01", "2022-03-01"]})
    overrides = pl.DataFrame({"unique_id": ["c00003"], "seasonality_mode": ["multiplicative"]})
    table.write_parquet(tmp_path / "rows.parquet")
    holidays.write_csv(tmp_path / "holidays.csv")
    overrides.write_csv(tmp_path / "overrides.csv")
    words = ["--set", "customer=unique_id", "--set", "target=y"]
    words += ["--set", f"holidays={tmp_path}/holidays.csv", "--set", f"overrides={tmp_path}/overrides.csv"]
    command("train", "--input", tmp_path / "rows.parquet", "--output", tmp_path / "out", *words)
    fleet = manyfit.fit(table, holidays=holidays, overrides=overrides)
    assert archives(fleet) == artifacts_of(tmp_path / "out")
    assert archives(fleet) != archives(manyfit.fit(table))


def test_an_output_has_the_files_of_the_command_and_goes_on_where_it_was(
    table: pl.DataFrame, tmp_path: Path, command: Command
) -> None:
    first = manyfit.fit(table, output=tmp_path / "out", horizon=3)
    assert {path.name for path in (tmp_path / "out").iterdir()} >= {"models", "manifest.jsonl", "forecasts.csv", "summary.json"}
    again = manyfit.fit(table, output=tmp_path / "out", horizon=3)
    assert {row["status"] for row in first.manifest} == {"fitted"}
    assert {row["status"] for row in again.manifest} == {"unchanged"}
    assert archives(manyfit.Fleet.load(tmp_path / "out")) == archives(first)


def test_a_fleet_is_saved_for_the_command_and_loaded(table: pl.DataFrame, tmp_path: Path, command: Command) -> None:
    names = {"unique_id": "shop", "ds": "day", "y": "sales"}
    fleet = manyfit.fit(table.rename(names), id_col="shop", time_col="day", target_col="sales")
    fleet.save(tmp_path / "saved")
    loaded = manyfit.Fleet.load(tmp_path / "saved", library="polars")
    assert loaded.manifest == fleet.manifest
    assert archives(loaded) == archives(fleet)
    assert loaded.forecast(4, level=[50]).equals(fleet.forecast(4, level=[50]))
    assert loaded.forecast(4).columns == ["shop", "day", "yhat", "yhat_lower", "yhat_upper"]
    shown = command("predict", tmp_path / "saved" / "models", "--horizon", "4").stdout
    assert pl.read_csv(shown.encode())["yhat"].to_list() == fleet.forecast(4)["yhat"].to_list()
    with pytest.raises(manyfit.SettingsError, match="rows of a loaded fleet are not known"):
        loaded.cross_validation(3)


def test_cross_validation_is_the_backtest_of_the_command(table: pl.DataFrame, tmp_path: Path, command: Command) -> None:
    table.write_parquet(tmp_path / "rows.parquet")
    words = ["--set", "customer=unique_id", "--set", "target=y", "--horizon", "5", "--backtest", "2", "--set", "period=5"]
    command("train", "--input", tmp_path / "rows.parquet", "--output", tmp_path / "out", *words)
    expected = pl.read_parquet(tmp_path / "out" / "backtest.parquet").rename({"customer": "unique_id"})
    assert manyfit.fit(table).cross_validation(5, n_windows=2, step_size=5).equals(expected)


def test_other_programs_read_the_models(table: pl.DataFrame) -> None:
    fleet = manyfit.fit(table)
    prophet = fleet["c00001"].to_prophet()
    dates = prophet.make_future_dataframe(7, include_history=False)
    expected = fleet["c00001"].forecast(7)["yhat"].to_list()
    assert prophet.predict(dates)["yhat"].to_list() == pytest.approx(expected, rel=1e-9)
    trees = manyfit.fit_rows(table.drop("ds"), target="y", num_round=5)["c00001"].to_xgboost()
    assert trees.num_boosted_rounds() == 5
    with pytest.raises(TypeError, match="theta, not Prophet's"):
        manyfit.fit(table, model="theta")["c00001"].to_prophet()
