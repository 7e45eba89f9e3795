"""Good customers and good models beside every bad file, in limited memory: see `run --memory`."""

import argparse
import concurrent.futures
import contextlib
import http.client
import json
import os
import pathlib
import re
import resource
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import urllib.parse

import bad_files
from jobs import MANYFIT, series

LIMIT = 1 << 30
# What `serve` with 512 MB for its models may take at most.
SERVER, MOST = "512M", 700 << 20
# Seconds for an answer of a good model.
PATIENCE = 20


class Limited:
    """Runs a command in a control group with a limit of memory, or else with a limit of its addresses."""

    def __init__(self):
        self.group = None
        for root, limit in (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max")):
            group = pathlib.Path(root, f"manyfit-{os.getpid()}")
            with contextlib.suppress(OSError):
                group.mkdir()
                try:
                    (group / limit).write_text(str(LIMIT))
                    self.group = group
                    break
                except OSError:
                    group.rmdir()
        self.how = f"the control group {self.group}" if self.group else "RLIMIT_AS"

    def enter(self):
        if self.group:
            (self.group / "cgroup.procs").write_text(str(os.getpid()))
        else:
            resource.setrlimit(resource.RLIMIT_AS, (LIMIT, LIMIT))

    def run(self, arguments, place):
        """The exit code, what it says, and its largest resident memory."""
        with tempfile.TemporaryFile() as said:
            process = subprocess.Popen([MANYFIT, *arguments], cwd=place, stdout=said, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, preexec_fn=self.enter)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
            said.seek(0)
            return process.returncode, said.read().decode(errors="replace"), usage.ru_maxrss << 10

    def close(self):
        if self.group:
            # The system needs a moment to forget a process that has ended.
            for _ in range(50):
                with contextlib.suppress(OSError):
                    self.group.rmdir()
                    return
                time.sleep(0.1)


def good_customers(folder, number):
    folder.mkdir()
    for customer in range(number):
        rows = "".join(f"{date},{value}\n" for date, value in series(customer))
        (folder / f"good-{customer}.csv").write_text("ds,y\n" + rows)


def train(limited, place, good, bad, failures):
    """What is wrong with a run over good and bad files."""
    output = place / f"out-{failures}"
    code, said, peak = limited.run(["train", "--input", "in", "--output", output.name, "--jobs", "2", "--max-failures", str(failures)], place)
    expected = 0 if failures >= len(bad) else 3
    found = []
    if code != expected:
        found.append(f"exit code {code}, not {expected}: {said.strip()[-300:]}")
    manifest = output / "manifest.jsonl"
    rows = [json.loads(line) for line in manifest.read_text().splitlines()] if manifest.exists() else []
    fitted = sum(row["status"] == "fitted" for row in rows)
    failed = [row["customer"] for row in rows if row["status"] == "failed"]
    if fitted != good:
        found.append(f"{fitted} of {good} good customers are in the manifest")
    if len(failed) != len(bad):
        found.append(f"of {len(bad)} bad files {len(failed)} have failed: {sorted(failed)} of {bad}")
    print(f"train, {good} customers, {len(bad)} bad files, max_failures={failures}: exit code {code}, at most {peak >> 20} MB", flush=True)
    return found


def trains(limited, work, good):
    place = work / "train"
    place.mkdir()
    good_customers(place / "in", good)
    bad = bad_files.input_files(place / "in")
    found = train(limited, place, good, bad, len(bad)) + train(limited, place, good, bad, 0)
    # A file that is all there is.
    for name in ("parquet of many rows.parquet", "gzip of rows.csv.gz", "sparse.csv", "one line.csv"):
        alone = work / "alone" / name
        (alone / "in").mkdir(parents=True)
        (place / "in" / name).rename(alone / "in" / name)
        code, said, peak = limited.run(["train", "--input", "in", "--output", "out"], alone)
        print(f"{name} alone: exit code {code}, at most {peak >> 20} MB", flush=True)
        if code != 3:
            found.append(f"{name} alone: exit code {code}, not 3: {said.strip()[-300:]}")
    return found


def post(address, path, body):
    connection = http.client.HTTPConnection(address, timeout=120)
    connection.request("POST", path, body)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer.status


def memory_of(process, name):
    return int(re.search(rf"{name}:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1]) << 10


def serves(work, seconds):
    """What is wrong with a server that is asked for bad models all the time, and for a good one."""
    place = work / "serve"
    models = place / "out" / "models"
    place.mkdir()
    good_customers(place / "in", 3)
    subprocess.run([MANYFIT, "train", "--input", "in", "--output", "out"], cwd=place, check=True, capture_output=True)
    with tarfile.open(models / "good-0.tar.gz") as archive:
        member = next(member for member in archive if member.name.endswith(".json") and ".manyfit" not in member.name)
        bad = bad_files.model_files(models, archive.extractfile(member).read())
    found, statuses, slowest, asked = [], {}, 0, 0
    with open(place / "log", "w") as log:
        server = subprocess.Popen([MANYFIT, "serve", "--models", "out/models", "--memory", SERVER, "--listen", "127.0.0.1:0", "--timeout", str(PATIENCE)],
                                  cwd=place, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
    try:
        address = None
        while not address:
            time.sleep(0.05)
            address = next(iter(re.findall(r"127\.0\.0\.1:[1-9]\d*", (place / "log").read_text())), None)
        ends = time.monotonic() + seconds

        def disturb(names):
            at = 0
            while time.monotonic() < ends:
                name = names[at % len(names)]
                statuses.setdefault(name, set()).add(post(address, f"/models/{urllib.parse.quote(name)}/invoke", '{"horizon": 3}'))
                at += 1
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            disturbing = [pool.submit(disturb, bad), pool.submit(disturb, bad[::-1])]
            while time.monotonic() < ends:
                begun = time.monotonic()
                status = post(address, "/models/good-1.tar.gz/invoke", '{"horizon": 3}')
                slowest, asked = max(slowest, time.monotonic() - begun), asked + 1
                if status != 200:
                    found.append(f"a good model is answered with {status}")
                    break
                time.sleep(0.02)
            for one in disturbing:
                one.result()
        peak = memory_of(server.pid, "VmHWM")
        print(f"serve, {len(bad)} bad models: {asked} answers of a good one, the slowest in {slowest:.2f} s; at most {peak >> 20} MB", flush=True)
        print(*(f"    {name}: {sorted(statuses.get(name, []))}" for name in bad), sep="\n")
        if slowest > PATIENCE:
            found.append(f"a good model is answered in {slowest:.1f} s")
        if peak > MOST:
            found.append(f"the server took {peak >> 20} MB")
        found.extend(f"{name} is answered with {status}" for name, seen in statuses.items() for status in seen if status not in range(400, 600) and not is_fine(name))
    except (OSError, http.client.HTTPException) as error:
        found.append(f"the server does not answer ({error}); it ended with {server.poll()}")
    finally:
        server.terminate()
        server.wait()
    return found


def is_fine(name):
    """Models that are odd, but models."""
    return name in ("small trees.tar.gz", "many holidays.tar.gz", "zeros beside a model.tar.gz")


def main():
    options = argparse.ArgumentParser(prog="tests/faults/run --memory", description=__doc__)
    options.add_argument("customers", type=int, nargs="?", default=200)
    options.add_argument("--seconds", type=float, default=20, help="how long the server is disturbed")
    options = options.parse_args()
    limited = Limited()
    print(f"{LIMIT >> 20} MB by {limited.how}")
    try:
        with tempfile.TemporaryDirectory(prefix="manyfit-memory-") as work:
            found = trains(limited, pathlib.Path(work), options.customers) + serves(pathlib.Path(work), options.seconds)
    finally:
        limited.close()
    print(*(f"FAULT {one}" for one in found), sep="\n")
    sys.exit(1 if found else 0)


if __name__ == "__main__":
    main()
