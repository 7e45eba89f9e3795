"""One model in two languages: stock Prophet's calls, and the specification that the example `fit_prophet` reads."""

from __future__ import annotations

import json
import os
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from prophet import Prophet

from binary import REPOSITORY

_EXAMPLE = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"), "release", "examples", "fit_prophet")
FIT_PROPHET = os.environ.get("FIT_PROPHET", str(_EXAMPLE))

STANDARDIZE = {"auto": "auto", True: "always", False: "never"}


@dataclass(frozen=True)
class Setup:
    """Arguments of `Prophet`, of `add_seasonality` and of `add_regressor`, and the table of holidays."""

    arguments: dict[str, Any] = field(default_factory=dict)
    seasonalities: tuple[dict[str, Any], ...] = ()
    regressors: tuple[dict[str, Any], ...] = ()
    holidays: pd.DataFrame | None = None

    def stock(self, **more: Any) -> Prophet:
        """The unfitted stock model."""
        holidays = None if self.holidays is None else self.holidays.copy()
        model = Prophet(**self.arguments, holidays=holidays, **more)
        for seasonality in self.seasonalities:
            model.add_seasonality(**seasonality)
        for regressor in self.regressors:
            model.add_regressor(**regressor)
        return model

    def spec(self) -> dict[str, Any]:
        """The specification; what is left out has the same default."""
        spec = dict(self.arguments)
        for name in ("yearly_seasonality", "weekly_seasonality", "daily_seasonality"):
            if name in spec:
                value = spec[name]
                spec[name] = {True: "on", False: "off"}[value] if isinstance(value, bool) else {"order": value}
        if "changepoints" in spec:
            spec["changepoints"] = milliseconds(pd.to_datetime(spec["changepoints"]))
        spec["seasonalities"] = list(self.seasonalities)
        spec["regressors"] = [
            {**regressor, "standardize": STANDARDIZE[regressor.get("standardize", "auto")]}
            for regressor in self.regressors
        ]
        if self.holidays is not None:
            spec["holidays"] = holiday_rows(self.holidays)
        return spec

    def columns(self) -> list[str]:
        """Columns of a frame that the model uses, apart from ds and y."""
        names = [str(regressor["name"]) for regressor in self.regressors]
        names += [str(one["condition_name"]) for one in self.seasonalities if one.get("condition_name")]
        return names + (["cap", "floor"] if self.arguments.get("growth") == "logistic" else [])


def milliseconds(dates: Any) -> list[int]:
    """Milliseconds since the epoch."""
    return pd.DatetimeIndex(dates).as_unit("ms").astype("int64").tolist()


def holiday_rows(holidays: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows of a holidays table as the specification has them."""
    rows = []
    for ds, (_, row) in zip(milliseconds(holidays["ds"]), holidays.iterrows(), strict=True):
        one: dict[str, Any] = {"name": row["holiday"], "date": ds}
        for name in ("lower_window", "upper_window", "prior_scale"):
            if name in holidays and not pd.isna(row[name]):
                one[name] = float(row[name]) if name == "prior_scale" else int(row[name])
        rows.append(one)
    return rows


def table(frame: pd.DataFrame, setup: Setup) -> dict[str, Any]:
    """A series or a future for the example."""
    plain = frame.astype({name: float for name in frame if name != "ds"})
    numbers = {name: [None if np.isnan(x) else x for x in plain[name].tolist()] for name in plain if name != "ds"}
    columns = {name: numbers[name] for name in setup.columns() if name in numbers}
    return {"ds": milliseconds(frame["ds"]), "y": numbers.get("y", []), "columns": columns}


def run(lines: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The example's answers by name.

    Raises:
        AssertionError: the program ended with an error.
    """
    text = "".join(json.dumps(line) + "\n" for line in lines)
    done = subprocess.run([FIT_PROPHET], input=text, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return {answer["name"]: answer for answer in map(json.loads, done.stdout.splitlines())}
