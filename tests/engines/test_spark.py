"""Spark gives the models and forecasts of one process, for any partitions and when a task is killed."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from conftest import long_table
from pyspark.sql import SparkSession

import manyfit
import manyfit.spark

CUSTOMERS, DAYS = 60, 120


@pytest.fixture(scope="module")
def spark() -> Iterator[SparkSession]:
    # Two processes as executors' workers, and one more try for a task that fails.
    builder = SparkSession.builder.master("local[2, 3]").config("spark.ui.enabled", "false").config("spark.ui.showConsoleProgress", "false")
    builder = builder.config("spark.driver.bindAddress", "127.0.0.1").config("spark.sql.session.timeZone", "America/New_York")
    session = builder.config("spark.driver.host", "127.0.0.1").getOrCreate()
    # What a killed task leaves in the log is long.
    session.sparkContext.setLogLevel("OFF")
    yield session
    session.stop()


@pytest.fixture(scope="module")
def table() -> pl.DataFrame:
    """Customers of whom one has a third of the rows, and another bad values."""
    rows = long_table(CUSTOMERS, DAYS).select("unique_id", "ds", "y")
    large = long_table(1, CUSTOMERS * DAYS // 2).select(pl.lit("large").alias("unique_id"), "ds", "y")
    bad = rows.head(DAYS).with_columns(unique_id=pl.lit("bad"), y=pl.lit(float("inf")))
    return pl.concat([rows, large, bad])


def frame(spark: SparkSession, table: pl.DataFrame) -> Any:
    return spark.createDataFrame(table.to_arrow())


@pytest.fixture(scope="module")
def expected(table: pl.DataFrame) -> manyfit.Fleet:
    with pytest.warns(manyfit.CustomerWarning):
        return manyfit.fit(table, max_failures="100%")


def archives(models: Any) -> dict[str, bytes]:
    return {row["unique_id"]: bytes(row["model"]) for row in models.collect() if row["model"] is not None}


@pytest.mark.parametrize("partitions", [2, 7])
def test_models_and_forecasts_are_those_of_one_process(
    spark: SparkSession, table: pl.DataFrame, expected: manyfit.Fleet, partitions: int
) -> None:
    begun = time.perf_counter()
    models = manyfit.spark.fit(frame(spark, table), partitions=partitions).cache()
    assert archives(models) == {customer: expected[customer].archive for customer in expected}
    (bad,) = [row for row in models.collect() if row["status"] == "failed"]
    assert bad["unique_id"] == "bad"
    assert "is infinite" in bad["reason"]
    forecasts = pl.DataFrame(manyfit.spark.forecast(models, 14, level=[80, 95]).toArrow()).sort("unique_id", "ds")
    wanted = expected.forecast(14, level=[80, 95]).sort("unique_id", "ds")
    assert forecasts.with_columns(pl.col("ds").cast(pl.Datetime("ms"))).equals(wanted)
    print(f"\nspark, {partitions} partitions: {time.perf_counter() - begun:.1f} s")


def test_a_task_that_is_killed_is_run_again_and_gives_the_same(
    spark: SparkSession, table: pl.DataFrame, expected: manyfit.Fleet, tmp_path: Path
) -> None:
    mark = str(tmp_path / "killed")

    def once(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for batch in batches:
            yield batch
        if not os.path.exists(mark):
            Path(mark).touch()
            os.kill(os.getpid(), 9)

    models = manyfit.spark.fit(frame(spark, table), partitions=3)
    dying = models.mapInArrow(once, models.schema)
    assert archives(dying) == {customer: expected[customer].archive for customer in expected}
    assert os.path.exists(mark)


def test_settings_and_column_names_are_those_of_the_library(spark: SparkSession, table: pl.DataFrame) -> None:
    renamed = table.filter(pl.col("unique_id") < "c00005").rename({"unique_id": "shop", "ds": "day", "y": "units"})
    names = {"id_col": "shop", "time_col": "day"}
    models = manyfit.spark.fit(frame(spark, renamed), partitions=2, target_col="units", model="theta", **names)
    forecasts = manyfit.spark.forecast(models, 3, **names)
    assert forecasts.columns == ["shop", "day", "yhat", "yhat_lower", "yhat_upper"]
    assert forecasts.count() == 15
