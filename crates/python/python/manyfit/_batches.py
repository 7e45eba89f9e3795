"""Batches of rows of whole customers in, batches of models and forecasts out: what engines run on their workers."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from manyfit import _native
from manyfit._fit import fit
from manyfit._fleet import Columns, Fleet
from manyfit._reports import CustomerWarning

if TYPE_CHECKING:
    import pyarrow

#: The columns after the customer that a batch of models has, with their types in SQL.
FITTED = {"status": "string", "reason": "string", "artifact": "string", "model": "binary"}


def schema_of(columns: Mapping[str, str], id_col: str) -> str:
    """The columns of a result as SQL writes them, the customer first."""
    return ", ".join(f"`{name}` {kind}" for name, kind in {id_col: "string", **columns}.items())


def fit_batches(batches: Iterator[pyarrow.RecordBatch], *, id_col: str, **options: Any) -> Iterator[pyarrow.RecordBatch]:
    """Fit all customers of some batches in one call; a row for each."""
    import pyarrow as pa

    # One customer that fails, or all of a small part, must not fail the job: the result says who and why.
    options.setdefault("max_failures", "100%")
    parts = [batch for batch in batches if batch.num_rows]
    if not parts:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CustomerWarning)
        fleet = fit(pa.Table.from_batches(parts), id_col=id_col, **options)  # type: ignore[arg-type, unused-ignore]
    rows = fleet.manifest
    yield pa.RecordBatch.from_pydict(
        {
            id_col: pa.array([row["customer"] for row in rows], pa.string()),
            "status": pa.array([row["status"] for row in rows], pa.string()),
            "reason": pa.array([row.get("reason") for row in rows], pa.string()),
            "artifact": pa.array([row.get("artifact") for row in rows], pa.string()),
            "model": pa.array([fleet._archive(row["customer"]) for row in rows], pa.binary()),
        }
    )


def forecast_batches(
    batches: Iterator[pyarrow.RecordBatch], h: int, *, level: Sequence[float] | None, id_col: str, time_col: str
) -> Iterator[pyarrow.RecordBatch]:
    """Forecast the models of each batch of :func:`fit_batches`."""
    import pyarrow as pa

    for batch in batches:
        rows = [row for row in batch.to_pylist() if row["model"] is not None]
        if not rows:
            continue
        models = _native.Models.in_memory()
        for row in rows:
            models.put(row["artifact"], row["model"])
        fleet = Fleet(models, ({row[id_col]: row["artifact"] for row in rows}, {}, ""), Columns(id_col, time_col, "y"), "pyarrow")
        table: pa.Table = fleet.forecast(h, level=level, jobs=1, max_failures="100%")
        kinds = [pa.string(), pa.timestamp("us"), *[pa.float64()] * (table.num_columns - 2)]
        yield from table.cast(pa.schema(list(zip(table.column_names, kinds, strict=True)))).to_batches()
