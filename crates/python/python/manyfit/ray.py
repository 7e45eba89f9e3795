"""Fleets on Ray: one native call a part of the customers, by ``map_batches``.

Rows are brought together by customer first, so a customer's model does not depend on the parts, on the machines, or on a task that is
run again: it has the bytes that :func:`manyfit.fit` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from manyfit._batches import fit_batches, forecast_batches

if TYPE_CHECKING:
    import pyarrow
    from ray.data import Dataset  # type: ignore[import-not-found, unused-ignore]


def fit(ds: Dataset, *, id_col: str = "unique_id", partitions: int = 16, jobs: int = 1, **options: Any) -> Dataset:
    """Fit a model of the series of each customer of a Ray dataset.

    Args:
        ds: The long table.
        id_col: Column of customers.
        partitions: Parts that customers are distributed to. Each must fit into the memory of a task.
        jobs: Threads of a task, its ``num_cpus``.
        **options: As for :func:`manyfit.fit`.

    Returns:
        A dataset with a row for each customer, as of :func:`manyfit.spark.fit`.

    """

    def run(rows: pyarrow.Table) -> pyarrow.Table:
        import pyarrow as pa

        fitted = list(fit_batches(iter(rows.to_batches()), id_col=id_col, jobs=jobs, **options))
        return pa.Table.from_batches(fitted) if fitted else pa.table({})

    together = ds.repartition(partitions, keys=[id_col])
    return together.map_batches(run, batch_format="pyarrow", batch_size=None, num_cpus=jobs)


def forecast(
    models: Dataset,
    h: int,
    *,
    level: Sequence[float] | None = None,
    id_col: str = "unique_id",
    time_col: str = "ds",
) -> Dataset:
    """Forecast each customer of the dataset that :func:`fit` gave.

    Args:
        models: The models.
        h: Steps after the end of each history.
        level: Percentages that intervals should cover, as of ``Fleet.forecast``.
        id_col: Column of customers.
        time_col: Column of times of the result.

    Returns:
        A dataset with customer, time, ``yhat`` and its intervals.

    """

    def run(rows: pyarrow.Table) -> pyarrow.Table:
        import pyarrow as pa

        parts = list(forecast_batches(iter(rows.to_batches()), h, level=level, id_col=id_col, time_col=time_col))
        return pa.Table.from_batches(parts) if parts else pa.table({})

    return models.map_batches(run, batch_format="pyarrow", batch_size=None)
