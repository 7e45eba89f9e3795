"""Writes local_intermittent.json: what statsforecast forecasts of made-up intermittent series.

Made with statsforecast 2.1.1, numpy 2.4.6 and scipy 1.17.1 on x86-64 Linux, as in tests/interop/requirements.txt:

    tests/interop/run --python tests/golden/make_local_intermittent.py

Each series has its values and each model's forecast of the next step, which is that of all steps.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from statsforecast.models import ADIDA, IMAPA, TSB, CrostonClassic, CrostonOptimized, CrostonSBA

MODELS = {
    "croston-classic": CrostonClassic(),
    "croston-optimized": CrostonOptimized(),
    "croston-sba": CrostonSBA(),
    "tsb": TSB(alpha_d=0.1, alpha_p=0.1),
    "adida": ADIDA(),
    "imapa": IMAPA(),
}


def series() -> dict[str, list[float]]:
    """Values by name."""
    random = np.random.default_rng(20261128)
    rare = random.poisson(4, 60) * (random.random(60) < 0.25)
    fading = random.poisson(3, 48) * (random.random(48) < np.linspace(0.9, 0.1, 48))
    return {
        "rare": rare.tolist(),
        "fading": fading.tolist(),
        "lumpy": np.round(random.lognormal(2, 1.5, 80) * (random.random(80) < 0.4), 2).tolist(),
        "every step": random.poisson(9, 30).clip(1).tolist(),
        "half steps": [0, 3, 0, 0, 2, 0, 0, 4, 0, 1],
        "one demand": [0, 0, 0, 5, 0, 0, 0],
        "demand at the end": [0, 0, 0, 0, 0, 2],
        "one row": [3],
        "returns": [0, 4, 0, -2, 0, 0, 6, 0, -1, 0, 0, 3],
        "alike": [0, 0, 2] * 8,
    }


def main() -> None:
    cases = []
    for name, values in series().items():
        values = np.array(values, dtype=float)
        forecasts = {model: float(method.forecast(values, 1)["mean"][0]) for model, method in MODELS.items()}
        cases.append({"name": name, "values": values.tolist(), "forecasts": forecasts})
    Path(__file__).with_name("local_intermittent.json").write_text(json.dumps(cases, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
