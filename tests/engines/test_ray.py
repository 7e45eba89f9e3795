"""Ray gives the models and forecasts of one process, for any parts."""

from __future__ import annotations

import time
from collections.abc import Iterator

import polars as pl
import pytest
import ray
from conftest import long_table

import manyfit
import manyfit.ray


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    yield
    ray.shutdown()


@pytest.mark.parametrize("partitions", [2, 7])
def test_models_and_forecasts_are_those_of_one_process(partitions: int) -> None:
    table = long_table(60, 120).select("unique_id", "ds", "y")
    expected = manyfit.fit(table)
    begun = time.perf_counter()
    models = manyfit.ray.fit(ray.data.from_arrow(table.to_arrow()), partitions=partitions).materialize()
    assert {row["unique_id"]: row["model"] for row in models.take_all()} == {name: expected[name].archive for name in expected}
    rows = manyfit.ray.forecast(models, 14, level=[80]).take_all()
    forecasts = pl.DataFrame(rows).with_columns(pl.col("ds").cast(pl.Datetime("ms"))).sort("unique_id", "ds")
    assert forecasts.equals(expected.forecast(14, level=[80]).sort("unique_id", "ds"))
    print(f"\nray, {partitions} parts: {time.perf_counter() - begun:.1f} s")
