"""From bucket to bucket on moto: another S3 than the one of the Rust tests, with a fleet of ten thousand."""

from __future__ import annotations

import hashlib
import io
import json
import os
import random
import subprocess
import tarfile
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from moto.core import DEFAULT_ACCOUNT_ID
from moto.s3.models import S3Backend, s3_backends
from moto.server import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import make_server

BUCKET = "fleet"
CUSTOMERS = int(os.environ.get("BUCKET_CUSTOMERS", "10000"))
DENIED_INPUT, DENIED_OUTPUT, CUT = "customer-00013", "customer-00017", "customer-00019"


class Faults:
    """Requests that go wrong, drawn by a seed; each of them at most three times in a row."""

    def __init__(self, app: Callable[..., list[bytes]]) -> None:
        self.app = app
        self.on = True
        self.random = random.Random(7)
        self.lock = threading.Lock()
        self.counts: dict[str, int] = {}
        self.injected: dict[str, int] = {}

    def choose(self, method: str, path: str) -> str | None:
        if (method == "GET" and DENIED_INPUT in path) or (method == "PUT" and DENIED_OUTPUT in path):
            return "denied"
        if method == "GET" and CUT in path:
            return "cut"
        with self.lock:
            count = self.counts[method + path] = self.counts.get(method + path, 0) + 1
            if count > 3 or self.random.random() > 0.02:
                return None
            fault = self.random.choice(["busy", "cut", "slow"])
            self.injected[fault] = self.injected.get(fault, 0) + 1
            return fault

    def __call__(self, environ: dict, start_response: Callable) -> Iterator[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        fault = self.choose(method, path) if self.on else None
        if fault in ("busy", "denied"):
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
            status, code = ("503 Slow Down", "SlowDown") if fault == "busy" else ("403 Forbidden", "AccessDenied")
            body = f"<Error><Code>{code}</Code><Message>injected</Message></Error>".encode()
            start_response(status, [("Content-Type", "application/xml"), ("Content-Length", str(len(body)))])
            return iter([body])
        if fault == "slow":
            time.sleep(0.2)
        body = b"".join(self.app(environ, start_response))
        # Fewer bytes than the header says, and then the end of the connection.
        return iter([body[: len(body) // 2]]) if fault == "cut" and method == "GET" else iter([body])


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[str, Faults, S3Backend]]:
    faults = Faults(DomainDispatcherApplication(create_backend_app))
    made = make_server("127.0.0.1", 0, faults, threaded=True)
    thread = threading.Thread(target=made.serve_forever, daemon=True)
    thread.start()
    backend = s3_backends[DEFAULT_ACCOUNT_ID]["aws"]
    backend.create_bucket(BUCKET, "eu-central-1")
    yield f"http://127.0.0.1:{made.server_port}", faults, backend
    made.shutdown()
    thread.join()


def rows(number: int) -> bytes:
    lines = [f"2024-{1 + day // 28:02d}-{1 + day % 28:02d},{100 + (day * 7 + number) % 13 + number % 5}" for day in range(30)]
    return ("ds,y\n" + "\n".join(lines) + "\n").encode()


def train(endpoint: str, output: str, *options: str, place: str = "in") -> subprocess.CompletedProcess[str]:
    environment = {
        "PATH": os.environ["PATH"],
        "AWS_ENDPOINT_URL_S3": endpoint,
        "AWS_ACCESS_KEY_ID": "any",
        "AWS_SECRET_ACCESS_KEY": "any",
        "AWS_REGION": "eu-central-1",
    }
    command = [os.environ["MANYFIT"], "train", "--input", f"s3://{BUCKET}/{place}", "--output", f"s3://{BUCKET}/{output}", *options]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def content(backend: S3Backend, prefix: str) -> dict[str, bytes]:
    keys = backend.buckets[BUCKET].keys
    return {name.removeprefix(prefix): keys[name].value for name in list(keys) if name.startswith(prefix)}


def manifest(backend: S3Backend, output: str) -> list[dict]:
    return [json.loads(line) for line in content(backend, f"{output}/")["manifest.jsonl"].splitlines()]


def test_ten_thousand_customers_are_done_or_named(
    server: tuple[str, Faults, S3Backend], found: Callable[[str], None]
) -> None:
    endpoint, faults, backend = server
    for number in range(CUSTOMERS):
        backend.put_object(BUCKET, f"in/customer-{number:05d}.csv", rows(number))
    begun = time.monotonic()
    ended = train(endpoint, "out", "--s3-patience", "30")
    seconds = time.monotonic() - begun
    assert ended.returncode == 0, ended.stderr
    found(f"{CUSTOMERS} customers from bucket to bucket on moto in {seconds:.0f} s, with faults {faults.injected}")

    outcomes = manifest(backend, "out")
    names = [row["customer"] for row in outcomes]
    assert names == [f"customer-{number:05d}" for number in range(CUSTOMERS)]
    failed = {row["customer"]: row["reason"] for row in outcomes if row["status"] == "failed"}
    assert set(failed) == {DENIED_INPUT, DENIED_OUTPUT, CUT}
    assert "access denied" in failed[DENIED_INPUT] and "access denied" in failed[DENIED_OUTPUT]
    assert "incomplete or corrupted" in failed[CUT]

    models = content(backend, "out/models/")
    assert len(models) == CUSTOMERS - 3
    by_name = {row.get("artifact"): row for row in outcomes}
    for name, archive in models.items():
        assert hashlib.sha256(archive).hexdigest() == by_name[name]["sha256"], name
        with tarfile.open(fileobj=io.BytesIO(archive)) as members:
            assert members.getnames() == [".manyfit.json", "model.json"], name

    # Again, undisturbed: only what was lacking is fitted, and no artifact is asked for.
    faults.on = False
    assert train(endpoint, "out").returncode == 0
    statuses = [row["status"] for row in manifest(backend, "out")]
    assert statuses.count("unchanged") == CUSTOMERS - 3
    assert statuses.count("fitted") == 3


def test_names_survive_the_protocol(server: tuple[str, Faults, S3Backend]) -> None:
    endpoint, faults, backend = server
    faults.on = False
    names = ["a b", "a+b", "100%", "ümlaut", "a&b=c", "x,y", "[1]"]
    for number, name in enumerate(names):
        backend.put_object(BUCKET, f"odd/{name}.csv", rows(number))
    ended = train(endpoint, "out-odd", place="odd")
    assert ended.returncode == 0, ended.stderr
    assert sorted(row["customer"] for row in manifest(backend, "out-odd")) == sorted(names)
    assert sorted(content(backend, "out-odd/models/")) == sorted(f"{name}.tar.gz" for name in names)
