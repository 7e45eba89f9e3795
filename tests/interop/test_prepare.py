"""`manyfit prepare` against pandas: the same rows, the same aggregates, the same quality."""

import os
import subprocess

import numpy as np
import pandas as pd
import pytest


def prepare(table, output, *options):
    command = [os.environ["MANYFIT"], "prepare", "--input", str(table), "--output", str(output), *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(command)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    return {path.name.removesuffix(".csv"): pd.read_csv(path) for path in (output / "customers").glob("*.csv")}


@pytest.fixture(scope="module")
def readings():
    """Hourly readings of 25 customers, in the order of time, with gaps, missing and repeated rows and a spike."""
    random = np.random.default_rng(6)
    hours = pd.date_range("2023-12-20 05:00", periods=24 * 60, freq="h")
    frame = pd.DataFrame(
        [(f"c{customer}", hour) for hour in hours for customer in range(25)], columns=["customer_id", "timestamp"]
    )
    frame["kwh"] = np.round(random.gamma(2.0, 3.0, len(frame)), 3)
    frame["tariff"] = random.integers(0, 4, len(frame))
    frame = frame[random.random(len(frame)) > 0.1]
    frame.loc[random.random(len(frame)) < 0.05, "kwh"] = np.nan
    frame.loc[random.random(len(frame)) < 0.02, "kwh"] = 0.0
    frame.loc[random.random(len(frame)) < 0.001, "kwh"] = 999.5
    return pd.concat([frame, frame.sample(200, random_state=6)], ignore_index=True)


@pytest.fixture(params=["csv", "parquet"])
def table(request, readings, tmp_path):
    path = tmp_path / f"readings.{request.param}"
    readings.to_csv(path, index=False) if request.param == "csv" else readings.to_parquet(path, row_group_size=3000)
    return path


def test_every_row_is_where_pandas_puts_it(table, readings, tmp_path):
    found = prepare(table, tmp_path / "out", "--keep", "tariff", "--target", "kwh=kwh")
    groups = {name: group for name, group in readings.groupby("customer_id")}
    assert found.keys() == groups.keys()
    for name, group in groups.items():
        expected = group.sort_values("timestamp", kind="stable").drop(columns="customer_id").reset_index(drop=True)
        frame = found[name].assign(timestamp=pd.to_datetime(found[name].timestamp).astype(expected.timestamp.dtype))
        pd.testing.assert_frame_equal(frame, expected)


def test_a_table_and_its_parquet_give_the_same_bytes(readings, tmp_path):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    readings.to_parquet(tmp_path / "readings.parquet", row_group_size=3000)
    folders = []
    for form in ["csv", "parquet"]:
        prepare(tmp_path / f"readings.{form}", tmp_path / form, "--aggregate", "sum", "--frequency", "D")
        folders.append({path.name: path.read_bytes() for path in (tmp_path / form / "customers").iterdir()})
    assert folders[0] == folders[1]


@pytest.mark.parametrize("frequency", ["D", "3h", "7h", "2D", "W-SUN", "W-WED", "MS", "ME", "QS", "QE", "YS", "YE"])
@pytest.mark.parametrize("aggregate", ["sum", "mean", "last"])
def test_aggregates_are_those_of_resample(readings, tmp_path, frequency, aggregate):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    options = ["--aggregate", aggregate, "--frequency", frequency, "--grid"]
    found = prepare(tmp_path / "readings.csv", tmp_path / "out", *options)
    for name, group in readings.sort_values("timestamp", kind="stable").groupby("customer_id"):
        resampled = group.set_index("timestamp").kwh.resample(frequency)
        expected = resampled.sum(min_count=1) if aggregate == "sum" else getattr(resampled, aggregate)()
        assert list(pd.to_datetime(found[name].timestamp)) == list(expected.index)
        np.testing.assert_allclose(found[name].target, expected, rtol=1e-14)


def test_clocks_are_those_of_pandas(readings, tmp_path):
    local = readings.assign(timestamp=readings.timestamp + pd.Timedelta(days=100)).drop_duplicates(
        ["customer_id", "timestamp"]
    )
    local.to_csv(tmp_path / "readings.csv", index=False)
    found = prepare(tmp_path / "readings.csv", tmp_path / "out", "--timezone", "Europe/Berlin")
    for name, group in local.groupby("customer_id"):
        moments = group.timestamp.dt.tz_localize("Europe/Berlin", nonexistent=pd.Timedelta(hours=1), ambiguous=True)
        expected = moments.dt.tz_convert("UTC").dt.tz_localize(None)
        assert list(pd.to_datetime(found[name].timestamp)) == sorted(expected)


def test_the_quality_report_says_what_pandas_finds(readings, tmp_path):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    prepare(tmp_path / "readings.csv", tmp_path / "out")
    report = pd.read_parquet(tmp_path / "out" / "quality.parquet").set_index("customer")
    assert list(report.index) == sorted(readings.customer_id.unique())
    for name, group in readings.groupby("customer_id"):
        row, values = report.loc[name], group.kwh.dropna()
        low, high = np.quantile(values, [0.25, 0.75])
        reach = 3 * (high - low)
        hours = (group.timestamp.max() - group.timestamp.min()) / pd.Timedelta(hours=1) + 1
        assert row["rows"] == row["written"] == len(group)
        assert row["missing"] == group.kwh.isna().sum()
        assert row["duplicates"] == group.timestamp.duplicated().sum()
        assert row["zeros"] == (values == 0).sum()
        assert row["outliers"] == ((values < low - reach) | (values > high + reach)).sum()
        assert pd.Timestamp(row["start"]) == group.timestamp.min()
        assert pd.Timestamp(row["end"]) == group.timestamp.max()
        if row["frequency"] == "h":
            assert row["gaps"] == hours - group.timestamp.nunique()
        assert row["minimum"] == values.min() and row["maximum"] == values.max()
        np.testing.assert_allclose([row["mean"], row["sum"]], [values.mean(), values.sum()], rtol=1e-12)
    assert (report.frequency == "h").sum() > 10


def test_bundles_as_parquet_hold_every_row(readings, tmp_path):
    readings.to_csv(tmp_path / "readings.csv", index=False)
    prepare(tmp_path / "readings.csv", tmp_path / "out", "--bundle", "200k", "--format", "parquet", "--keep", "tariff")
    frames = [pd.read_parquet(path) for path in sorted((tmp_path / "out" / "customers").iterdir())]
    assert len(frames) > 3
    assert sum(frame.customer.nunique() for frame in frames) == readings.customer_id.nunique()
    found = pd.concat(frames).sort_values(["customer", "timestamp"], kind="stable", ignore_index=True)
    expected = readings.sort_values(["customer_id", "timestamp"], kind="stable", ignore_index=True)
    assert list(found.customer) == list(expected.customer_id)
    assert list(found.timestamp) == list(expected.timestamp)
    np.testing.assert_array_equal(found.target, expected.kwh)
    assert list(found.tariff.astype(int)) == list(expected.tariff)
