"""What a person does with the page: read, search, sort, filter, look at a customer, by mouse, keyboard and screen reader."""

import csv
import io
import os
import time
from pathlib import Path

import pytest
from page import Report, manifest

SIZES = {"sales": 100, "many": 10_000, "huge": 100_000, "beyond": 100_100}


def shown_names(page) -> list[str]:
    return page.locator(".customers tbody tr[aria-rowindex] th").all_inner_texts()


def status(page) -> str:
    return page.inner_text(".count")


@pytest.mark.parametrize("name", ["sales", "many", "huge", "beyond"])
def test_it_opens_and_answers_quickly(name, request, visit):
    """The times are printed, not judged: they are this machine's."""
    out = request.getfixturevalue(name)
    begun = time.monotonic()
    opened = visit(out)
    ready = time.monotonic() - begun
    page = opened.page
    paint = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    opened.shoot(f"{name}", full_page=True)
    spent = {}
    for label, act in {
        "sort by MASE": "document.querySelector('th[data-column=mase] button').click()",
        "sort by name": "document.querySelector('th[data-column=customer] button').click()",
        "search": "search.value = '77'; search.dispatchEvent(new Event('input'))",
        "filter": "const s = document.getElementById('filter-status'); s.value = 'failed'; s.dispatchEvent(new Event('change'))",
    }.items():
        # From the event to what is painted after it.
        spent[label] = page.evaluate(
            "async (act) => { const begun = performance.now(); (new Function(act))();"
            "await new Promise((done) => requestAnimationFrame(() => setTimeout(done))); return performance.now() - begun; }",
            act.replace("search", "document.getElementById('search')") if label == "search" else act,
        )
    size = (out / "report.html").stat().st_size / 1e6
    told = ", ".join(f"{label} {ms:.0f} ms" for label, ms in spent.items())
    print(f"\n{SIZES[name]} customers, {size:.2f} MB: first paint {paint:.0f} ms, ready after {ready:.2f} s; {told}")
    assert page.locator("#lead").inner_text().startswith(f"{sum(row['status'] != 'failed' for row in manifest(out)):,} of")


def test_a_page_of_too_many_customers_says_which_it_has(beyond, visit):
    page = visit(beyond).page
    report = Report(beyond / "report.html")
    assert not report.overview["has_all"] and len(report.columns["customer"]) == report.overview["shown"]
    assert 300 <= report.overview["shown"] <= 500
    assert "of more than 100,000 customers a page cannot hold all" in page.inner_text("#customers .lead")


def test_search_sort_and_filter_leave_what_they_say(sales, visit):
    page = visit(sales).page
    page.fill("#search", "tropicana")
    page.wait_for_function("document.querySelector('.count').textContent.includes('that match')")
    assert all("tropicana" in name for name in shown_names(page))
    page.fill("#search", "")
    page.click("th[data-column=mase] button")
    assert page.get_attribute("th[data-column=mase]", "aria-sort") == "descending"
    scored = {row["customer"]: row["backtest"]["metrics"]["mase"] for row in manifest(sales) if "backtest" in row}
    by_error = sorted(scored, key=lambda name: -scored[name])
    assert shown_names(page)[:8] == by_error[:8]
    page.click("th[data-column=mase] button")
    assert shown_names(page)[:8] == by_error[::-1][:8]
    page.select_option("#filter-status", "failed")
    assert shown_names(page) == ["9999_broken_on_purpose"]
    page.select_option("#filter-status", "")
    page.click("#causes button:has-text('Show')")
    assert shown_names(page) == ["9999_broken_on_purpose"]
    assert status(page) == "1 to 1 of 1 customer that match, of 100"


def test_customers_without_a_number_are_last_both_ways(sales, visit):
    page = visit(sales).page
    for _ in range(2):
        page.click("th[data-column=mase] button")
        page.evaluate("document.querySelector('.view').scrollTop = 1e6")
        page.wait_for_timeout(100)
        assert shown_names(page)[-1] == "9999_broken_on_purpose"


def test_the_table_goes_by_keyboard(sales, visit):
    opened = visit(sales)
    page, names = opened.page, sorted(row["customer"] for row in manifest(sales))
    focused = "document.activeElement.querySelector('th')?.innerText"
    page.focus(".customers tbody tr[tabindex='0']")
    for key, at in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 99), ("Home", 0), ("PageDown", None)]:
        page.keyboard.press(key)
        name = page.evaluate(focused)
        assert (name == names[at]) if at is not None else names.index(name) > 5
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    page.wait_for_selector("dialog[data-customer]")
    assert page.get_attribute("dialog", "data-customer") == names[0]
    page.keyboard.press("Escape")
    assert not page.is_visible("dialog")
    assert page.evaluate(focused) == names[0], "the focus goes back to the row"
    page.click("text=Next page")
    assert status(page).split()[0] != "1"


def test_a_customer_shows_its_series_scores_and_remarks(sales, visit):
    opened = visit(sales)
    page = opened.page
    worst = Report(sales / "report.html").overview["worst"][0][0]
    page.click("#ranking button.link >> nth=0")
    page.wait_for_selector(f"dialog[data-customer='{worst}']")
    titles = page.locator("dialog h3").all_inner_texts()
    assert titles[:3] == ["History and forecast", "Forecasts of the past, from 3 cutoffs", "Components of the forecast"]
    row = next(row for row in manifest(sales) if row["customer"] == worst)
    cells = page.locator("dialog table[class=''], dialog .scrolls table").first.inner_text()
    assert f"{row['backtest']['metrics']['mase']:.3f}" in cells
    opened.shoot("customer")
    page.click("dialog button[aria-label^='Zoom in']")
    page.click("dialog button:has-text('Next')")
    page.wait_for_function(f"document.querySelector('dialog').dataset.customer !== {worst!r}")
    page.click("dialog >> text=Close")
    page.select_option("#filter-status", "failed")
    page.click(".customers tbody tr[aria-rowindex]")
    page.wait_for_selector("dialog[data-customer]")
    assert "twelve thousand" in page.inner_text("dialog .remarks")


def test_a_customer_beyond_the_sample_says_so(many, visit):
    page = visit(many).page
    report = Report(many / "report.html")
    other = next(name for name in report.columns["customer"] if name not in report.series)
    page.fill("#search", other)
    page.wait_for_function("document.querySelector('.count').textContent.includes('that match')")
    page.click(".customers tbody tr[aria-rowindex]")
    page.wait_for_selector("dialog[data-customer]")
    assert "This one is not among them" in page.inner_text("dialog .lead")


def test_what_is_filtered_is_downloaded(sales, visit):
    page = visit(sales).page
    page.fill("#search", "dominicks")
    page.wait_for_function("document.querySelector('.count').textContent.includes('that match')")
    with page.expect_download() as download:
        page.click("text=Download CSV")
    rows = list(csv.DictReader(io.StringIO(Path(download.value.path()).read_text())))
    expected = {row["customer"]: row for row in manifest(sales) if "dominicks" in row["customer"]}
    assert [row["customer"] for row in rows] == sorted(expected)
    for row in rows:
        assert abs(float(row["mase"]) - expected[row["customer"]]["backtest"]["metrics"]["mase"]) < 1e-5


def test_a_run_without_a_backtest_says_so(plain, visit):
    opened = visit(plain)
    assert "No backtest ran" in opened.text("#errors .notice")
    assert opened.page.locator("#ranking, #calibration").count() == 0
    opened.shoot("plain", full_page=True)


@pytest.mark.parametrize("name", ["sales", "homes"])
def test_the_ranking_shows_the_error_that_it_is_sorted_by(name, request, visit):
    out = request.getfixturevalue(name)
    rows = manifest(out)
    if name == "sales":
        scored = sorted((row["backtest"]["metrics"]["mase"], row["customer"]) for row in rows if "backtest" in row)
    else:
        scored = sorted(((row["accuracy"]["r2"], row["customer"]) for row in rows if "accuracy" in row), reverse=True)
    page = visit(out).page
    for title, expected in [("Worst", scored[::-1]), ("Best", scored)]:
        lines = page.locator(f"#ranking table:has(caption:text-is('{title}')) tbody tr").all_inner_texts()
        shown = [line.split("\t")[:2] for line in lines]
        assert shown == [[customer, f"{error:.3f}".replace("-0.000", "0.000")] for error, customer in expected[:10]]


def test_regression_shows_predictions_against_targets(homes, visit):
    opened = visit(homes)
    page = opened.page
    page.click("#ranking button.link >> nth=0")
    page.wait_for_selector("dialog[data-customer]")
    customer = page.get_attribute("dialog", "data-customer")
    points = page.locator("dialog circle.dot").count()
    predictions = Report(homes / "report.html").series[customer]["predictions"]
    assert points == len(predictions["target"]) > 0
    opened.shoot("regression")


@pytest.mark.parametrize("look", ["light", "dark", "phone"])
def test_it_shuts_nobody_out(look, sales, visit):
    options = {"phone": {"viewport": {"width": 390, "height": 844}}, "dark": {"color_scheme": "dark"}}
    opened = visit(sales, **options.get(look, {}))
    page = opened.page
    page.click("#errors summary >> nth=0")
    # The browser that tests drive may run what the page itself may not.
    script = Path(os.environ["AXE"]).read_text()
    found = []
    for state in ["overview", "customer"]:
        if state == "customer":
            page.click("#ranking button.link >> nth=0")
            page.wait_for_selector("dialog[data-customer]")
            page.wait_for_timeout(200)
        opened.shoot(f"{state}-{look}", full_page=state == "overview")
        page.evaluate(script)
        for violation in page.evaluate("axe.run(document)")["violations"]:
            where = [node["target"] for node in violation["nodes"]][:3]
            found.append((violation["impact"], violation["id"], where))
    print(f"\n{look}: {found}")
    assert [one for one in found if one[0] in ("serious", "critical")] == []
    assert page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth"), "scrolls sideways"


def test_dark_mode_is_dark_and_paper_is_white(sales, visit):
    colour = "getComputedStyle(document.body).backgroundColor"
    light = visit(sales).page.evaluate(colour)
    opened = visit(sales, color_scheme="dark")
    dark = opened.page.evaluate(colour)
    assert light == "rgb(255, 255, 255)" and dark != light
    opened.page.emulate_media(media="print", color_scheme="light")
    assert not opened.page.is_visible("nav") and not opened.page.is_visible("#search")
    pdf = opened.page.pdf()
    assert pdf.startswith(b"%PDF") and 1 <= pdf.count(b"/Type /Page\n") <= 12
    if folder := os.environ.get("SHOTS"):
        (Path(folder) / "print.pdf").write_bytes(pdf)
