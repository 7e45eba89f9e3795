"""How long engines take on this machine: tests/engines/run --python tests/engines/measure.py."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import ray
from conftest import long_table
from pyspark.sql import SparkSession

import manyfit
import manyfit.ray
import manyfit.spark

TABLE = long_table(2_000, 730).select("unique_id", "ds", "y")


def measure(name: str, work: Callable[[], Any], turns: int = 3) -> None:
    """Print the first time, and the least of the others."""
    taken = []
    for _ in range(turns):
        begun = time.perf_counter()
        assert work() == len(TABLE) // 730
        taken.append(time.perf_counter() - begun)
    print(f"{name}: {taken[0]:.1f} s at first, then {min(taken[1:]):.1f} s", flush=True)


def main() -> None:
    """Fit the same table by one process, by Spark and by Ray."""
    measure("one process, 2 threads", lambda: len(manyfit.fit(TABLE, jobs=2)))
    begun = time.perf_counter()
    builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
    session = builder.config("spark.ui.showConsoleProgress", "false").getOrCreate()
    session.sparkContext.setLogLevel("OFF")
    print(f"Spark: started in {time.perf_counter() - begun:.1f} s")
    rows = session.createDataFrame(TABLE.to_arrow()).cache()
    rows.count()
    for partitions in (2, 8):

        def fit_on_spark() -> int:
            return manyfit.spark.fit(rows, partitions=partitions).toArrow().num_rows  # noqa: B023

        measure(f"Spark, local[2], {partitions} partitions", fit_on_spark)
    session.stop()
    begun = time.perf_counter()
    ray.init(num_cpus=2, include_dashboard=False, log_to_driver=False, logging_level="error")
    ray.data.DataContext.get_current().enable_progress_bars = False
    print(f"Ray: started in {time.perf_counter() - begun:.1f} s")
    dataset = ray.data.from_arrow(TABLE.to_arrow())
    for partitions in (2, 8):

        def fit_on_ray() -> int:
            return manyfit.ray.fit(dataset, partitions=partitions).materialize().count()  # noqa: B023

        measure(f"Ray, 2 processors, {partitions} parts", fit_on_ray)
    ray.shutdown()


if __name__ == "__main__":
    main()
