"""Rows and sums of a table and of what was made of it, compared exactly: values are added as whole hundredths.

    check.py TABLE OUT
"""

import csv
import pathlib
import sys

import duckdb

table, out = sys.argv[1], pathlib.Path(sys.argv[2])
relation = f"read_parquet('{table}')" if table.endswith(".parquet") else f"read_csv('{table}')"
duckdb.execute("SET memory_limit = '4GB'")
totals = f"SELECT count(*), sum(round(consumption * 100)::HUGEINT), count(DISTINCT customer_id) FROM {relation}"
before = duckdb.sql(totals).fetchone()

# File by file: DuckDB takes half an hour to guess the types of 100,000 files.
rows, hundredths, customers = 0, 0, set()
for path in out.iterdir():
    with path.open(newline="") as text:
        lines = csv.reader(text)
        names = next(lines)
        target = names.index("target")
        # One customer's file does not name it; its own name does.
        customer = names.index("customer") if "customer" in names else None
        for line in lines:
            rows += 1
            hundredths += round(float(line[target]) * 100)
            customers.add(path.stem if customer is None else line[customer])
after = (rows, hundredths, len(customers))
if before != after:
    sys.exit(f"{out}: (rows, sum of hundredths, customers) were {before} and are {after}")
print(f"{rows} rows of {len(customers)} customers, sum of hundredths {hundredths}: all there", file=sys.stderr)
