"""Writes the golden files of narrow types: the same rows as Parquet, with the types that pyarrow and pandas write, and as CSV.

    tests/interop/run --python tests/golden/make_parquet.py
"""

import datetime
import decimal
import pathlib

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

HERE = pathlib.Path(__file__).resolve().parent
ROWS = range(80)
FIRST = datetime.date(2024, 1, 1)

columns = {
    "customer": pa.array([["north", "süd"][row % 2] for row in ROWS]).dictionary_encode(),
    "ds": pa.array([FIRST + datetime.timedelta(days=row // 2) for row in ROWS], pa.date32()),
    "y": pa.array([decimal.Decimal(row * row % 97) / 4 - 3 for row in ROWS], pa.decimal128(7, 2)),
    "i8": pa.array([row % 7 - 3 for row in ROWS], pa.int8()),
    "i16": pa.array([row * 100 - 2000 for row in ROWS], pa.int16()),
    "u8": pa.array([row * 3 for row in ROWS], pa.uint8()),
    "u16": pa.array([row * 800 for row in ROWS], pa.uint16()),
    "f16": pa.array([np.float16(row / 8 - 2) for row in ROWS], pa.float16()),
    "money": pa.array([decimal.Decimal(row * 37 % 101) / 8 for row in ROWS], pa.decimal128(12, 3)),
    "whole": pa.array([decimal.Decimal(row * 11 % 13) for row in ROWS], pa.decimal128(38, 0)),
    "wide": pa.array([decimal.Decimal(row % 5) / 2 for row in ROWS], pa.decimal256(60, 1)),
    "color": pa.array([["red", "green", "blue"][row % 3] for row in ROWS]).dictionary_encode(),
    "code": pa.array([row % 4 for row in ROWS], pa.int64()).dictionary_encode(),
    "half": pa.array([row % 9 / 2 for row in ROWS], pa.float64()).dictionary_encode(),
    "nothing": pa.nulls(len(ROWS)),
}
table = pa.table(columns)
pq.write_table(table, HERE / "narrow_types.parquet")


def text(value):
    if value is None:
        return ""
    if isinstance(value, (float, decimal.Decimal, np.floating)):
        return str(int(value)) if value == int(value) else repr(float(value))
    return str(value)


lines = [",".join(columns)] + [",".join(text(row[name]) for name in columns) for row in table.to_pylist()]
(HERE / "narrow_types.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
