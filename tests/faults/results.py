"""What a run left under final names: whether it is whole, and whether it is that of a run without faults.

Times differ from run to run, so manifests and summaries are compared without them. All else is compared byte for byte.
"""

import base64
import gzip
import io
import json
import re
import tarfile

# Of a manifest's row: how long it took; whether a model was fitted now or by the run before.
VARYING = {"ms", "status", "etag", "stale"}
LOCKS = (".lock.sagemaker-ignore", ".prepare/lock")
DONE = {"fitted", "unchanged"}


class Torn(Exception):
    """Half of a file, or something that no run writes."""


def manifest(content):
    """The rows by customer, without what varies; a failed customer's is its status alone."""
    if content and not content.endswith(b"\n"):
        raise Torn("its last line is cut off")
    rows = {}
    for line in content.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            raise Torn(f"not JSON: {line[:80]!r}") from None
        is_done = row["status"] in DONE
        rows[row["customer"]] = {name: value for name, value in row.items() if name not in VARYING} if is_done else row["status"]
    return rows


def table(content):
    """Lines by customer; the header is the lines of customer "customer"."""
    if not content.endswith(b"\n"):
        raise Torn("its last line is cut off")
    rows = {}
    for line in content.splitlines():
        rows.setdefault(line.split(b",")[0].decode(), []).append(line)
    if next(iter(rows), "") != "customer":
        raise Torn("it has no header")
    return rows


def summary(content):
    try:
        summary = json.loads(content)
    except ValueError:
        raise Torn("not JSON") from None
    if "fitted" not in summary:
        return summary
    counts = {name: summary[name] for name in ("customers", "fallback", "failed", "stopped")}
    tables = {name: sums for name, sums in summary["files"].items() if name != "manifest.jsonl"}
    return {**counts, "done": summary["fitted"] + summary["unchanged"], "tables": tables}


def archive(content):
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as members:
            for member in members:
                members.extractfile(member).read()
    except Exception as error:
        raise Torn(f"not a whole tar.gz: {error}") from None
    return content


def parquet(content):
    if len(content) < 12 or content[:4] != b"PAR1" or content[-4:] != b"PAR1" or int.from_bytes(content[-8:-4], "little") > len(content):
        raise Torn("not a whole Parquet file")
    return content


def page(content):
    """The data of a report, without the outcomes, of which a manifest says as much, and without times and counts by status."""
    if not content.endswith(b"</html>\n"):
        raise Torn("it is cut off")
    blocks = dict(re.findall(rb'<script type="text/plain" id="(\w+)">([^<]*)</script>', content))
    texts = {name.decode(): gzip.decompress(base64.b64decode(text)).decode() for name, text in blocks.items()}
    overview = json.loads(texts["overview"])
    series = [line for line in texts["series"].splitlines() if not line.startswith('["outcome"')]
    return [series, *(overview[name] for name in ("distributions", "calibration", "won", "worst", "best", "shown", "has_history"))]


def value(name, content):
    """What a file says, to be compared with the same file of another run."""
    if name.endswith("manifest.jsonl"):
        return manifest(content)
    if name.endswith("summary.json"):
        return summary(content)
    if name.endswith(".tar.gz"):
        return archive(content)
    if name.endswith(".parquet"):
        return parquet(content)
    if name.endswith("report.html"):
        return page(content)
    if name.endswith(("forecasts.csv", "history.csv", "t.csv")):
        return table(content)
    return content


def is_staged(name):
    """Not a final name: no reader takes it for a result."""
    file = name.rsplit("/", 1)[-1]
    return name.startswith(".prepare/") or file.endswith(".sagemaker-ignore") or file in ("manifest.partial.jsonl", "checkpoint.jsonl", "run.lock.json")


def read(files):
    return {name: value(name, content) for name, content in files.items()}


def faults(files, old, new):
    """What is wrong with what a disturbed run left: each file is the old one, the new one, or a whole one of fewer customers."""
    found = []
    for name, content in files.items():
        if is_staged(name):
            continue
        try:
            this = value(name, content)
        except Torn as torn:
            found.append(f"torn: {name}: {torn}")
            continue
        whole = [side[name] for side in (old, new) if name in side]
        if not whole and name != "rejects.csv":
            found.append(f"unknown file: {name}")
        elif this in whole or name.endswith(("summary.json", "report.html", "forecasts.parquet", "t.parquet", "missing.txt")):
            pass
        elif isinstance(this, dict):
            known = [side[customer] for side in whole for customer in this if customer in side]
            found.extend(f"neither old nor new: {name}: {customer}" for customer, rows in this.items() if rows != "failed" and rows not in known)
        else:
            found.append(f"neither old nor new: {name}")
    # Nothing that was there is gone, but for the page that the old results were made into.
    found.extend(f"gone: {name}" for name in old if name in new and name not in files and not name.endswith("report.html"))
    return found


def differences(files, new, may_hold_lock=False):
    """How what a run left that claims to be complete differs from what one without faults leaves. The file of a lock is free when
    its process has ended."""
    found = [f"left over: {name}" for name in files if name not in new and not (may_hold_lock and name.endswith(LOCKS))]
    found.extend(f"absent: {name}" for name in new if name not in files)
    for name, content in files.items():
        if name not in new:
            continue
        try:
            if value(name, content) != new[name]:
                found.append(f"another result: {name}")
        except Torn as torn:
            found.append(f"torn: {name}: {torn}")
    return found
