"""A pipeline from its own definition, on files: a raw table, three instances, a spot interruption, an endpoint, an answer."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import subprocess
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from binary import Artifact, train
from launching import PLACES, printed
from play import (
    Buckets, Execution, Host, Request, end_processing, fetch_model, lay_processing, lay_training, upload_checkpoints,
)

INSTANCES = 3
CUSTOMERS = [f"store {number}" for number in range(600)]
OPTIONS = ("--name", "road", "--instances", str(INSTANCES), "--set", "horizon=7", "--prepare-argument=--target=sold")


@pytest.fixture
def buckets(tmp_path: Path) -> Buckets:
    """A bucket with one raw table in it: a row per customer and day, all customers of a day together."""
    buckets = Buckets(tmp_path / "s3")
    raw = buckets.path("s3://bucket/raw/")
    raw.mkdir(parents=True)
    with (raw / "sales.csv").open("w") as table:
        table.write("customer,date,sold\n")
        for month in range(1, 13):
            for day in range(1, 29):
                for number, customer in enumerate(CUSTOMERS):
                    table.write(f"{customer},2024-{month:02}-{day:02},{10 + number % 50 + (day * (number + 3)) % 7}\n")
    return buckets


def start(host: Host, *arguments: str, **variables: str) -> subprocess.Popen[str]:
    environment = {"PATH": os.environ["PATH"], "SAGEMAKER_BASE_DIR": str(host.ml)} | variables
    return subprocess.Popen(
        [os.environ["MANYFIT"], *arguments],
        env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )


def finish(process: subprocess.Popen[str], code: int = 0) -> str:
    printed_text, _ = process.communicate(timeout=300)
    assert process.returncode == code, f"exit code {process.returncode}\n{printed_text}"
    return printed_text


def prepare(request: Request, buckets: Buckets, directory: Path) -> None:
    host = lay_processing(request, buckets, directory)
    finish(start(host, *request["AppSpecification"]["ContainerArguments"]))
    end_processing(request, buckets, host)


def interrupted_fit(request: Request, buckets: Buckets, directory: Path) -> int:
    """All hosts until one of them has its first models; then the capacity is gone, for some with a warning and for one without.

    How many models had reached the bucket by then.
    """
    hosts = [lay_training(request, buckets, directory / f"first-{rank}", rank) for rank in range(INSTANCES)]
    processes = [start(host, "train") for host in hosts]
    checkpoints = hosts[0].below(request["CheckpointConfig"]["LocalPath"])
    while len(list(checkpoints.rglob("*.tar.gz"))) < 10:
        assert processes[0].poll() is None, processes[0].communicate()[0]
    for process, number in zip(processes, (signal.SIGKILL, signal.SIGTERM, signal.SIGTERM), strict=True):
        process.send_signal(number)
    for process in processes:
        process.communicate(timeout=60)
    assert processes[0].returncode == -signal.SIGKILL, "the first host was done before it was stopped"
    for host in hosts:
        upload_checkpoints(request, buckets, host)
    return len(buckets.keys(request["CheckpointConfig"]["S3Uri"]))


def fit(request: Request, buckets: Buckets, directory: Path) -> list[str]:
    """All hosts to their end; what each of them printed."""
    hosts = [lay_training(request, buckets, directory / f"again-{rank}", rank) for rank in range(INSTANCES)]
    processes = [start(host, "train") for host in hosts]
    texts = [finish(process) for process in processes]
    for host in hosts:
        assert not (host.ml / "output/failure").exists()
        upload_checkpoints(request, buckets, host)
    return texts


@contextlib.contextmanager
def serving(directory: Path) -> Iterator[Callable[[str, str, dict[str, str], str | None], tuple[int, str]]]:
    """The endpoint's container; hands out a function that calls it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    variables = {"SAGEMAKER_MULTI_MODEL": "true", "SAGEMAKER_BIND_TO_PORT": str(port)}
    process = start(Host(directory), "serve", **variables)

    def call(method: str, path: str, headers: dict[str, str], body: str | None = None) -> tuple[int, str]:
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()

    try:
        until = time.monotonic() + 30
        while True:
            with contextlib.suppress(OSError):
                if call("GET", "/ping", {})[0] == 200:
                    break
            assert process.poll() is None and time.monotonic() < until, "no healthy ping"
            time.sleep(0.01)
        yield call
        process.terminate()
        finish(process)
    finally:
        process.kill()


@pytest.mark.parametrize("versions", ["prefix", "names"])
def test_a_pipeline_runs_from_a_raw_table_to_an_answer(
    versions: str, buckets: Buckets, tmp_path: Path, found: Callable[[str], None]
) -> None:
    execution = Execution(printed("pipeline", *PLACES, *OPTIONS, "--versions", versions), "run1")
    prepare(execution.arguments("Prepare"), buckets, tmp_path / "prepare")
    request = execution.arguments("Fit")
    customers = buckets.keys("s3://bucket/energy/run1/customers/")
    assert len(customers) == len(CUSTOMERS)

    kept = interrupted_fit(request, buckets, tmp_path)
    assert 0 < kept < len(CUSTOMERS)
    texts = fit(request, buckets, tmp_path)
    # The log tells the count again and again; the last is the whole.
    unchanged = [int(re.findall("models_unchanged=([0-9]+);", text)[-1]) for text in texts]
    assert sum(unchanged) == kept, "what had reached the bucket is not fitted again"
    prefix = "run1/" if versions == "names" else ""
    models = buckets.path(request["CheckpointConfig"]["S3Uri"])
    assert buckets.keys(request["CheckpointConfig"]["S3Uri"]) == sorted(f"{prefix}{name}.tar.gz" for name in CUSTOMERS)

    # One process over all of the files makes the same bytes.
    alone = train(buckets.path("s3://bucket/energy/run1/customers/"), tmp_path / "alone", **request["HyperParameters"])
    for path in (alone.output / "models").rglob("*.tar.gz"):
        assert path.read_bytes() == (models / path.relative_to(alone.output / "models")).read_bytes(), path

    model = execution.arguments("Model")
    assert buckets.path(model["PrimaryContainer"]["ModelDataUrl"]) == models
    execution.arguments("EndpointConfig")
    assert execution.arguments("Endpoint") == {"EndpointName": "road", "EndpointConfigName": "road-run1"}
    with serving(tmp_path / "serve") as call:
        for customer in (CUSTOMERS[0], CUSTOMERS[-1]):
            target = f"{prefix}{customer}.tar.gz"
            name, directory = fetch_model(model, buckets, target, tmp_path / "serve/models")
            headers = {"Content-Type": "application/json", "X-Amzn-SageMaker-Target-Model": target}
            body = json.dumps({"model_name": name, "url": str(directory)})
            assert call("POST", "/models", headers, body)[0] == 200
            status, answer = call("POST", f"/models/{name}/invoke", headers, json.dumps({"period": 7}))
            assert status == 200, answer
            served = list(json.loads(json.loads(answer))["yhat"].values())
            expected = list(alone.forecasts()[customer]["yhat"])
            assert served == pytest.approx(expected, rel=1e-8)
    assert Artifact.open(models / f"{prefix}{CUSTOMERS[0]}.tar.gz").facts["customer"] == CUSTOMERS[0]
    found(f"--versions {versions}: {kept} of {len(CUSTOMERS)} models were kept over the interruption of three instances")


def test_a_pipeline_of_regressions_splits_a_raw_table_and_judges_by_what_it_set_apart(tmp_path: Path) -> None:
    buckets, cities = Buckets(tmp_path / "s3"), [f"city {number}" for number in range(40)]
    raw = buckets.path("s3://bucket/raw/")
    raw.mkdir(parents=True)
    draws = random.Random(3)
    with (raw / "houses.csv").open("w") as table:
        table.write("rooms,city,price,area\n")
        for _ in range(60):
            for number, city in enumerate(cities):
                rooms, area = draws.randint(1, 8), draws.randint(30, 200)
                table.write(f"{rooms},{city},{900 * rooms + 20 * area + 100 * number + draws.randint(0, 500)},{area}\n")
    settings = ("model=gradient-boosting", "num_round=30", "early_stopping_rounds=3", "customer=city", "target=price")
    options = [option for setting in settings for option in ("--set", setting)]
    launch = ("--name", "homes", "--instances", str(INSTANCES), *options, "--prepare-argument=--validation-fraction=0.25")
    execution = Execution(printed("pipeline", *PLACES, *launch), "run1")
    prepare(execution.arguments("Prepare"), buckets, tmp_path / "prepare")
    for place in ("customers", "validation"):
        assert buckets.keys(f"s3://bucket/energy/run1/{place}/") == sorted(f"{city}.csv" for city in cities)
    request = execution.arguments("Fit")
    texts = fit(request, buckets, tmp_path)
    assert all(re.search("13 of them have validation rows|14 of them have validation rows", text) for text in texts)

    # One process over the raw table, whose rows the setting draws, makes the same models and the same errors.
    whole = tmp_path / "whole"
    command = [os.environ["MANYFIT"], "prepare", "--regression", "--customer", "city", "--target", "price=price"]
    subprocess.run([*command, "--input", str(raw), "--output", str(whole)], check=True, capture_output=True)
    alone = train(
        whole / "customers", tmp_path / "alone",
        model="gradient-boosting", num_round=30, early_stopping_rounds=3, target="price", validation_fraction=0.25,
    )
    models = buckets.path(request["CheckpointConfig"]["S3Uri"])
    for city in cities:
        found, expected = (members(place / f"{city}.tar.gz") for place in (models, alone.output / "models"))
        assert found["xgboost-model"] == expected["xgboost-model"], city
        accuracy = [json.loads(each[".manyfit.json"])["regression"]["accuracy"] for each in (found, expected)]
        assert accuracy[0] == accuracy[1]
        assert accuracy[0]["on"] == "validation"


def members(archive: Path) -> dict[str, bytes]:
    """The files of an archive."""
    with tarfile.open(archive, "r:gz") as opened:
        return {each.name: opened.extractfile(each).read() for each in opened.getmembers() if each.isfile()}
