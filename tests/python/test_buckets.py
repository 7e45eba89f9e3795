"""Fleets in a bucket, on moto."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest
from moto.server import ThreadedMotoServer

import manyfit


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of an empty bucket."""
    import boto3

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    address = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_REGION": "us-east-1"}
    for name, value in {**address, "AWS_ENDPOINT_URL_S3": f"http://{host}:{port}"}.items():
        monkeypatch.setenv(name, value)
    boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="fleets")
    yield "s3://fleets"
    server.stop()


def test_a_fleet_is_fitted_into_a_bucket_saved_to_another_place_and_loaded(
    table: pl.DataFrame, bucket: str, tmp_path: Path
) -> None:
    inside = manyfit.fit(table)
    fitted = manyfit.fit(table, output=f"{bucket}/fitted", horizon=3)
    inside.save(f"{bucket}/saved")
    expected = {customer: inside[customer].archive for customer in inside}
    for place in ("fitted", "saved", "saved/models"):
        loaded = manyfit.Fleet.load(f"{bucket}/{place}", library="polars")
        assert {customer: loaded[customer].archive for customer in loaded} == expected, place
    assert fitted.forecast(3).equals(inside.forecast(3))
    assert fitted.tables["forecasts"].height == 90
    again = manyfit.fit(table, output=f"{bucket}/fitted", horizon=3)
    assert {row["status"] for row in again.manifest} == {"unchanged"}


def test_a_bucket_that_is_not_there_is_an_error_of_its_operator(table: pl.DataFrame, bucket: str) -> None:
    with pytest.raises(manyfit.StorageError, match="nowhere"):
        manyfit.fit(table, output="s3://nowhere/fitted")
    with pytest.raises(OSError, match="nowhere"):
        manyfit.Fleet.load("s3://nowhere/fitted")
