"""Serving thousands of Prophet models: manyfit beside Multi Model Server, on the same artifacts, in one run.

Usage: measure.py MANYFIT LOAD WORK [CUSTOMERS] — the program, the load generator (bench/serve/load.rs), a folder to work in.
MMS_PYTHON may name a Python with multi-model-server 1.1.11 and prophet; without it the comparison is left out.
Prints a JSON object for each measurement. Nothing else should run meanwhile.
"""

from __future__ import annotations

import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tarfile
import time
from datetime import date, timedelta
from pathlib import Path

HERE = Path(__file__).resolve().parent
MANYFIT, LOAD, WORK = sys.argv[1], sys.argv[2], Path(sys.argv[3])
CUSTOMERS = int(sys.argv[4]) if len(sys.argv) > 4 else 1000
RESIDENT = 10_000
PORT, MMS_PORT = 18080, 18090


def say(what: str, **figures: object) -> None:
    print(json.dumps({"what": what, **figures}), flush=True)


def artifacts() -> list[Path]:
    """Trains a fleet and unpacks it as the platform does."""
    data, out, unpacked = WORK / "data", WORK / "out", WORK / "unpacked"
    data.mkdir(parents=True, exist_ok=True)
    noise = random.Random(7)
    for customer in range(CUSTOMERS):
        rows = ["ds,y"]
        for day in range(730):
            y = 100 + customer % 17 + 0.05 * day + 4 * (day % 7) + noise.gauss(0, 2)
            rows.append(f"{date(2022, 1, 3) + timedelta(days=day)},{y:.3f}")
        (data / f"{customer}.csv").write_text("\n".join(rows) + "\n")
    subprocess.run([MANYFIT, "train", "--input", data, "--output", out], check=True, stdout=subprocess.DEVNULL)
    directories = []
    for archive in sorted((out / "models").iterdir()):
        directory = unpacked / archive.name.removesuffix(".tar.gz")
        with tarfile.open(archive) as tar:
            tar.extractall(directory, filter="data")
        directories.append(directory)
    return directories


class Server:
    """A server's management calls."""

    def __init__(self, port: int, pid: int) -> None:
        self.port, self.pid = port, pid
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)

    def call(self, method: str, path: str, body: object = None) -> int:
        payload = None if body is None else json.dumps(body)
        self.connection.request(method, path, payload, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        response.read()
        return response.status

    def load(self, name: str, url: Path) -> float:
        begun = time.perf_counter()
        status = self.call("POST", "/models", {"model_name": name, "url": str(url)})
        assert status == 200, (name, status)
        return (time.perf_counter() - begun) * 1e3

    def wait(self) -> None:
        deadline = time.monotonic() + 120
        while True:
            try:
                if self.call("GET", "/ping") == 200:
                    return
            except OSError:
                self.connection.close()
            if time.monotonic() > deadline:
                raise SystemExit(f"nothing answers on port {self.port}")
            time.sleep(0.1)

    def memory_mb(self) -> float:
        """Resident memory of the process and all below it."""
        rss, pending = 0, [self.pid]
        while pending:
            pid = pending.pop()
            try:
                status = Path(f"/proc/{pid}/status").read_text()
                for task in Path(f"/proc/{pid}/task").iterdir():
                    pending += map(int, (task / "children").read_text().split())
            except OSError:
                continue
            rss += sum(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS:"))
        return rss / 1024


def invoke(port: int, name: str, connections: int, seconds: float, rate: float) -> dict[str, float]:
    body = '{"period": 7}'
    command = [LOAD, f"127.0.0.1:{port}", f"/models/{name}/invoke", body, str(connections), str(seconds), str(rate)]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def manyfit(directories: list[Path]) -> float:
    environment = {**os.environ, "SAGEMAKER_MULTI_MODEL": "true", "MANYFIT_LOG": "errors"}
    command = [MANYFIT, "serve", "--listen", f"127.0.0.1:{PORT}"]
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    try:
        server = Server(PORT, process.pid)
        server.wait()
        empty = server.memory_mb()
        loads = [server.load(f"m{i}", directories[i % len(directories)]) for i in range(RESIDENT)]
        say("load over HTTP", p50_ms=statistics.median(loads), p99_ms=sorted(loads)[int(0.99 * len(loads))])
        say("resident", models=RESIDENT, megabytes=server.memory_mb(), empty_megabytes=empty)
        invoke(PORT, "m0", 2, 1, 0)
        say("warm invoke at 200/s, 7 steps × 1,000 samples", **invoke(PORT, "m0", 8, 10, 200))
        fastest = invoke(PORT, "m0", 8, 10, 0)
        say("warm invoke, as fast as it goes", **fastest)
        megabytes = [server.memory_mb()]
        for _ in range(4):
            for i in range(1000):
                assert server.call("DELETE", f"/models/m{i}") == 200
                server.load(f"m{i}", directories[i % len(directories)])
            megabytes.append(server.memory_mb())
        say("1,000 unloads and loads, four times", megabytes=megabytes)
        return fastest["per_second"]
    finally:
        process.terminate()
        process.wait(40)


def multi_model_server(directory: Path) -> float | None:
    """The same model behind Multi Model Server with a handler that does what the blog's does."""
    python = os.environ.get("MMS_PYTHON")
    if not python:
        return None
    model = WORK / "mms"
    (model / "MAR-INF").mkdir(parents=True, exist_ok=True)
    (model / "model.json").write_bytes((directory / "model.json").read_bytes())
    (model / "handler.py").write_bytes((HERE / "mms_handler.py").read_bytes())
    manifest = {"runtime": "python", "model": {"modelName": "m0", "handler": "handler:handle"}, "modelServerVersion": "1.0"}
    (model / "MAR-INF" / "MANIFEST.json").write_text(json.dumps(manifest))
    config = WORK / "mms.properties"
    config.write_text(
        f"inference_address=http://127.0.0.1:{MMS_PORT}\nmanagement_address=http://127.0.0.1:{MMS_PORT}\n"
        f"default_workers_per_model={os.cpu_count()}\nmodel_store=/\ndisable_system_metrics=true\n"
    )
    find = "import mms, pathlib; print(pathlib.Path(mms.__file__).parents[1])"
    home = subprocess.run([python, "-c", find], check=True, capture_output=True, text=True).stdout.strip()
    # What the command multi-model-server starts; that one would stay between us and the server.
    command = ["java", f"-Dmodel_server_home={home}", "-cp", f"{home}/mms/frontend/*", "com.amazonaws.ml.mms.ModelServer"]
    command += ["--python", python, "-f", config]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with (WORK / "mms.log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, cwd=WORK, stdout=log, stderr=log)
    try:
        server = Server(MMS_PORT, process.pid)
        server.wait()
        register = {"model_name": "m0", "url": str(model), "initial_workers": os.cpu_count(), "synchronous": True}
        begun = time.perf_counter()
        status = server.call("POST", "/models", register)
        assert status == 200, f"Multi Model Server answers {status} to the load: see {WORK}/mms.log"
        say("Multi Model Server: load", milliseconds=(time.perf_counter() - begun) * 1e3, megabytes=server.memory_mb())
        invoke(MMS_PORT, "m0", 2, 3, 0)
        fastest = invoke(MMS_PORT, "m0", 4, 15, 0)
        say("Multi Model Server: warm invoke, as fast as it goes", **fastest)
        return fastest["per_second"]
    finally:
        process.terminate()
        process.wait(40)


def main() -> None:
    directories = artifacts()
    ours = manyfit(directories)
    theirs = multi_model_server(directories[0])
    if theirs:
        say("requests per second, manyfit over Multi Model Server", ratio=ours / theirs)


main()
