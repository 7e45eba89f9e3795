"""Accuracy of every family on whole sets of M3 and Tourism, beside the other's, as Markdown tables: half an hour on one core.

    tests/interop/run --python bench/local/accuracy.py RESULTS [SET…]

RESULTS is a folder for what is found of each set and model, a file each: what it has already is not computed again.

Mean absolute scaled error by the seasonal naive one within the training part, symmetric mean absolute percentage error, and how often the
interval of 80 % covers; each model's own figure, and the other's in brackets. Objectives are compared where both have one.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "tests" / "interop"))
os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np  # noqa: E402
from local import SEASONS, Case, competition, fit  # noqa: E402
from models import LEVEL, SMOOTH, Pair  # noqa: E402
from test_local_theta import without_season  # noqa: E402

SETS = [("M3", kind) for kind in SEASONS] + [("Tourism", kind) for kind in SEASONS if kind != "other"]
ALLOWANCE = 1e-6


def scores(case: Case, mean: np.ndarray, low: np.ndarray, high: np.ndarray) -> list[float]:
    """MASE, sMAPE in per cent, and the share of the test part within the interval, if there is one."""
    errors = np.abs(case.future - mean)
    size = np.abs(case.future) + np.abs(mean)
    smape = 200 * np.mean(np.divide(errors, size, out=np.zeros_like(errors), where=size > 0))
    covered = np.nan if np.isnan(low).all() else float(np.mean((case.future >= low) & (case.future <= high)))
    return [case.mase(mean), float(smape), covered]


def worse(case: Case, answer: dict[str, Any], fitted: dict[str, Any]) -> bool | None:
    """Whether the objective is worse than the other's; none if there is nothing to compare."""
    model = answer["model"]
    if "theta" in model:
        smoothed = without_season(fitted, case.values)
        rounding = len(smoothed) * (1e-9 * np.abs(smoothed - smoothed[0]).max()) ** 2
        squares = fitted["mse"] * max(np.abs(smoothed).mean(), 1e-10)
        return bool(answer["squares"] > squares * (1 + ALLOWANCE) + rounding)
    aicc = model.get("ets", {}).get("aicc")
    if aicc is None or not np.isfinite(fitted.get("aicc", np.nan)):
        return None
    return bool(aicc > fitted["aicc"] + ALLOWANCE * abs(fitted["aicc"]))


def measure(cases: list[Case], pair: Pair) -> dict[str, Any]:
    """The rows of both, a row for each series, and the series whose objective is worse."""
    answers = fit(cases, pair.family)
    found: dict[str, Any] = {"ours": [], "theirs": [], "compared": 0, "worse": []}
    for case in cases:
        answer = answers[case.id]
        if "error" in answer:
            raise ValueError(f"{case.id}: {answer['error']}")
        found["ours"].append(scores(case, *(np.array(answer[key]) for key in ("mean", "lower", "upper"))))
        if pair.theirs is None:
            continue
        try:
            model = pair.theirs(case.season)
            if hasattr(model, "predict"):
                forecast = model.fit(case.values).predict(len(case.future), **pair.levels)
                is_worse = worse(case, answer, getattr(model, "model_", {}))
                found["compared"] += is_worse is not None
                found["worse"] += [case.id] if is_worse else []
            else:
                forecast = model.forecast(case.values, len(case.future), **pair.levels)
            low, high = forecast.get(f"lo-{LEVEL}"), forecast.get(f"hi-{LEVEL}")
            nothing = np.full(len(case.future), np.nan)
            found["theirs"].append(scores(case, forecast["mean"], nothing if low is None else low, nothing if high is None else high))
        except Exception as error:  # noqa: BLE001 — what it raises is told, not hidden
            found["theirs"].append([np.nan] * 3)
            found.setdefault("errors", []).append(f"{case.id}: {error}")
    return found


def cell(found: dict[str, Any], column: int, digits: int) -> str:
    """A mean over the set, and the other's in brackets."""
    ours = np.nanmean(np.array(found["ours"], float)[:, column])
    text = f"{ours:.{digits}f}"
    if not found["theirs"]:
        return text
    theirs = np.array(found["theirs"], float)[:, column]
    return text if np.isnan(theirs).all() else f"{text} ({np.nanmean(theirs):.{digits}f})"


def main(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    tables: dict[str, dict[str, dict[str, Any]]] = {}
    sets = [(f"{name} {kind}", name, kind) for name, kind in SETS if not names or f"{name} {kind}" in names]
    for title, name, kind in sets:
        cases = competition(name, kind, 1)
        for pair in SMOOTH:
            path = folder / f"{title} {pair.name}.json".replace(" ", "-")
            if not path.exists():
                path.write_text(json.dumps(measure(cases, pair)))
            tables.setdefault(pair.name, {})[title] = json.loads(path.read_text())
    for column, digits, caption in ((0, 3, "MASE"), (1, 2, "sMAPE, %"), (2, 3, "coverage of 80 %")):
        print(f"\n| {caption} | " + " | ".join(title for title, *_ in sets) + " |\n|---|" + "---:|" * len(sets))
        for model, found in tables.items():
            print(f"| {model} | " + " | ".join(cell(found[title], column, digits) for title, *_ in sets) + " |")
    print("\nWorse objectives, of those compared:")
    for model, found in tables.items():
        compared, ids = sum(each["compared"] for each in found.values()), [i for each in found.values() for i in each["worse"]]
        if compared:
            print(f"- {model}: {len(ids)} of {compared} {ids[:20]}")
    for model, found in tables.items():
        for title, each in found.items():
            if each.get("errors"):
                print(f"- {model}, {title}: {len(each['errors'])} series without an answer of the other, {each['errors'][0]}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
