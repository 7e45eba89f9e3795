"""The calendars that are inferred from dates, against those of pandas.

Where `pandas.infer_freq` finds a frequency whose own dates are those of the history, forecasts have the dates with which
pandas goes on. With dates missing, pandas finds none, and forecasts have the dates of the calendar that made the history.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from binary import run, train

HORIZON = 12

ALIASES = [
    *["D", "2D", "3D", "10D", "W-SUN", "W-MON", "W-THU", "2W-FRI", "4W-WED", "B", "h", "2h", "6h", "12h", "min", "15min", "30min", "s", "90min"],
    *["MS", "ME", "BMS", "BME", "2MS", "2ME", "6ME", "QS-JAN", "QS-FEB", "QS-MAR", "QE-DEC", "QE-NOV", "QE-OCT", "BQS-FEB", "BQE-NOV"],
    *["YS-JAN", "YS-JUL", "YE-DEC", "YE-JUN", "YE-FEB", "BYE-DEC", "BYS-APR", "2YE-JUN", "WOM-3FRI", "WOM-1MON", "WOM-2TUE", "bh"],
]
STARTS = ["2023-01-01", "2023-05-17", "2024-02-26 08:00", "2019-11-29 09:30"]
LENGTHS = [5, 9, 24, 60, 150]

# Calendars that pandas can name or make, and how many of their dates leave no doubt.
GAPPY = {
    "D": ("D", 60),
    "2D": ("2D", 40),
    "B": ("B", 60),
    "Mon-Sat": (pd.offsets.CustomBusinessDay(weekmask="Mon Tue Wed Thu Fri Sat"), 80),
    "Wed-Sat": (pd.offsets.CustomBusinessDay(weekmask="Wed Thu Fri Sat"), 80),
    "W-MON": ("W-MON", 40),
    "MS": ("MS", 24),
    "ME": ("ME", 24),
    "BME": ("BME", 36),
    "QE-NOV": ("QE-NOV", 20),
    "QS-FEB": ("QS-FEB", 20),
    "YE-JUN": ("YE-JUN", 12),
    "SMS": ("SMS", 36),
    "SME": ("SME", 36),
    "WOM-3FRI": ("WOM-3FRI", 24),
    "h": ("h", 200),
    "15min": ("15min", 200),
    "bh": ("bh", 200),
    "9-19, Mon-Sat": (
        pd.offsets.CustomBusinessHour(start="09:00", end="19:00", weekmask="Mon Tue Wed Thu Fri Sat"),
        400,
    ),
}


def history(folder: Path, name: str, dates: pd.DatetimeIndex) -> None:
    values = 100 + np.arange(len(dates)) % 7
    pd.DataFrame({"ds": dates.strftime("%Y-%m-%dT%H:%M:%S"), "y": values}).to_csv(folder / f"{name}.csv", index=False)


def futures(data: Path, output: Path) -> dict[str, list[pd.Timestamp]]:
    table = train(data, output, model="mean", horizon=HORIZON).forecasts()
    return {name: list(rows.ds) for name, rows in table.items()}


def test_a_calendar_that_pandas_infers_goes_on_as_in_pandas(tmp_path: Path, found: Callable[[str], None]) -> None:
    data, expected = tmp_path / "data", {}
    data.mkdir()
    for alias in ALIASES:
        for at, start in enumerate(STARTS):
            for length in LENGTHS:
                dates = pd.date_range(start, periods=length, freq=alias)
                if dates[-1].year > 2200:  # wrong dates, to the program
                    continue
                inferred = pd.infer_freq(dates)
                if inferred is None or not pd.date_range(dates[0], periods=length, freq=inferred).equals(dates):
                    continue
                name = f"{alias}_{at}_{length}"
                expected[name] = list(pd.date_range(dates[-1], periods=HORIZON + 1, freq=inferred)[1:])
                history(data, name, dates)
    assert len(expected) > 800
    ours = futures(data, tmp_path / "out")
    wrong = {name: (ours[name][:3], dates[:3]) for name, dates in expected.items() if ours[name] != dates}
    assert not wrong
    found(f"pandas infers the frequency of {len(expected)} series: forecasts have the same dates")


@pytest.mark.parametrize("share", [0.05, 0.1, 0.2])
def test_missing_dates_change_no_calendar(share: float, tmp_path: Path, found: Callable[[str], None]) -> None:
    data, expected, refused = tmp_path / "data", {}, 0
    data.mkdir()
    random = np.random.default_rng(3)
    for kind, (freq, length) in GAPPY.items():
        for draw in range(12):
            start = pd.Timestamp("2021-01-01") + pd.Timedelta(days=int(random.integers(0, 900)))
            dates = pd.date_range(start, periods=length + int(random.integers(0, length)), freq=freq)
            kept = dates[random.random(len(dates)) > share]
            name = f"{kind.replace(', ', '_')}_{draw}"
            expected[name] = list(pd.date_range(kept[-1], periods=HORIZON + 1, freq=freq)[1:])
            refused += pd.infer_freq(kept) is None
            history(data, name, kept)
    ours = futures(data, tmp_path / "out")
    wrong = {name: (ours[name][:3], dates[:3]) for name, dates in expected.items() if ours[name] != dates}
    assert not wrong
    found(f"with {share:.0%} of the dates missing, pandas infers {len(expected) - refused} of {len(expected)} calendars; all are found")


def test_the_guesses_are_counted(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    dates = pd.date_range("2024-01-01", periods=90, freq="B")
    history(data, "all", dates)
    history(data, "holiday", dates.delete([85]))
    printed = run("train", "--input", data, "--output", tmp_path / "out", "--set", "model=mean")
    assert "frequency, inferred: B for 2 series" in printed
    assert "1 of them is a guess, where pandas.infer_freq finds none (1 dates missing" in printed
