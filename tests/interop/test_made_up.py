"""Made-up series on which a descent from one start ends 20 to 170 units of log posterior below Stan's.

`sweep_optimum.py` looks for more of them, by hand.
"""

from __future__ import annotations

import multiprocessing
import os
from pathlib import Path

import pytest

from binary import train
from sweep_optimum import ALLOWANCE, MODES, judge, write

SEEDS = {
    "multiplicative": (82, 355, 449, 524, 611, 623, 818, 982, 1094, 1192, 1374),
    "logistic": (25, 40, 410),
}


@pytest.mark.parametrize("mode", SEEDS)
def test_no_log_posterior_is_below_stans(mode: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for seed in SEEDS[mode]:
        write(("retail", seed, "growth" in MODES[mode], data))
    models = train(data, tmp_path / "out", **MODES[mode]).output / "models"
    cases = [
        ("retail", mode, seed, dropped, models / f"{seed:05d}-{dropped}.tar.gz")
        for seed in SEEDS[mode]
        for dropped in range(3)
    ]
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        verdicts = pool.map(judge, cases, chunksize=1)
    compared = [(case[2:4], *found) for case, found in zip(cases, verdicts, strict=True) if found]
    assert len(compared) > len(cases) // 2
    assert not [(case, ours, stan) for case, ours, stan in compared if ours - stan < -ALLOWANCE * abs(stan)]
