"""Fleets on Spark: one native call a partition, by ``mapInArrow``.

Rows are brought together by customer first, so a customer's model does not depend on the number of partitions, on the executors, or
on a task that is run again: it has the bytes that :func:`manyfit.fit` gives.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from manyfit._batches import FITTED, fit_batches, forecast_batches, schema_of

if TYPE_CHECKING:
    import pyarrow
    from pyspark.sql import DataFrame  # type: ignore[import-not-found, unused-ignore]


def fit(df: DataFrame, *, id_col: str = "unique_id", partitions: int | None = None, jobs: int = 1, **options: Any) -> DataFrame:
    """Fit a model of the series of each customer of a Spark frame.

    Args:
        df: The long table.
        id_col: Column of customers.
        partitions: Partitions that customers are distributed to; Spark's ``spark.sql.shuffle.partitions`` unless given. Each must
            fit into the memory of a task.
        jobs: Threads of a task: ``spark.task.cpus``.
        **options: As for :func:`manyfit.fit`.

    Returns:
        A frame with a row for each customer: the customer, ``status``, ``reason``, ``artifact`` (its file name) and ``model`` (its
        bytes, null if the customer failed). It is computed when it is used: write it, or ``cache()`` it.

    """

    def run(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        return fit_batches(batches, id_col=id_col, jobs=jobs, **options)

    together = df.repartition(id_col) if partitions is None else df.repartition(partitions, id_col)
    return together.mapInArrow(run, schema_of(FITTED, id_col))


def forecast(
    models: DataFrame,
    h: int,
    *,
    level: Sequence[float] | None = None,
    id_col: str = "unique_id",
    time_col: str = "ds",
) -> DataFrame:
    """Forecast each customer of the frame that :func:`fit` gave.

    Args:
        models: The models.
        h: Steps after the end of each history.
        level: Percentages that intervals should cover, as of ``Fleet.forecast``.
        id_col: Column of customers.
        time_col: Column of times of the result.

    Returns:
        A frame with customer, time, ``yhat`` and its intervals.

    """

    def run(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        return forecast_batches(batches, h, level=level, id_col=id_col, time_col=time_col)

    names = [f"yhat-{end}-{float(one):g}" for one in level for end in ("lo", "hi")] if level else ["yhat_lower", "yhat_upper"]
    columns = {time_col: "timestamp_ntz", **dict.fromkeys(["yhat", *names], "double")}
    return models.mapInArrow(run, schema_of(columns, id_col))
