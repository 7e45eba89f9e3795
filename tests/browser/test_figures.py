"""Every figure of a page is that of the manifest and the tables, computed here once more."""

import math
from collections import Counter
from datetime import UTC, datetime
from statistics import fmean, median

import pytest
from conftest import manyfit
from page import Report, close, manifest, number, table, times
from playwright.sync_api import Page

MEASURES = ["mase", "rmsse", "wape", "coverage"]


def of(row: dict, *path):
    """A value deep in an outcome; None where anything on the way is absent."""
    for name in path:
        row = row.get(name) if row else None
    return row


def relative_bias(metrics: dict | None):
    if not metrics or metrics.get("wape") is None:
        return None
    return 0.0 if metrics["mae"] == 0 else metrics["bias"] / metrics["mae"] * metrics["wape"]


def tiles(page: Page) -> dict[str, str]:
    return dict(zip(page.locator(".tile dt").all_inner_texts(), page.locator(".tile dd").all_inner_texts(), strict=True))


@pytest.mark.parametrize("name", ["sales", "best", "plain", "homes", "many", "huge"])
def test_the_table_is_the_manifest(name, request):
    out = request.getfixturevalue(name)
    report, rows = Report(out / "report.html"), manifest(out)
    columns = report.columns
    assert columns["customer"] == [row["customer"] for row in rows]
    assert columns["status"] == [row["status"] for row in rows]
    for column in ["model", "frequency", "first", "last"]:
        assert columns[column] == [row.get(column) for row in rows]
    expected = {
        "rows": lambda row: row["rows"],
        "missing": lambda row: row["missing"],
        **{measure: lambda row, measure=measure: of(row, "backtest", "metrics", measure) for measure in MEASURES},
        "naive_mase": lambda row: of(row, "backtest", "seasonal_naive", "mase"),
        "relative_bias": lambda row: relative_bias(of(row, "backtest", "metrics")),
        "own_coverage": lambda row: of(row, "backtest", "own_coverage"),
        "cutoffs": lambda row: of(row, "backtest", "cutoffs"),
        "r2": lambda row: of(row, "accuracy", "r2"),
        "rmse": lambda row: of(row, "accuracy", "rmse"),
        "mae": lambda row: of(row, "accuracy", "mae"),
        "in_sample_rmse": lambda row: of(row, "in_sample", "rmse"),
        "in_sample_mae": lambda row: of(row, "in_sample", "mae"),
        "interval_factor": lambda row: of(row, "calibration", "factor"),
        "ms": lambda row: sum(row["ms"].values()),
        "bytes": lambda row: row.get("bytes"),
    }
    for column, value in expected.items():
        wrong = [(row["customer"], shown) for row, shown in zip(rows, columns[column], strict=True) if not close(value(row), shown)]
        assert wrong == [], column
    assert set(expected) | {"customer", "status", "model", "frequency", "first", "last", "causes"} == set(columns)


@pytest.mark.parametrize("name", ["sales", "best", "many", "huge", "beyond"])
def test_the_totals_and_the_distributions_are_those_of_the_manifest(name, request, visit):
    out = request.getfixturevalue(name)
    overview, rows = Report(out / "report.html").overview, manifest(out)
    counts = Counter(row["status"] for row in rows)
    summary = overview["summary"]
    for status in ["fitted", "unchanged", "fallback", "failed"]:
        assert summary[status] == counts[status]
    for phase, ms in summary["ms"].items():
        assert math.isclose(ms, math.fsum(row["ms"][phase] for row in rows), rel_tol=1e-9)
    own = [of(row, "backtest", "metrics", "mase") for row in rows]
    naive = [of(row, "backtest", "seasonal_naive", "mase") for row in rows]
    present = [value for value in own if value is not None]
    assert math.isclose(summary["backtest"]["mase"], fmean(present), rel_tol=1e-6)
    pairs = [(one, other) for one, other in zip(own, naive) if one is not None and other is not None]
    better = sum(one < other for one, other in pairs)
    assert (overview["better_than_naive"], overview["compared_with_naive"]) == (better, len(pairs))
    for distribution in overview["distributions"]:
        measure = distribution["measure"]
        for kind, key in [("model", "metrics"), ("naive", "seasonal_naive")]:
            metrics = [of(row, "backtest", key) for row in rows]
            values = [relative_bias(one) if measure == "relative_bias" else of(one, measure) for one in metrics]
            check_histogram(distribution[kind], [value for value in values if value is not None], measure == "coverage")
    opened = visit(out)
    shown = tiles(opened.page)
    assert shown["Customers"] == f"{len(rows):,}"
    assert shown["Failed"].startswith(f"{counts['failed']:,}")
    assert shown["Mean MASE"].startswith(f"{fmean(present):.3f}")
    assert shown["Better than naive"].startswith(f"{100 * better / len(pairs):.1f} %")
    if name != "beyond":
        caption = opened.text("#errors figure[data-measure=MASE] figcaption")
        assert f"Median {median(present):.3f}" in caption


def check_histogram(shown: dict, values: list[float], is_closed: bool):
    bins = len(shown["counts"])
    expected = Counter()
    for value in values:
        place = math.floor((value - shown["from"]) / shown["width"] + 1e-9)
        place = bins - 1 if is_closed and place == bins else place
        expected["below" if place < 0 else "above" if place >= bins else place] += 1
    assert shown["below"] == expected["below"] and shown["above"] == expected["above"]
    assert shown["counts"] == [expected[place] for place in range(bins)]


@pytest.mark.parametrize("name", ["sales", "best", "many"])
def test_calibration_is_that_of_the_table_of_the_backtest(name, request):
    out = request.getfixturevalue(name)
    rows, covered = Counter(), Counter()
    for customer in table(out, "backtest").values():
        cutoff, step = None, 0
        for row in customer:
            step = step + 1 if row["cutoff"] == cutoff else 0
            cutoff = row["cutoff"]
            lower, y, upper = (number(row[column]) for column in ["yhat_lower", "y", "yhat_upper"])
            if lower is not None:
                rows[step] += 1
                covered[step] += lower <= y <= upper
    shown = Report(out / "report.html").overview["calibration"]
    assert shown["rows"] == [rows[step] for step in range(len(rows))]
    assert shown["covered"] == [covered[step] for step in range(len(rows))]


@pytest.mark.parametrize("name", ["sales", "best", "many"])
def test_worst_and_best_are_sorted_by_error_and_models_by_what_they_won(name, request):
    out = request.getfixturevalue(name)
    overview, rows = Report(out / "report.html").overview, manifest(out)
    scored = sorted((value, row["customer"]) for row in rows if (value := of(row, "backtest", "metrics", "mase")) is not None)
    assert [customer for customer, _ in overview["worst"]] == [customer for _, customer in scored[::-1][:10]]
    assert [customer for customer, _ in overview["best"]] == [customer for _, customer in scored[:10]]
    won = Counter()
    for row in rows:
        weights = [(candidate["model"], candidate["weight"]) for candidate in of(row, "backtest", "candidates") or [] if candidate.get("weight")]
        if weights:
            won[max(weights, key=lambda pair: pair[1])[0]] += 1
    assert {model: of["customers"] for model, of in overview["won"].items()} == dict(won)
    models = Counter(row.get("model") or "none" for row in rows)
    assert {model: of["customers"] for model, of in overview["models"].items()} == dict(models)


def test_causes_are_counted_once_for_each_customer(place):
    rows = "".join(f"2024-{1 + day // 28:02}-{1 + day % 28:02},{5 if day < 60 else 0}\n" for day in range(90))
    folder = place / "causes-in"
    folder.mkdir()
    for name in ["a", "b", "c"]:
        (folder / f"{name}.csv").write_text("ds,y\n" + rows)
    (folder / "d.csv").write_text("ds,y\n2024-01-01,x\n")
    (folder / "e.csv").write_text("ds,y\n2024-01-01,1\n")
    out = place / "causes"
    manyfit("train", "--input", folder, "--output", out, "--set", "max_failures=5")
    overview = Report(out / "report.html").overview
    expected = Counter()
    for row in manifest(out):
        expected[("failed" if row["status"] == "failed" else "fallback")] += "reason" in row
        for check in {check["check"] for check in row.get("checks", [])}:
            expected[check] += 1
    shown = Counter()
    for cause in overview["causes"]:
        if cause["of"] != "note":
            shown[cause["text"] if cause["of"] == "check" else cause["of"]] += cause["customers"]
    assert shown == +expected and shown["failed"] == 1


@pytest.mark.parametrize("name", ["sales", "best", "plain", "homes", "many"])
def test_the_series_of_a_customer_are_those_of_the_tables(name, request):
    out = request.getfixturevalue(name)
    report, rows = Report(out / "report.html"), {row["customer"]: row for row in manifest(out)}
    assert report.overview["shown"] == len(report.series) == min(len(report.series), len(rows))
    for wanted in ["history", "forecasts", "backtest", "predictions"]:
        if not (out / f"{wanted}.csv").exists():
            continue
        tables = table(out, wanted)
        for customer, shown in report.series.items():
            assert shown["outcome"] == rows[customer]
            content, lines = shown.get(wanted), tables.get(customer, [])[-2000:]
            if not lines:
                assert content is None
                continue
            for packed, column in zip(content["times"], ["ds", "cutoff"]):
                assert [stamp(time) for time in times(packed)] == [line[column] for line in lines]
            for column, values in content.items():
                if column != "times":
                    assert all(close(number(line[column]), value) for line, value in zip(lines, values, strict=True))


def stamp(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")


def test_the_forecasts_of_a_page_are_those_of_predict(sales, place):
    (place / "predicted").mkdir()
    manyfit("predict", sales / "models", "--horizon", 8, "--output", place / "predicted" / "predictions.csv")
    predicted = table(place / "predicted", "predictions")
    series = Report(sales / "report.html").series
    assert len(predicted) == 99
    for customer, lines in predicted.items():
        for column in ["yhat", "yhat_lower", "yhat_upper"]:
            shown = series[customer]["forecasts"][column]
            assert all(close(number(line[column]), value) for line, value in zip(lines, shown, strict=True))
