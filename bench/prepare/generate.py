"""Writes a fleet as one table in the order of time, all customers mixed: about 100 bytes and nine columns a row.

    generate.py even|skewed PATH.csv|PATH.parquet CUSTOMERS ROWS

`even`: every customer has ROWS rows. `skewed`: 1 % of the customers hold half of the CUSTOMERS × ROWS rows.
"""

import sys

import duckdb

kind, path, customers, rows = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
if kind == "even":
    grid = f"SELECT c, d FROM range({rows}) t(d), range({customers}) u(c)"
else:
    heavy = max(customers // 100, 1)
    many = customers * rows // 2 // heavy
    few = customers * rows // 2 // (customers - heavy)
    grid = f"""SELECT c, d FROM range({few}) t(d), range({customers}) u(c)
        UNION ALL SELECT c * {customers // heavy}, d FROM range({few}, {many}) t(d), range({heavy}) u(c)"""
form = "FORMAT parquet" if path.endswith(".parquet") else "FORMAT csv, HEADER"
duckdb.execute("SET preserve_insertion_order = true")
duckdb.execute("SET memory_limit = '4GB'")
duckdb.execute(f"""
    COPY (
        SELECT
            printf('customer-%06d', (c * 7919) % {customers}) AS customer_id,
            strftime(TIMESTAMP '1995-01-01' + d * INTERVAL 1 DAY, '%Y-%m-%d') AS timestamp,
            round(100 + 0.05 * d + 20 * sin(d * 0.0172 + c) + hash(c * 100003 + d) % 1000 / 100.0, 2)::DOUBLE AS consumption,
            round(10 + 10 * sin(d * 0.0172) + hash(d * 31 + c) % 100 / 10.0, 1)::DOUBLE AS temperature,
            (hash(c) % 12)::INT AS tariff,
            printf('region-%02d', hash(c + 1) % 20) AS region,
            printf('meter %08x firmware %d.%d', hash(c + 2) % 4294967296, hash(c + 3) % 9, hash(c + 4) % 9) AS device,
            printf('%016x', hash(d * 1000003 + c)) AS reading_id,
            (d % 7 < 5) AS workday
        FROM ({grid})
    ) TO '{path}' ({form})
""")
