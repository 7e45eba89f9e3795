"""Writes prophet.json: what stock Prophet makes of real series, and the true optimum of its posterior.

Made with the versions in tests/interop/requirements.txt (prophet 1.5.0, numpy 2.4.6, pandas 3.1.1) on x86-64 Linux:

    tests/interop/run --python tests/golden/make_prophet.py

Each case takes the first `rows` rows, by date, of a CSV in tests/data and gives

- scales, seasonalities (name, order) and changepoints as stock Prophet chooses them;
- `stan_log_posterior`: the log posterior at the parameters stock Stan ends with;
- `optimum`: the maximum found by the slow exact optimiser, KKT conditions met to 1e-10, in Prophet's scaled units;
- `forecast`: stock's yhat at that optimum on a few dates of history and future;
- `future`: the dates of make_future_dataframe(freq=None), null where stock cannot infer a frequency.

Every log posterior is `posterior.log_posterior`.
"""

from __future__ import annotations

import json
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))

from exact import Optimum, optimum  # noqa: E402
from posterior import fit, parameters_of, preprocess, read_series  # noqa: E402
from prophet import Prophet  # noqa: E402

DATA = HERE.parent / "data"
PERIODS = 30

PEYTON = "prophet/example_wp_log_peyton_manning.csv"
R_LOGS = "prophet/example_wp_log_R.csv"
AIR = "prophet/example_air_passengers.csv"
RETAIL = "prophet/example_retail_sales.csv"
COVID = "prophet/example_pedestrians_covid.csv"
SALES = "azure_oj/store_1011_minute_maid.csv"

CASES: list[tuple[str, int | None, dict[str, Any]]] = [
    (PEYTON, None, {}),
    (PEYTON, 730, {}),
    (PEYTON, 365, {"changepoint_prior_scale": 0.5}),
    (PEYTON, 1000, {"changepoint_prior_scale": 0.001, "seasonality_prior_scale": 0.1}),
    (PEYTON, 800, {"n_changepoints": 60, "changepoint_range": 0.95}),
    (R_LOGS, None, {}),
    (R_LOGS, 1200, {"yearly_seasonality": 5, "weekly_seasonality": False}),
    (AIR, None, {}),
    (AIR, None, {"changepoint_prior_scale": 0.5}),
    (AIR, 40, {}),
    (RETAIL, None, {}),
    (RETAIL, 120, {"n_changepoints": 0}),
    (COVID, None, {}),
    (COVID, 500, {"growth": "flat"}),
    (SALES, None, {}),
    (SALES, 60, {}),
    (SALES, 121, {"scaling": "minmax"}),
    ("azure_oj/store_1000_dominicks.csv", None, {"changepoint_prior_scale": 0.5}),
    ("azure_oj/store_1030_tropicana.csv", 20, {}),
    ("prophet/tests_data.csv", None, {}),
    ("prophet/tests_data2.csv", None, {}),
    ("prophet/tests_data3.csv", None, {"scaling": "minmax"}),
    ("prophet/example_yosemite_temps_10_days.csv", 1500, {}),
    ("prophet/example_yosemite_temps_hourly.csv", None, {"changepoint_prior_scale": 0.005}),
    ("skforecast/bdg2_daily_building_1.csv", None, {"growth": "flat", "yearly_seasonality": True}),
    ("skforecast/bdg2_hourly_building_1.csv", None, {}),
    ("skforecast/demo_multi_series_1003.csv", None, {}),
]


def case(file: str, rows: int | None, settings: dict[str, Any]) -> dict[str, Any]:
    """Everything the header lists, for one series, length and group of settings."""
    frame = read_series(DATA / file).sort_values("ds").head(rows)
    model, problem = preprocess(frame.copy(), settings)
    stan = parameters_of(fit(frame.copy(), settings).params)
    best = optimum(problem)
    dates, future = _dates(model)
    return {
        "file": file,
        "rows": len(frame),
        "settings": settings,
        "y_scale": model.y_scale,
        "y_min": float(model.y_min),
        "start": model.start.isoformat(),
        "t_scale_seconds": model.t_scale.total_seconds(),
        "changepoints_t": problem.changepoints_t.tolist(),
        "seasonalities": [[name, one["fourier_order"]] for name, one in model.seasonalities.items()],
        "stan_log_posterior": problem.log_posterior(stan),
        "optimum": {
            "log_posterior": best.log_posterior,
            "k": best.parameters.k,
            "m": best.parameters.m,
            "sigma": best.parameters.sigma,
            "delta": best.parameters.delta.tolist(),
            "beta": best.parameters.beta.tolist(),
        },
        "forecast": _forecast(model, best, dates),
        "future": None if future is None else [date.isoformat() for date in future],
    }


def _dates(model: Prophet) -> tuple[pd.DatetimeIndex, pd.DatetimeIndex | None]:
    """The dates to forecast, and the future dates as stock infers them."""
    known = pd.DatetimeIndex(model.history_dates)
    try:
        future = pd.DatetimeIndex(model.make_future_dataframe(PERIODS, freq=None, include_history=False)["ds"])
    except Exception as error:  # stock raises a bare Exception
        if "Unable to infer" not in str(error):
            raise
        future = None
    ahead = known[-1] + pd.to_timedelta([1, 45], unit="D") if future is None else future[[0, 9, PERIODS - 1]]
    return known[[0, len(known) // 2, len(known) - 1]].append(ahead), future


def _forecast(model: Prophet, best: Optimum, dates: pd.DatetimeIndex) -> list[list[Any]]:
    """Pairs (date, yhat) from stock's own predict at the optimum."""
    found = best.parameters
    model.params = {
        "k": np.array([[found.k]]),
        "m": np.array([[found.m]]),
        "delta": found.delta.reshape(1, -1),
        "beta": found.beta.reshape(1, -1),
        "sigma_obs": np.array([[found.sigma]]),
    }
    model.uncertainty_samples = 0
    yhat = model.predict(pd.DataFrame({"ds": dates}))["yhat"]
    return [[date.isoformat(), value] for date, value in zip(dates, yhat.tolist(), strict=True)]


def main() -> None:
    document = {
        "made_by": "tests/golden/make_prophet.py",
        "versions": {name: version(name) for name in ("prophet", "cmdstanpy", "numpy", "pandas")},
        "periods": PERIODS,
        "cases": [case(*one) for one in CASES],
    }
    # One case a line keeps the differences readable.
    cases = ",\n".join(json.dumps(one) for one in document.pop("cases"))
    head = json.dumps(document)[:-1]
    (HERE / "prophet.json").write_text(f'{head}, "cases": [\n{cases}\n]}}\n')


if __name__ == "__main__":
    main()
