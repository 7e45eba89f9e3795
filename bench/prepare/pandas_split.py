"""The way of AWS's blog post: the whole table in pandas, a headerless CSV for each customer.

    pandas_split.py TABLE OUT
"""

import pathlib
import sys

import pandas as pd

table, out = sys.argv[1], pathlib.Path(sys.argv[2])
out.mkdir(parents=True)
frame = pd.read_csv(table)
for customer, rows in frame.groupby("customer_id"):
    rows[["timestamp", "consumption"]].to_csv(out / f"{customer}.csv", index=False, header=False)
