"""Tables of the caller's library in, tables of the same library out."""

from __future__ import annotations

import sys
from typing import Any, Protocol, runtime_checkable

from manyfit import _native


@runtime_checkable
class ArrowTable(Protocol):
    """Anything with Arrow's PyCapsule interface: polars, pyarrow, DuckDB, and pandas 2.2 or later with pyarrow."""

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object: ...


def library_of(table: object) -> str:
    """The library that a table is of, such as ``"polars"``."""
    return type(table).__module__.partition(".")[0].lstrip("_")


def frame_of(table: Any, *, keys: tuple[str, ...] = ()) -> _native.Frame:
    """The columns of a table. ``keys`` are columns that may be in the index of a pandas frame."""
    if isinstance(table, _native.Frame):
        return table
    if library_of(table) == "pandas":
        table = _with_plain_index(table, keys)
    elif library_of(table) == "polars" and hasattr(table, "collect"):
        raise TypeError("a polars LazyFrame has no rows yet: call .collect()")
    elif library_of(table) == "polars" and hasattr(table, "n_chunks") and table.n_chunks() > 1:
        # As a whole, a frame in several chunks would be copied into one.
        return _native.Frame.of_columns([(column.name, column) for column in table.get_columns()])
    try:
        return _native.Frame(table)
    except ImportError as error:
        message = "pandas hands over its columns by pyarrow: pip install pyarrow"
        raise ImportError(message) from error
    except (TypeError, ValueError) as error:
        if isinstance(error, _native.DataError) or library_of(table) != "pandas":
            raise
        if not hasattr(table, "__arrow_c_stream__"):
            raise
        # Of pyarrow, for columns of objects of several types, and for columns that share a name.
        message = f"pandas cannot hand over the table: {error}; cast the column to one type"
        raise _native.DataError(message) from error


def _with_plain_index(table: Any, keys: tuple[str, ...]) -> Any:
    """The same frame without an index, which would become a column of its own."""
    names = [name for name in table.index.names if name is not None]
    if any(key in names and key not in table.columns for key in keys):
        return table.reset_index()
    is_plain = type(table.index).__name__ == "RangeIndex"
    return table if is_plain else table.reset_index(drop=True)


def table_like(library: str, table: _native.Table) -> Any:
    """A table of results as the library's own kind of table; of an unknown library, Arrow's."""
    if library == "polars":
        import polars

        return polars.DataFrame(table)
    if library == "pandas":
        import pyarrow

        return pyarrow.table(table).to_pandas()
    if library == "pyarrow":
        import pyarrow

        return pyarrow.table(table)
    if library == "duckdb":
        import duckdb
        import pyarrow

        return duckdb.from_arrow(pyarrow.table(table))
    return table


def columns_like(library: str, columns: dict[str, list[Any]]) -> Any:
    """Columns of Python's values as the library's own kind of table; of an unknown library, the columns."""
    if library == "polars":
        import polars

        return polars.DataFrame(columns)
    if library == "pandas":
        import pandas

        return pandas.DataFrame(columns)
    if library in ("pyarrow", "duckdb"):
        import pyarrow

        table = pyarrow.table(columns)
        if library == "pyarrow":
            return table
        import duckdb

        return duckdb.from_arrow(table)
    return columns


def library_in_use() -> str:
    """The library for tables where none was given: of those that are imported, polars before pandas."""
    return next((name for name in ("polars", "pandas", "pyarrow") if name in sys.modules), "")
