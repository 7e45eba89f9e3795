"""The holidays in the program are those that stock Prophet takes from Python's `holidays` package."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from prophet import Prophet
from prophet.serialize import model_from_json

from binary import train

MAKE = Path(__file__).parents[2] / "crates" / "models" / "src" / "holidays" / "make_countries.py"


def test_the_table_of_all_countries_and_years_is_what_the_pinned_package_gives() -> None:
    done = subprocess.run([sys.executable, str(MAKE), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


COUNTRIES = ["US", "DE", "GB", "IN", "BR", "JP", "SA", "ET", "CN", "TU", "NYSE"]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three years of days whose values follow the weekday and a price."""
    folder = tmp_path_factory.mktemp("history")
    random = np.random.default_rng(5)
    dates = pd.date_range("2019-03-01", periods=1100, freq="D")
    price = random.normal(10, 2, len(dates)).round(3)
    y = 100 + 0.02 * np.arange(len(dates)) + 4 * (dates.dayofweek == 5) - 3 * price + random.normal(0, 1, len(dates))
    frame = pd.DataFrame({"ds": dates, "y": y.round(3), "price": price, "open": dates.dayofweek < 5})
    frame.to_csv(folder / "a.csv", index=False)
    return folder


@pytest.mark.parametrize("country", COUNTRIES)
def test_a_countrys_holiday_columns_are_those_of_stock_in_the_history_and_for_ten_years_after(
    history: Path, tmp_path: Path, country: str
) -> None:
    ours = model_from_json(train(history, tmp_path, country_holidays=country).artifacts()["a"].model_json)
    frame = pd.read_csv(history / "a.csv", parse_dates=["ds"])
    stock = Prophet()
    stock.add_country_holidays("XNYS" if country == "NYSE" else country)
    stock.history = stock.setup_dataframe(frame[["ds", "y"]].copy(), initialize_scales=True)
    stock.set_auto_seasonalities()
    stock.make_all_seasonality_features(stock.history)
    assert ours.country_holidays is None, "the days are in the file, whatever the package says later"
    assert sorted(ours.train_holiday_names) == sorted(stock.train_holiday_names)
    dates = pd.DataFrame({"ds": pd.date_range("2019-03-01", "2032-12-31", freq="D")})
    columns = [model.make_all_seasonality_features(dates)[0] for model in (ours, stock)]
    pd.testing.assert_frame_equal(columns[0], columns[1], check_exact=True)


def test_stock_forecasts_the_same_with_holidays_regressors_and_overrides(history: Path, tmp_path: Path) -> None:
    for customer in "bc":
        (history / f"{customer}.csv").write_bytes((history / "a.csv").read_bytes())
    holidays = tmp_path / "holidays.csv"
    holidays.write_text(
        "holiday,ds,lower_window,upper_window,prior_scale,customer\n"
        "Sale,2020-05-05,-1,2,3,\nSale,2021-05-05,-1,2,3,\nSale,2022-05-05,-1,2,3,\nFair,2021-07-01,,,,b\n"
    )
    overrides = tmp_path / "overrides.csv"
    overrides.write_text("customer,seasonality_mode,growth,regressors\nb,multiplicative,,\nc,,flat,\n")
    run = train(
        history,
        tmp_path / "out",
        holidays=holidays,
        overrides=overrides,
        country_holidays="US",
        regressors="price:prior_scale=5",
        seasonalities="business:period=7:order=2:condition=open",
        weekly_seasonality=False,
    )
    dates = pd.date_range("2022-03-05", periods=120, freq="D")
    future = pd.DataFrame({"ds": dates, "price": np.linspace(8, 12, 120), "open": dates.dayofweek < 5})
    future.to_csv(tmp_path / "future.csv", index=False)
    table = tmp_path / "forecasts.csv"
    command = [os.environ["MANYFIT"], "predict", str(run.output / "models"), "--future", str(tmp_path / "future.csv")]
    subprocess.run([*command, "--components", "--output", str(table)], check=True, capture_output=True)
    ours = pd.read_csv(table, parse_dates=["ds"])
    for customer, artifact in run.artifacts().items():
        model = model_from_json(artifact.model_json)
        model.uncertainty_samples = 0
        stock = model.predict(future)
        rows = ours[ours["customer"] == customer].reset_index(drop=True)
        assert (rows["ds"] == stock["ds"]).all()
        assert model.growth == ("flat" if customer == "c" else "linear")
        compared = [column for column in rows.columns if column in stock and column not in ("customer", "ds")]
        for part in ("yhat", "trend", "additive_terms", "multiplicative_terms", "holidays", "price", "business", "Sale"):
            assert part in compared
        for column in compared:
            if not column.endswith(("_lower", "_upper")) and not rows[column].isna().all():
                np.testing.assert_allclose(rows[column], stock[column], rtol=1e-9, atol=1e-7, err_msg=f"{customer} {column}")
        assert rows["Fair"].isna().all() == (customer != "b")
