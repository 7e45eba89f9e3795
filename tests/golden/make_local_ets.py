"""Writes local_ets.json: what statsforecast 2.1.1 makes of made-up series with each form of exponential smoothing.

    python tests/golden/make_local_ets.py
"""

import json
from pathlib import Path

import numpy as np
from statsforecast.ets import etsmodel

FORMS = [
    (error, trend, season, damped)
    for error in "AM"
    for trend in "NA"
    for season in "NAM"
    for damped in ([False, True] if trend == "A" else [False])
    if (error, season) != ("A", "M")
]


def made_up(seed: int) -> tuple[np.ndarray, int]:
    random = np.random.default_rng(seed)
    season, rows = [(1, 30), (4, 44), (12, 84), (7, 60), (12, 30), (4, 16)][seed]
    t, noise = np.arange(rows), random.standard_normal(rows)
    level = np.exp(4 + np.cumsum(0.03 * random.standard_normal(rows)) + 0.01 * t * (seed % 3))
    wave = 1 + (0.3 * np.sin(2 * np.pi * t / season) if season > 1 else 0)
    return np.round(level * wave * (1 + 0.05 * noise), 3), season


cases = []
for seed in range(6):
    values, season = made_up(seed)
    forms = {}
    for error, trend, kind, damped in FORMS:
        if kind != "N" and season == 1:
            continue
        bounds = {"lower": np.array([1e-4, 1e-4, 1e-4, 0.8]), "upper": np.array([0.9999, 0.9999, 0.9999, 0.98])}
        fit = etsmodel(values, season, error, trend, kind, damped, *[np.nan] * 4, **bounds, opt_crit="lik", nmse=3, bounds="both")
        if np.isfinite(fit["aicc"]):
            forms[f"{error}{trend}{'d' if damped else ''}{kind}"] = float(fit["aicc"])
    cases.append({"season": season, "values": values.tolist(), "aicc": forms})
Path(__file__).with_name("local_ets.json").write_text(json.dumps({"statsforecast": "2.1.1", "cases": cases}) + "\n")
