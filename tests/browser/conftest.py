"""Runs whose reports are opened, and the browser."""

import json
import os
import random
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

REPOSITORY = Path(__file__).resolve().parents[2]
MANYFIT = os.environ["MANYFIT"]

# Without them the browser looks for hosts elsewhere.
OPTIONS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]


def manyfit(*arguments, code=0) -> str:
    ended = subprocess.run([MANYFIT, *map(str, arguments)], capture_output=True, text=True, stdin=subprocess.DEVNULL)
    assert ended.returncode == code, ended.stderr
    return ended.stdout


@pytest.fixture(scope="session")
def place(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("runs")


@pytest.fixture(scope="session")
def sales(place) -> Path:
    """A hundred customers of Prophet, one of them broken, beside two other models in a backtest."""
    out = place / "sales"
    manyfit("train", "--input", REPOSITORY / "sample_data/sales", "--output", out, "--horizon", 8, "--backtest", 3,
            "--set", "candidates=theta,ets")
    return out


@pytest.fixture(scope="session")
def best(place) -> Path:
    """The same customers, each with the best of several models."""
    out = place / "best"
    manyfit("train", "--input", REPOSITORY / "sample_data/sales", "--output", out, "--horizon", 8, "--model", "auto")
    return out


@pytest.fixture(scope="session")
def plain(place) -> Path:
    """Without a backtest."""
    out = place / "plain"
    manyfit("train", "--input", REPOSITORY / "sample_data/energy", "--output", out, "--horizon", 8)
    return out


@pytest.fixture(scope="session")
def homes(place) -> Path:
    """Regression with validation rows."""
    out = place / "homes"
    manyfit("train", "--input", REPOSITORY / "sample_data/housing", "--output", out, "--model", "gradient-boosting",
            "--set", "num_round=10", "--target", "median_house_value", "--categorical", "ocean_proximity",
            "--set", "validation_fraction=0.2")
    return out


@pytest.fixture(scope="session")
def many(place) -> Path:
    """Ten thousand customers, of which a page shows some."""
    raw, out = place / "raw", place / "many"
    manyfit("generate", "energy", "--customers", 10_000, "--rows", 120, "--output", raw)
    manyfit("train", "--input", raw, "--output", out, "--horizon", 14, "--backtest", 2, "--model", "theta")
    return out


def multiplied(sales: Path, out: Path, copies: int) -> Path:
    """The results of a run as if it had had so many times its customers, with other errors each."""
    drawn = random.Random(18)
    out.mkdir()
    rows = []
    for row in map(json.loads, (sales / "manifest.jsonl").read_text().splitlines()):
        for copy in range(copies):
            changed = json.loads(json.dumps(row))
            changed["customer"] = f"{row['customer']}-{copy:04}"
            for metrics in [changed.get("backtest", {}).get("metrics")]:
                if metrics:
                    metrics["mase"] *= drawn.lognormvariate(0, 0.3)
            rows.append(changed)
    rows.sort(key=lambda row: row["customer"])
    # Without spaces, as the program writes it.
    lines = (json.dumps(row, separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows)
    (out / "manifest.jsonl").write_text("".join(lines))
    (out / "summary.json").write_text((sales / "summary.json").read_text())
    manyfit("report", out)
    return out


@pytest.fixture(scope="session")
def huge(place, sales) -> Path:
    """As many customers as the table holds."""
    return multiplied(sales, place / "huge", 1000)


@pytest.fixture(scope="session")
def beyond(place, sales) -> Path:
    """More customers than the table holds."""
    return multiplied(sales, place / "beyond", 1001)


@pytest.fixture(scope="session")
def browser():
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=os.environ["CHROMIUM"], args=OPTIONS)
        yield started
        started.close()


class Opened:
    """A page that is ready, and what went wrong in it."""

    def __init__(self, browser, out: Path, **options):
        self.faults = []
        options = {"viewport": {"width": 1280, "height": 900}, **options}
        self.context = browser.new_context(**options)
        self.page = self.context.new_page()
        self.page.on("console", lambda message: self.faults.append(message.text))
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        # A page that loads something from elsewhere has a fault.
        self.page.on("request", lambda request: self.remember(request.url))
        self.page.goto((out / "report.html").as_uri())
        self.page.wait_for_selector("html[data-ready]")

    def remember(self, url: str):
        if not url.startswith(("file:", "blob:")):
            self.faults.append(f"asks for {url}")

    def text(self, selector: str) -> str:
        return self.page.inner_text(selector)

    def shoot(self, name: str, **options):
        if folder := os.environ.get("SHOTS"):
            self.page.screenshot(path=f"{folder}/{name}.png", **options)


@pytest.fixture
def visit(browser):
    """Opens reports, and insists that nothing was wrong with them."""
    opened = []

    def visit(out: Path, **options) -> Opened:
        opened.append(Opened(browser, out, **options))
        return opened[-1]

    yield visit
    for one in opened:
        one.context.close()
    assert [fault for one in opened for fault in one.faults] == []
