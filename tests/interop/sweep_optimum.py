"""How often Stan finds a better optimum than manyfit on made-up series, where it is likeliest and at random. By hand: it takes an hour.

    MANYFIT=… tests/interop/run --python tests/interop/sweep_optimum.py [FAMILY …] [--modes MODE …] [--seeds N] [--uneven N] [--random N]

All seeds are fitted whole and without their last one or two rows. A fit is *uneven* if its log posterior per row falls below that
of the same series with fewer rows: that one's optimum was then missed. The most uneven and as many random ones are given to Stan.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from binary import Artifact, train
from made_up import FAMILIES, made_up
from posterior import fit, parameters_of, preprocess

ALLOWANCE = 1e-6
MODES: dict[str, dict[str, Any]] = {
    "multiplicative": {"seasonality_mode": "multiplicative"},
    "logistic": {"growth": "logistic"},
    "both": {"growth": "logistic", "seasonality_mode": "multiplicative"},
}
Fit = tuple[str, str, int, int, Path]


def write(task: tuple[str, int, bool, Path]) -> None:
    """The CSVs of one seed: whole, and without the last one and two rows."""
    family, seed, logistic, data = task
    frame = made_up(family, seed)
    for dropped in range(3):
        cut = frame.head(len(frame) - dropped)
        if logistic:
            cut = cut.assign(cap=1.2 * cut["y"].max())
        cut.to_csv(data / f"{seed:05d}-{dropped}.csv", index=False)


def judge(case: Fit) -> tuple[float, float] | None:
    """The log posteriors of one fit and of Stan's; None if Stan gives up."""
    family, mode, seed, dropped, artifact = case
    frame = made_up(family, seed)
    frame = frame.head(len(frame) - dropped).copy()
    if "growth" in MODES[mode]:
        frame["cap"] = 1.2 * frame["y"].max()
    _, problem = preprocess(frame.copy(), MODES[mode])
    ours = problem.log_posterior(parameters_of(Artifact.open(artifact).model["params"]))
    with contextlib.suppress(RuntimeError):
        return ours, problem.log_posterior(parameters_of(fit(frame, MODES[mode]).params))
    return None


def sweep(family: str, mode: str, options: argparse.Namespace, work: Path, pool: Any) -> None:
    """One family in one mode: a line of JSON for the uneven and one for the random."""
    data, out = work / "data", work / "out"
    data.mkdir(parents=True)
    pool.map(write, [(family, seed, "growth" in MODES[mode], data) for seed in range(options.seeds)], chunksize=50)
    run = train(data, out, **MODES[mode])
    manifest = run.manifest()
    per_row = np.array(
        [
            [manifest[f"{seed:05d}-{dropped}"]["log_posterior"] / manifest[f"{seed:05d}-{dropped}"]["rows"] for dropped in range(3)]
            for seed in range(options.seeds)
        ]
    )
    # How far each lies below the best of its neighbours.
    lack = np.stack([np.delete(per_row, at, axis=1).max(axis=1) - per_row[:, at] for at in range(3)], axis=1)
    uneven = [divmod(int(at), 3) for at in np.argsort(-lack, axis=None)[: options.uneven]]
    random = np.random.default_rng(1).integers([options.seeds, 3], size=(options.random, 2))
    for what, chosen in (("uneven", uneven), ("random", [(int(seed), int(dropped)) for seed, dropped in random])):
        cases = [
            (family, mode, seed, dropped, run.output / "models" / f"{seed:05d}-{dropped}.tar.gz") for seed, dropped in chosen
        ]
        verdicts = [(case, found) for case, found in zip(cases, pool.imap(judge, cases), strict=True) if found]
        margins = np.array([ours - stan for _, (ours, stan) in verdicts])
        lost = [
            {"seed": case[2], "dropped": case[3], "margin": round(ours - stan, 3)}
            for case, (ours, stan) in verdicts
            if ours - stan < -ALLOWANCE * abs(stan)
        ]
        summary = {"family": family, "mode": mode, "what": what, "compared": len(verdicts), "below": lost}
        print(json.dumps(summary | {"worst": float(margins.min()), "median": float(np.median(margins))}), flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("families", nargs="*", default=list(FAMILIES))
    parser.add_argument("--modes", nargs="+", default=list(MODES), choices=list(MODES))
    parser.add_argument("--seeds", type=int, default=5_000)
    parser.add_argument("--uneven", type=int, default=50)
    parser.add_argument("--random", type=int, default=300)
    options = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(len(os.sched_getaffinity(0))) as pool:
        for family in options.families:
            for mode in options.modes:
                with tempfile.TemporaryDirectory() as work:
                    sweep(family, mode, options, Path(work), pool)


if __name__ == "__main__":
    main()
