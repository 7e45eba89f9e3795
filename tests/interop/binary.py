"""Running the program under test, and reading what it leaves behind."""

from __future__ import annotations

import json
import os
import subprocess
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

REPOSITORY = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Artifact:
    """One customer's tarball: the names of its members in their order, and the two documents in it."""

    members: list[str]
    facts: dict[str, Any]
    model_json: str

    @classmethod
    def open(cls, path: Path) -> Artifact:
        with tarfile.open(path, "r:gz") as archive:
            members = archive.getnames()
            facts, model = (_text(archive, name) for name in (".manyfit.json", "model.json"))
        return cls(members, json.loads(facts), model)

    @property
    def model(self) -> dict[str, Any]:
        """model.json as it stands, without stock Prophet's reading of it."""
        return json.loads(self.model_json)


@dataclass(frozen=True)
class Run:
    """The output directory of one `manyfit train`."""

    output: Path

    def artifacts(self) -> dict[str, Artifact]:
        """Every artifact, by customer."""
        found = sorted((self.output / "models").glob("*.tar.gz"))
        return {path.name.removesuffix(".tar.gz"): Artifact.open(path) for path in found}

    def manifest(self) -> dict[str, dict[str, Any]]:
        """The manifest's rows, by customer."""
        rows = map(json.loads, (self.output / "manifest.jsonl").read_text().splitlines())
        return {row["customer"]: row for row in rows}

    def forecasts(self) -> dict[str, pd.DataFrame]:
        """The table of forecasts, by customer, in its own order."""
        table = pd.read_csv(self.output / "forecasts.csv", dtype={"customer": str})
        table["ds"] = pd.to_datetime(table["ds"], format="ISO8601")
        return {str(name): rows.reset_index(drop=True) for name, rows in table.groupby("customer")}


def run(*arguments: Any) -> str:
    """Runs the program; what it prints.

    Raises:
        AssertionError: the program ended with an error; its messages are in the text.
    """
    command = [os.environ["MANYFIT"], *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    return done.stdout


def train(data: Path, output: Path, *options: Any, **settings: Any) -> Run:
    """`manyfit train` on a directory of CSVs.

    Raises:
        AssertionError: the program ended with an error; its messages are in the text.
    """
    arguments = ["train", "--input", data, "--output", output, *options]
    for name, value in settings.items():
        arguments += ["--set", f"{name}={str(value).lower() if isinstance(value, bool) else value}"]
    run(*arguments)
    return Run(output)


def _text(archive: tarfile.TarFile, member: str) -> str:
    file = archive.extractfile(member)
    assert file is not None, f"{archive.name} has no file {member}"
    return file.read().decode()
