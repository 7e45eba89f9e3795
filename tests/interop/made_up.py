"""Made-up series for the search for better optima: the same family and seed give the same series anywhere."""

from __future__ import annotations

import numpy as np
import pandas as pd

FAMILIES = {"retail": (200, 420, "MS"), "short": (24, 72, "MS"), "daily": (400, 1500, "D")}


def made_up(family: str, seed: int) -> pd.DataFrame:
    """A frame with ds and y: a trend that bends now and then, and seasons that multiply it.

    `retail` has 200 to 420 months and one decimal, `short` 24 to 72 months, `daily` 400 to 1,500 days.
    """
    random = np.random.default_rng(seed)
    fewest, most, frequency = FAMILIES[family]
    rows = int(random.integers(fewest, most))
    daily = family == "daily"
    t = np.arange(rows)
    steps = random.standard_normal(rows) * (0.004 if daily else 0.012) + (0.0005 if daily else 0.004)
    bends = random.random(rows) < (0.01 if daily else 0.03)
    steps += np.cumsum(bends * random.standard_normal(rows) * (0.0008 if daily else 0.004))
    level = random.uniform(4, 20) * np.exp(np.cumsum(np.clip(steps, -0.05, 0.05)))
    period = 7 if daily else 12
    season = sum(
        random.uniform(0.01, 0.08) * np.sin(2 * np.pi * k * t / period + random.uniform(0, 6)) for k in (1, 2, 3)
    )
    if daily:
        season = season + random.uniform(0.05, 0.4) * np.sin(2 * np.pi * t / 365.25 + random.uniform(0, 6))
    noise = {"retail": 0.02, "short": 0.04, "daily": 0.08}[family]
    y = np.clip(level, 1e-3, 1e6) * (1 + season) * (1 + noise * random.standard_normal(rows))
    start = "2019-02-11" if daily else "1988-04-01"
    ds = pd.date_range(start, periods=rows, freq=frequency)
    return pd.DataFrame({"ds": ds, "y": np.round(np.maximum(y, 0.1), 1)})
