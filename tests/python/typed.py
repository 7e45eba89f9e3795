"""What a user writes, for the type checkers."""

from __future__ import annotations

import pandas as pd
import polars as pl

import manyfit


def several(table: pl.DataFrame, other: pd.DataFrame) -> bytes:
    fleet: manyfit.Fleet = manyfit.fit(table, freq="D", X=["price"], horizon=7)
    fleet.forecast(7, level=[80])
    fleet.save("out")
    reasons: dict[str, str] = manyfit.fit(other, id_col="shop").failures
    print(reasons, len(fleet), [name.upper() for name in fleet])
    model: manyfit.Model = fleet["a"]
    return model.archive
