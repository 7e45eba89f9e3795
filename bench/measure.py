"""Runs a command and prints, as one line of JSON, its wall time, its peak memory and its own last line.

Memory is the larger of two figures: the kernel's high-water mark of the largest process, and the largest sum over the
command and its descendants of their proportional share (PSS), sampled: it counts pages that forked workers share once.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
import time
from pathlib import Path

INTERVAL = 0.1


def main() -> None:
    started = time.perf_counter()
    process = subprocess.Popen(sys.argv[1:], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    peak = _Peak(process.pid)
    peak.start()
    output, errors = process.communicate()
    seconds = time.perf_counter() - started
    peak.stop()
    if process.returncode != 0:
        sys.exit(f"{' '.join(sys.argv[1:])}\nexit code {process.returncode}\n{output}{errors}")
    largest = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    lines = output.splitlines()
    print(
        json.dumps({"seconds": seconds, "peak_mib": max(peak.kib, largest) / 1024, "says": lines[-1] if lines else ""})
    )


class _Peak(threading.Thread):
    """Samples the memory of a process and its descendants."""

    def __init__(self, pid: int) -> None:
        super().__init__(daemon=True)
        self.pid = pid
        self.kib = 0
        self._ended = threading.Event()

    def run(self) -> None:
        while not self._ended.wait(INTERVAL):
            self.kib = max(self.kib, sum(_pss_kib(pid) for pid in _family(self.pid)))

    def stop(self) -> None:
        self._ended.set()
        self.join()


def _family(pid: int) -> list[int]:
    """A process and all that descend from it, as far as they still run."""
    found = [pid]
    for one in found:
        for children in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                found.extend(int(child) for child in children.read_text().split())
            except OSError:
                continue
    return found


def _pss_kib(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


if __name__ == "__main__":
    main()
