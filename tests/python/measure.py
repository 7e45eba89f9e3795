"""How long fits and forecasts take beside two other libraries: tests/python/run --python tests/python/measure.py.

From a table in memory to a table of forecasts, each library as its own documentation says, in turn; medians of three.
"""

from __future__ import annotations

import logging
import os
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import polars as pl
from conftest import long_table

import manyfit

DAYS, HORIZON = 730, 28


def ours(table: pl.DataFrame) -> int:
    """Prophet's models by manyfit."""
    return len(manyfit.fit(table).forecast(HORIZON))


def theta(table: pl.DataFrame) -> int:
    """Theta models by manyfit."""
    return len(manyfit.fit(table, model="theta").forecast(HORIZON))


def prophet_batch(table: pl.DataFrame) -> int:
    """Prophet's models by prophet-batch, on all processors."""
    from prophet_batch import fit_many

    models = fit_many(table.to_pandas(), n_jobs=os.cpu_count())
    futures = [model.predict(model.make_future_dataframe(HORIZON, include_history=False)) for model in models.values()]
    return sum(map(len, futures))


def statsforecast(table: pl.DataFrame) -> int:
    """Theta models by statsforecast, on all processors."""
    from statsforecast import StatsForecast
    from statsforecast.models import DynamicOptimizedTheta

    fleet = StatsForecast([DynamicOptimizedTheta(season_length=7)], freq="D", n_jobs=os.cpu_count())
    return len(fleet.forecast(df=table.to_pandas(), h=HORIZON, level=[80]))


def main() -> None:
    """Print customers a second."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    contestants: list[tuple[str, Callable[[Any], int], int]] = [
        ("manyfit, prophet", ours, 1000),
        ("prophet-batch", prophet_batch, 20),
        ("manyfit, theta", theta, 1000),
        ("statsforecast, DynamicOptimizedTheta", statsforecast, 20),
    ]
    tables = [long_table(customers, DAYS).select("unique_id", "ds", "y") for _, _, customers in contestants]
    taken: list[list[float]] = [[] for _ in contestants]
    for turn in range(4):
        for (_, run, customers), table, seconds in zip(contestants, tables, taken, strict=True):
            begun = time.perf_counter()
            assert run(table) == customers * HORIZON
            # The first turn compiles and imports.
            if turn:
                seconds.append(time.perf_counter() - begun)
    for (name, _, customers), seconds in zip(contestants, taken, strict=True):
        print(f"{name}: {statistics.median(seconds) / customers * 1e3:.2f} ms a customer ({customers} customers)")


if __name__ == "__main__":
    main()
