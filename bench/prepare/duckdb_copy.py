"""DuckDB's partitioned COPY of a table, as fast as its settings allow.

    duckdb_copy.py customers|bundles TABLE OUT THREADS BUNDLES

`customers`: a directory and a file for each customer. `bundles`: BUNDLES directories by the hash of the customer, sorted
by customer and time. Order of insertion is given up, and memory is not limited: both make it faster.
"""

import sys

import duckdb

kind, table, out, threads, bundles = sys.argv[1:6]
columns = "customer_id, timestamp, consumption"
relation = f"read_parquet('{table}')" if table.endswith(".parquet") else f"read_csv('{table}')"
duckdb.execute(f"SET threads = {threads}")
duckdb.execute("SET preserve_insertion_order = false")
if kind == "customers":
    # More open files than the default of 100 save it from closing and reopening them.
    duckdb.execute("SET partitioned_write_max_open_files = 500")
    query, key = f"SELECT {columns} FROM {relation}", "customer_id"
else:
    query = f"SELECT {columns}, hash(customer_id) % {bundles} AS bundle FROM {relation} ORDER BY customer_id, timestamp"
    key = "bundle"
duckdb.execute(f"COPY ({query}) TO '{out}' (FORMAT csv, HEADER, PARTITION_BY ({key}))")
