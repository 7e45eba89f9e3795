"""What the Python contestants share: which files, which shares of work, how a model is saved, what is reported."""

from __future__ import annotations

import argparse
import io
import json
import logging
import os
import sys
import tarfile
import time
from collections.abc import Callable, Iterable, Sequence
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pandas as pd

if TYPE_CHECKING:
    from prophet import Prophet

logging.disable(logging.WARNING)

Task = TypeVar("Task")


def arguments(description: str | None, methods: Sequence[str] = ()) -> argparse.Namespace:
    """DATA, OUTPUT, how many customers, how many processes; METHOD before them, if there are several."""
    parser = argparse.ArgumentParser(description=description)
    if methods:
        parser.add_argument("method", choices=methods)
    parser.add_argument("data", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--customers", type=int, default=None, help="only the first so many")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--batch", type=int, default=100, help="customers in one task, where that matters")
    return parser.parse_args()


def read(path: Path) -> pd.DataFrame:
    """The two columns that the model uses, under Prophet's names."""
    frame = pd.read_csv(path, usecols=["timestamp", "consumption"], parse_dates=["timestamp"])
    return frame.rename(columns={"timestamp": "ds", "consumption": "y"})


def save(model: Prophet, path: Path) -> None:
    """One tarball with model.json."""
    from prophet.serialize import model_to_json  # Imported before by whoever has a model of Prophet's.

    pack("model.json", model_to_json(model).encode(), path)


def pack(name: str, document: bytes, path: Path) -> None:
    """One tarball with one file, at the quickest compression."""
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        member = tarfile.TarInfo(name)
        member.size = len(document)
        archive.addfile(member, io.BytesIO(document))


def race(work: Callable[[Task], int], tasks: Iterable[Task], jobs: int) -> None:
    """Gives the tasks to forked workers, which need not import again, and prints the count and the time as JSON.

    The time runs from the fork to the last tarball: starting Python and its imports came before it.
    """
    started = time.perf_counter()
    with get_context("fork").Pool(jobs) as pool:
        done = sum(pool.imap_unordered(work, tasks))
    json.dump({"customers": done, "seconds": time.perf_counter() - started}, sys.stdout)
    print()
