"""Fit one model per customer, for thousands of customers, in one call.

>>> import manyfit
>>> fleet = manyfit.fit(df)                    # unique_id, ds, y: polars, pandas, pyarrow, DuckDB
>>> fleet.forecast(28, level=[80, 95])         # a table of the same kind
>>> fleet.save("out")                          # what ``manyfit serve`` and ``manyfit predict`` read

The command ``manyfit`` is in the same package; ``manyfit --help`` describes it.
"""

from __future__ import annotations

from manyfit._fit import fit, fit_rows
from manyfit._fleet import Fleet
from manyfit._model import Model
from manyfit._native import DataError, SettingsError, StorageError
from manyfit._reports import CustomerWarning

__all__ = [
    "CustomerWarning",
    "DataError",
    "Fleet",
    "Model",
    "SettingsError",
    "StorageError",
    "fit",
    "fit_rows",
]
