"""The data within a report, and what the run's files say, each read on its own."""

import base64
import csv
import gzip
import json
import re
from collections import defaultdict
from pathlib import Path

DAY = 86_400_000


def blocks(html: str) -> dict[str, str]:
    """The texts of the page's blocks of data by their names."""
    found = re.findall(r'<script type="text/plain" id="(\w+)">([A-Za-z0-9+/=]*)</script>', html)
    return {name: gzip.decompress(base64.b64decode(text)).decode() for name, text in found}


def times(packed: dict) -> list[int]:
    """Milliseconds since the epoch."""
    result = [packed["first"]]
    for step in packed["steps"]:
        result.append(result[-1] + step * packed["unit"])
    return result


class Report:
    """A page's data: the overview, the table as columns, and the lines of customers by table."""

    def __init__(self, path: Path):
        self.path = path
        texts = blocks(path.read_text())
        self.overview = json.loads(texts["overview"])
        self.columns = {name: [] for name in self.overview["columns"]}
        for line in texts["customers"].split("\n")[:-1]:
            for column, values in zip(self.columns.values(), json.loads(line), strict=True):
                column.extend(values)
        self.series = defaultdict(dict)
        for line in texts["series"].split("\n")[:-1]:
            table, customer, content = json.loads(line)
            self.series[customer][table] = content


def manifest(out: Path) -> list[dict]:
    """Every customer's outcome."""
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text().split("\n")[:-1]]


def table(out: Path, name: str) -> dict[str, list[dict]]:
    """The rows of a table by customer."""
    rows = defaultdict(list)
    with open(out / f"{name}.csv", newline="") as file:
        for row in csv.DictReader(file):
            rows[row["customer"]].append(row)
    return rows


def number(text: str) -> float | None:
    return float(text) if text else None


def close(one: float | None, other: float | None) -> bool:
    """Equal to six digits."""
    if one is None or other is None:
        return one is other
    return abs(one - other) <= 5.1e-6 * max(abs(one), abs(other))
