"""Time of one fit of each family at 120 monthly and 735 daily rows, beside the other's in the same run, as a Markdown table.

    bench/local/run

Both are held to one core and take turns family by family. A figure is the median over the series of the median of several fits.
statsforecast's and flaircast's models are made, and have fitted once, before the clock starts. Their clock is that of the processor, so that
what else runs on the machine does not count as theirs; ours is the wall's.
"""

from __future__ import annotations

import os
import sys
import time
import warnings
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "interop"))

import numpy as np  # noqa: E402
from local import Case, fit  # noqa: E402
from made_up import made_up  # noqa: E402
from models import INTERMITTENT, SMOOTH, Pair  # noqa: E402

SERIES = int(os.environ.get("SERIES", "15"))
REPEAT = int(os.environ.get("REPEAT", "5"))
# The other's fits are not repeated once they have taken as many seconds.
PATIENCE = 1.0


def smooth(rows: int) -> list[Case]:
    """Made-up sales: a trend that bends, and a season that multiplies it."""
    kind, season = ("retail", 12) if rows == 120 else ("daily", 7)
    found, seed = [], 0
    while len(found) < SERIES:
        values = made_up(kind, seed)["y"].to_numpy()[:rows]
        if len(values) == rows:
            found.append(Case(f"{kind} {seed}", values, season, np.zeros(12)))
        seed += 1
    return found


def intermittent(rows: int) -> list[Case]:
    """Amounts at 30 % of the steps."""
    found = []
    for seed in range(SERIES):
        random = np.random.default_rng(seed)
        values = (random.random(rows) < 0.3) * (random.poisson(3, rows) + 1.0)
        found.append(Case(f"demand {seed}", values, 1, np.zeros(12)))
    return found


def theirs(cases: list[Case], pair: Pair) -> float | None:
    """Milliseconds of the other's fit."""
    if pair.theirs is None:
        return None
    medians = []
    for case in cases:
        model, times = pair.theirs(case.season), []
        model.fit(case.values)
        while len(times) < REPEAT and (sum(times) < PATIENCE or not times):
            begin = time.process_time()
            model.fit(case.values)
            times.append(time.process_time() - begin)
        medians.append(np.median(times))
    return 1e3 * float(np.median(medians))


def main() -> None:
    warnings.simplefilter("ignore")
    core = min(os.sched_getaffinity(0))
    os.sched_setaffinity(0, {core})
    print(f"Load of the machine: {os.getloadavg()[0]:.2f} on {os.cpu_count()} cores. Milliseconds; {SERIES} series.\n")
    print("| model | 120 monthly rows | theirs | times | 735 daily rows | theirs | times |\n|---|---:|---:|---:|---:|---:|---:|")
    for pairs, series in ((SMOOTH, smooth), (INTERMITTENT, intermittent)):
        sets = [series(rows) for rows in (120, 735)]
        for pair in pairs:
            cells = [pair.name]
            for cases in sets:
                pair = pair.longer(cases[0].season)
                ours = float(np.median([answer["milliseconds"] for answer in fit(cases, pair.family, REPEAT).values()]))
                other = theirs(cases, pair)
                cells += [f"{ours:.3g}", *(("", "") if other is None else (f"{other:.3g}", f"{other / ours:.0f}"))]
            print("| " + " | ".join(cells) + " |", flush=True)
    print(f"\nLoad at the end: {os.getloadavg()[0]:.2f}.")


if __name__ == "__main__":
    main()
