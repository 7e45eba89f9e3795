"""Reads the measurements of bench/run or bench/cities and prints them as a Markdown table: medians over the repetitions."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import NamedTuple

TITLES = {
    "manyfit": "manyfit",
    "stock": f"prophet {version('prophet')}, process pool",
    "batch": f"prophet-batch {version('prophet-batch')}, process pool",
    "boosting": "manyfit, gradient boosting",
    "exact": f"xgboost {version('xgboost')} `exact`, process pool",
    "hist": f"xgboost {version('xgboost')} `hist`, process pool",
    "forest": "manyfit, random forest",
    "sklearn": f"scikit-learn {version('scikit-learn')} forests, process pool",
}

# Whom each contestant runs against.
OURS = {"stock": "manyfit", "batch": "manyfit", "exact": "boosting", "hist": "boosting", "sklearn": "forest"}


class Contestant(NamedTuple):
    """Medians: customers a second without and with start and imports, peak memory in MiB."""

    working: float
    whole: float
    peak: float


def main() -> None:
    runs: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for line in Path(sys.argv[1]).read_text().splitlines():
        name, customers, measured = line.split("\t")
        figures = json.loads(measured)
        # Our program has no phase that a long run would not repeat: all of its wall time counts.
        seconds = figures["seconds"] if name not in OURS else json.loads(figures["says"])["seconds"]
        runs[name].append((int(customers) / seconds, int(customers) / figures["seconds"], figures["peak_mib"]))
    medians = {name: Contestant(*(median(column) for column in zip(*rows, strict=True))) for name, rows in runs.items()}
    print("| | customers/s | with start and imports | manyfit is faster by | peak memory |")
    print("|---|---:|---:|---:|---:|")
    for name, one in medians.items():
        ratio = f"{medians[OURS[name]].working / one.working:.1f}×" if name in OURS else ""
        print(f"| {TITLES[name]} | {_rate(one.working)} | {_rate(one.whole)} | {ratio} | {one.peak:,.0f} MiB |")
    print(f"\n{_environment()}; medians of {min(map(len, runs.values()))} runs, taken in turn.")


def _rate(customers: float) -> str:
    return f"{customers:,.0f}" if customers >= 20 else f"{customers:.1f}"


def _environment() -> str:
    models = [line for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")]
    processor = models[0].split(":")[1].strip() if models else platform.machine()
    packages = ", ".join(f"{name} {version(name)}" for name in ("numpy", "pandas"))
    cores = len(os.sched_getaffinity(0))
    return f"{processor}, {cores} cores, Linux {platform.release()}, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
