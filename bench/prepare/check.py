"""Rows and sums of a table and of what was made of it, compared exactly: values are added as whole hundredths.

    check.py TABLE OUT
"""

import sys

import duckdb

table, out = sys.argv[1:3]
relation = f"read_parquet('{table}')" if table.endswith(".parquet") else f"read_csv('{table}')"
duckdb.execute("SET memory_limit = '4GB'")
totals = "SELECT count(*), sum(round({0} * 100)::HUGEINT), count(DISTINCT {1}) FROM {2}"
before = duckdb.sql(totals.format("consumption", "customer_id", relation)).fetchone()
# One customer's file does not name it; its own name does.
made = f"read_csv('{out}/*.csv', filename = true, union_by_name = true, header = true)"
names = [column for column, *_ in duckdb.sql(f"DESCRIBE SELECT * FROM {made}").fetchall()]
customer = "customer" if "customer" in names else "filename"
after = duckdb.sql(totals.format("target", customer, made)).fetchone()
if before != after:
    sys.exit(f"{out}: (rows, sum of hundredths, customers) were {before} and are {after}")
print(f"{before[0]} rows of {before[2]} customers, sum of hundredths {before[1]}: all there", file=sys.stderr)
