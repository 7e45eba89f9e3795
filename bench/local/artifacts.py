"""Sizes and load times of 1,000 customers' models of each family, and whether what is served equals what is predicted.

    MANYFIT=path/to/manyfit tests/interop/run --python bench/local/artifacts.py

Made-up sales of 120 months each. Bytes of an archive and of the model in it, the time to train all and to answer for all with `predict`,
and of one load over HTTP; every row that is served is compared with the same row of `predict`, as text.
"""

from __future__ import annotations

import csv
import http.client
import io
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "interop"))

from made_up import made_up  # noqa: E402
from serving import running, unpack  # noqa: E402

CUSTOMERS, ROWS, HORIZON = int(os.environ.get("CUSTOMERS", "1000")), 120, 12
MODELS = {
    "theta": {"model": "theta"},
    "ets": {"model": "ets"},
    "ets reduced": {"model": "ets", "ets_model": "reduced"},
    "ces": {"model": "ces"},
    "level-shape": {"model": "level-shape"},
    "mstl": {"model": "mstl"},
    "croston-sba": {"model": "croston-sba"},
    "tsb": {"model": "tsb"},
    "adida": {"model": "adida"},
    "drift": {"model": "drift"},
    "seasonal-window-average": {"model": "seasonal-window-average"},
    "seasonal-naive": {"model": "seasonal-naive"},
    "prophet": {"model": "prophet"},
}


def call(connection: http.client.HTTPConnection, method: str, path: str, body: object) -> bytes:
    """The server's answer.

    Raises:
        AssertionError: it is no success.
    """
    headers = {"Content-Type": "application/json", "Accept": "text/csv"}
    connection.request(method, path, json.dumps(body), headers)
    response = connection.getresponse()
    content = response.read()
    assert response.status == 200, (path, response.status, content)
    return content


def served(archives: list[Path], work: Path) -> tuple[list[float], dict[str, list[dict[str, str]]]]:
    """Milliseconds of each load, and the rows of each customer."""
    loads, rows = [], {}
    with running(SAGEMAKER_MULTI_MODEL="true", MANYFIT_LOG="events") as url:
        connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)
        for archive in archives:
            customer = archive.name.removesuffix(".tar.gz")
            folder = unpack(archive, work / "unpacked" / customer)
            begin = time.perf_counter()
            call(connection, "POST", "/models", {"model_name": customer, "url": str(folder)})
            loads.append((time.perf_counter() - begin) * 1e3)
            text = call(connection, "POST", f"/models/{customer}/invoke", {"horizon": HORIZON}).decode()
            rows[customer] = list(csv.DictReader(io.StringIO(text)))
        connection.close()
    return loads, rows


def measure(data: Path, work: Path, settings: dict[str, str]) -> list[str] | None:
    """The cells of a family's row; none if this program does not know it."""
    options = [option for name, value in settings.items() for option in ("--set", f"{name}={value}")]
    begin = time.perf_counter()
    command = [os.environ["MANYFIT"], "train", "--input", data, "--output", work / "out", *options]
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    trained = time.perf_counter() - begin
    if done.returncode == 2:
        return None
    assert done.returncode == 0, done.stderr
    archives = sorted((work / "out" / "models").glob("*.tar.gz"))
    assert len(archives) == CUSTOMERS, len(archives)
    loads, rows = served(archives, work)
    begin = time.perf_counter()
    command = [os.environ["MANYFIT"], "predict", work / "out" / "models", "--horizon", HORIZON, "--output", work / "all.csv"]
    subprocess.run([*map(str, command)], capture_output=True, check=True)
    predicted = time.perf_counter() - begin
    different, compared = 0, 0
    with (work / "all.csv").open() as file:
        places = dict.fromkeys(rows, 0)
        for row in csv.DictReader(file):
            other = rows[row["customer"]][places[row["customer"]]]
            places[row["customer"]] += 1
            compared += 1
            assert row["ds"].startswith(other["ds"]), (row, other)
            different += any(row[name] != other[name] for name in ("yhat", "yhat_lower", "yhat_upper"))
    assert compared == CUSTOMERS * HORIZON, compared
    files = (path for path in (work / "unpacked").glob("*/*.json") if not path.name.startswith("."))
    models = [path.stat().st_size for path in files]
    return [
        f"{statistics.mean(path.stat().st_size for path in archives):.0f}",
        f"{statistics.mean(models):.0f}",
        f"{trained:.2f}",
        f"{predicted:.2f}",
        f"{statistics.median(loads):.2f}",
        f"{different} of {compared}",
    ]


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder, "data")
        data.mkdir()
        for seed in range(CUSTOMERS):
            made_up("retail", seed).head(ROWS).to_csv(data / f"customer_{seed:04}.csv", index=False)
        print(f"{CUSTOMERS} customers of {ROWS} months; load of the machine {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores\n")
        print("| model | archive, bytes | model, bytes | train, s | predict all, s | load, ms | served rows that differ |")
        print("|---|---:|---:|---:|---:|---:|---:|")
        for name, settings in MODELS.items():
            with tempfile.TemporaryDirectory(dir=folder) as work:
                cells = measure(data, Path(work), settings)
            if cells is not None:
                print(f"| {name} | " + " | ".join(cells) + " |", flush=True)


if __name__ == "__main__":
    main()
