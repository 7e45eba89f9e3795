"""Every mode of the model, on any series: what is added to a frame, and how the model is set up."""

from __future__ import annotations

import zlib
from collections.abc import Callable

import numpy as np
import pandas as pd

from vocabulary import Setup

# A mode makes of a series with the columns ds and y one with the columns that the model needs, and the model.
Mode = Callable[[pd.DataFrame], tuple[pd.DataFrame, Setup]]


def _random(frame: pd.DataFrame) -> np.random.Generator:
    return np.random.default_rng(zlib.crc32(frame["y"].to_numpy(dtype=float).tobytes()))


def _holidays(frame: pd.DataFrame) -> pd.DataFrame:
    """Two holidays on dates of the series, one with a window and a prior of its own, and one outside of it."""
    dates = pd.DatetimeIndex(frame["ds"]).normalize().unique()
    feast = pd.DataFrame({"holiday": "feast", "ds": dates[3::11], "lower_window": -1, "upper_window": 1})
    fair = pd.DataFrame({"holiday": "fair", "ds": dates[5::13], "lower_window": 0, "upper_window": 0})
    never = pd.DataFrame({"holiday": "never", "ds": [dates[-1] + pd.Timedelta(days=4000)]})
    holidays = pd.concat([feast.assign(prior_scale=0.5), fair, never.assign(lower_window=0, upper_window=0)])
    return holidays.reset_index(drop=True)


def _with_regressors(frame: pd.DataFrame) -> pd.DataFrame:
    random, rows = _random(frame), len(frame)
    price = 10 + np.cumsum(random.normal(size=rows)) + 0.02 * frame["y"].abs().to_numpy()
    promotion = random.random(rows) < 0.3
    promotion[:2] = [True, False]
    return frame.assign(price=price, promotion=promotion.astype(float), open=random.random(rows) < 0.6)


def _arguments(**arguments: object) -> Mode:
    return lambda frame: (frame, Setup(arguments))


def _mixed(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
    return _with_regressors(frame), Setup(
        {"seasonality_mode": "multiplicative", "holidays_mode": "additive"},
        ({"name": "quarterly", "period": 91.3125, "fourier_order": 2, "mode": "additive", "prior_scale": 1.0},),
        ({"name": "price", "mode": "additive"}, {"name": "promotion", "prior_scale": 0.5}),
        _holidays(frame),
    )


def _regressors(mode: str, **arguments: object) -> Mode:
    def of(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
        price = {"name": "price", "mode": mode, "standardize": True}
        return _with_regressors(frame), Setup(arguments, (), (price, {"name": "promotion", "mode": mode}))

    return of


def _with_holidays(**arguments: object) -> Mode:
    return lambda frame: (frame, Setup({"holidays_prior_scale": 5.0, **arguments}, holidays=_holidays(frame)))


def _conditional(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
    weekly = {"name": "open_week", "period": 7, "fourier_order": 2, "condition_name": "open"}
    half = {"name": "half_year", "period": 182.6, "fourier_order": 3, "mode": "multiplicative"}
    return _with_regressors(frame), Setup({"weekly_seasonality": False}, (weekly, half))


def _flat(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
    with_columns, setup = _mixed(frame)
    return with_columns, Setup({"growth": "flat"}, setup.seasonalities, setup.regressors, setup.holidays)


def _logistic(room: float, floor: float | None = None, moving: bool = False, **arguments: object) -> Mode:
    def of(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
        least, most = frame["y"].min(), frame["y"].max()
        size = max(most - least, abs(most))
        frame = frame.assign(cap=max(most, 0) + room * size)
        if moving:
            frame["cap"] += 0.2 * size * np.linspace(0, 1, len(frame))
        if floor is not None or least < 0:
            frame["floor"] = least - (floor or 0.1) * size
        return frame, Setup({"growth": "logistic", **arguments})

    return of


def _changepoints(frame: pd.DataFrame) -> tuple[pd.DataFrame, Setup]:
    dates = pd.DatetimeIndex(frame["ds"])
    chosen = [str(dates[len(dates) * part // 7]) for part in (5, 1, 2, 3)]
    return frame, Setup({"changepoints": chosen, "seasonality_mode": "multiplicative", "changepoint_prior_scale": 0.3})


MODES: dict[str, Mode] = {
    "multiplicative": _arguments(seasonality_mode="multiplicative"),
    "multiplicative_loose": _arguments(seasonality_mode="multiplicative", changepoint_prior_scale=0.5),
    "multiplicative_minmax": _arguments(seasonality_mode="multiplicative", scaling="minmax"),
    "multiplicative_flat": _arguments(seasonality_mode="multiplicative", growth="flat"),
    "mixed": _mixed,
    "flat": _flat,
    "logistic": _logistic(0.2),
    "logistic_loose": _logistic(0.05, changepoint_prior_scale=0.5),
    "logistic_multiplicative": _logistic(0.3, moving=True, seasonality_mode="multiplicative"),
    "logistic_floor": _logistic(0.1, floor=0.1),
    "holidays": _with_holidays(),
    "holidays_multiplicative": _with_holidays(holidays_mode="multiplicative"),
    "regressors": _regressors("additive"),
    "regressors_multiplicative": _regressors("multiplicative", scaling="minmax"),
    "conditional": _conditional,
    "changepoints": _changepoints,
}
