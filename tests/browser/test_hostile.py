"""Names of customers and texts of cells are text, whatever is in them."""

import json

import pytest
from conftest import manyfit
from page import Report, blocks

NAMES = [
    "</script><script>document.title='run'</script>",
    "\"'><img src=x onerror=\"document.title='run'\">",
    "a\u2028b\u2029c",
    "\u202egnp.exe\u202c",
    "${document.title='run'}`",
    "<!--<script>",
    "=cmd|' /C calc'!A0",
    "__proto__",
    "constructor",
    "مرحبا",
    "\\u0022\\",
    "x" * 200,
]


@pytest.fixture(scope="module")
def hostile(place):
    """A manifest and tables with such names, as a stranger could have written them."""
    out = place / "hostile<script>"
    out.mkdir()
    rows = []
    for at, name in enumerate(sorted(NAMES)):
        row = {
            "customer": name, "status": "fitted", "notes": [name], "rows": 9, "missing": 0, "model": name, "frequency": name,
            "checks": [{"check": name, "reason": name}],
            "backtest": {"cutoffs": 1, "rows": 3, "metrics": {"mae": 1.0, "rmse": 1.0, "bias": 0.5, "smape": 0.1, "mase": 1.0 + at},
                         "candidates": [{"model": name, "weight": 1.0, "failed": name}]},
            "ms": {phase: 1.0 for phase in ["read", "compare", "backtest", "fit", "pack", "publish", "forecast"]},
            "artifact": name, "fingerprint": name,
        }
        if at == 0:
            row.update(status="failed", reason=name)
        rows.append(row)
    text = "".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) + "\n" for row in rows)
    (out / "manifest.jsonl").write_text(text)
    quoted = "".join('"{}",2024-01-0{}T00:00:00,{}\n'.format(name.replace('"', '""'), day, day) for name in sorted(NAMES) for day in range(1, 6))
    (out / "history.csv").write_text("customer,ds,y\n" + quoted)
    (out / "forecasts.csv").write_text('customer,ds,yhat,"</script><b>"\n' + quoted.replace("\n", ",1\n"))
    manyfit("report", out)
    return out


def test_the_page_has_no_scripts_but_its_own(hostile):
    html = (hostile / "report.html").read_text()
    assert html.count("<script") == html.count("</script>") == 4
    assert "document.title=" not in html
    assert len(blocks(html)) == 3
    assert Report(hostile / "report.html").columns["customer"] == sorted(NAMES)


def test_names_are_shown_and_nothing_of_them_runs(hostile, visit):
    opened = visit(hostile)
    page = opened.page
    title = page.title()
    assert title.startswith("hostile<script>")
    assert page.locator("main img, main b").count() == 0
    shown = page.locator(".customers tbody tr[aria-rowindex] th").all_inner_texts()
    assert "</script><script>document.title='run'</script>" in shown
    assert "a\\u{2028}b\\u{2029}c" in shown and "\\u{202e}gnp.exe\\u{202c}" in shown, "what cannot be seen is spelled out"
    for at in range(len(NAMES)):
        page.locator(".customers tbody tr[aria-rowindex]").nth(at).click()
        page.wait_for_selector("dialog[data-customer]")
        page.wait_for_selector("dialog .plot canvas")
        page.keyboard.press("Escape")
        page.wait_for_selector("dialog", state="hidden")
    opened.shoot("hostile", full_page=True)
    assert page.title() == title
    with page.expect_download() as download:
        page.click("text=Download CSV")
    text = open(download.value.path(), encoding="utf-8").read()
    assert "\n'=cmd|' /C calc'!A0," in text, "a spreadsheet takes it for text"


def test_the_page_forbids_other_scripts_and_all_requests(hostile, visit):
    opened = visit(hostile)
    ran = opened.page.evaluate(
        "() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; document.body.append(s);"
        " const i = new Image(); i.src = 'http://127.0.0.1:9/x.png'; document.body.append(i); return window.ran === 1; }"
    )
    assert not ran
    opened.page.wait_for_timeout(100)
    refused = [fault for fault in opened.faults if "Content Security Policy" in fault]
    assert len(refused) >= 2
    opened.faults.clear()


@pytest.mark.parametrize(
    ("manifest", "words"),
    [
        ("{\n", "line 1"),
        ('{"customer": 3}\n', "not a row of a manifest"),
        ("<html>\n", "line 1"),
    ],
)
def test_what_is_no_manifest_is_refused_with_its_line(manifest, words, place, tmp_path):
    import os
    import subprocess

    (tmp_path / "manifest.jsonl").write_text(manifest)
    ended = subprocess.run([os.environ["MANYFIT"], "report", tmp_path], capture_output=True, text=True)
    assert ended.returncode == 3 and words in ended.stderr
    assert not (tmp_path / "report.html").exists()
