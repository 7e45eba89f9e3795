"""Writes prophet_terms.json: what stock Prophet makes of every mode of the model at parameters that are given.

Made with the versions in tests/interop/requirements.txt (prophet 1.5.0, numpy 2.4.6, pandas 3.1.1) on x86-64 Linux:

    tests/interop/run --python tests/golden/make_prophet_terms.py

Each case is a mode of tests/interop/modes.py on the first rows of a CSV in tests/data and gives

- `spec` and `series`: the model and the data as the example `fit_prophet` reads them;
- `parameters`: made up, in Prophet's scaled units;
- `future`: dates of history and future, with the columns that the model needs there;
- `forecast`: stock's components, trend and yhat on these dates at these parameters;
- `bounds`: for each end of the intervals of yhat and trend on these dates, two quantiles of stock's draws between which a
  sampled one must be;
- `model`: the model as stock serialises it, its history cut to the last rows.
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

from modes import MODES, Mode  # noqa: E402
from posterior import problem_of, read_series  # noqa: E402
from prophet import Prophet  # noqa: E402
from prophet.make_holidays import make_holidays_df  # noqa: E402
from prophet.serialize import model_to_dict  # noqa: E402
from vocabulary import Setup, holiday_rows, table  # noqa: E402

DATA = HERE.parent / "data"
AIR = ("prophet/example_air_passengers.csv", 144)
PEYTON = ("prophet/example_wp_log_peyton_manning.csv", 130)
HOURLY = ("prophet/example_yosemite_temps_hourly.csv", 100)
DRAWS = 20_000
OUR_DRAWS = 4_000
# How far the share of draws below a bound of ours may be from its nominal one: so many have a standard error of 0.005.
ROOM = 0.02
COUNTRY = "country"

SERIES = {
    "logistic_multiplicative": [AIR, HOURLY],
    "holidays": [PEYTON, HOURLY],
    "conditional": [PEYTON, HOURLY],
    "mixed": [AIR, PEYTON],
    "logistic": [AIR, PEYTON],
    "regressors": [PEYTON],
}


def case(name: str, mode: Mode, file: str, rows: int) -> dict[str, Any]:
    """Everything the header lists."""
    frame = read_series(DATA / file).dropna().sort_values("ds").head(rows).reset_index(drop=True)
    frame["y"] = frame["y"].astype(float)  # stock cannot serialise the scales of integers
    # The columns of the future are made together with those of the history.
    spacing = frame["ds"].diff().iloc[-1]
    dates = [frame["ds"].iloc[-1] + step * spacing for step in range(1, 13)]
    values = np.resize(frame["y"].to_numpy()[::-1], len(dates))
    longer, _ = mode(pd.concat([frame, pd.DataFrame({"ds": dates, "y": values})], ignore_index=True))
    history = longer.head(len(frame)).copy()
    _, setup = mode(frame)
    future = pd.concat([longer.iloc[: len(frame) : 9], longer.tail(len(dates))], ignore_index=True).drop(columns="y")

    country = make_holidays_df(list(range(1949, 1965)), "US") if name == COUNTRY else None
    model = setup.stock(uncertainty_samples=0)
    if country is not None:
        model.add_country_holidays("US")
    problem = problem_of(model, history.copy())
    parameters = _parameters(model, problem.X.shape[1])
    model.params = {key: np.array(value, dtype=float).reshape(1, -1) for key, value in parameters.items()}
    predicted = model.predict(future.copy())
    names = [one for one in predicted if one not in ("ds", "cap", "floor") and not one.endswith(("_lower", "_upper"))]
    spec = setup.spec()
    if country is not None:
        spec["country_holidays"] = {"country": "US", "days": holiday_rows(country), "until": 1964}
    return {
        "name": f"{name} {file} {rows}",
        "spec": spec,
        "series": table(history, setup),
        "parameters": parameters,
        "future": table(future, setup),
        "forecast": {one: predicted[one].tolist() for one in names},
        "bounds": _bounds(model, future),
        "model": _short(model),
    }


def _parameters(model: Prophet, features: int) -> dict[str, Any]:
    random = np.random.default_rng(3)
    assert model.changepoints_t is not None
    k, m = (1.5, 0.4) if model.growth == "logistic" else (0.3, 0.5)
    delta = 0.05 * random.laplace(size=len(model.changepoints_t))
    return {
        "k": k,
        "m": m,
        "delta": delta.tolist(),
        "beta": (0.1 * random.normal(size=features)).tolist(),
        "sigma_obs": 0.03,
    }


def _bounds(model: Prophet, future: pd.DataFrame) -> dict[str, list[list[float]]]:
    model.uncertainty_samples = DRAWS
    np.random.seed(1)
    draws = model.predictive_samples(future.copy())
    model.uncertainty_samples = 0
    bounds = {}
    for quantity in ("yhat", "trend"):
        for end, share in (("lower", 0.1), ("upper", 0.9)):
            around = np.percentile(draws[quantity], [100 * (share - ROOM), 100 * (share + ROOM)], axis=1)
            # With logistic growth the draws' own mean is taken off, which is as uncertain as this.
            around += np.outer([-4, 4], draws[quantity].std(axis=1) / np.sqrt(OUR_DRAWS))
            bounds[f"{quantity}_{end}"] = around.T.tolist()
    return bounds


def _short(model: Prophet) -> str:
    """The model with the last rows of its history, as json.dumps would have it."""
    assert model.history is not None and model.history_dates is not None
    history, dates = model.history, model.history_dates
    # A limit that moves is known by a history that is long enough to see it move.
    model.history, model.history_dates = history.tail(30).reset_index(drop=True), dates.tail(30).reset_index(drop=True)
    document = json.dumps(model_to_dict(model))
    model.history, model.history_dates = history, dates
    return document


def _country(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
    return frame, Setup({"holidays_prior_scale": 3.0})


def main() -> None:
    """Writes the file beside this script."""
    cases = []
    for number, (name, mode) in enumerate({**MODES, COUNTRY: _country}.items()):
        for file, rows in SERIES.get(name, [PEYTON if number % 2 else AIR]):
            cases.append(case(name, mode, file, rows))
    document = {
        "made_by": "tests/golden/make_prophet_terms.py",
        "versions": {name: version(name) for name in ("prophet", "numpy", "pandas", "holidays")},
        "cases": cases,
    }
    lines = ",\n".join(json.dumps(one) for one in document.pop("cases"))
    head = json.dumps(document)[:-1]
    (HERE / "prophet_terms.json").write_text(f'{head}, "cases": [\n{lines}\n]}}\n')


if __name__ == "__main__":
    main()
