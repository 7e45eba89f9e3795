"""The holidays in the program are those that stock Prophet takes from Python's `holidays` package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

MAKE = Path(__file__).parents[2] / "src" / "holidays" / "make_countries.py"


def test_the_table_of_all_countries_and_years_is_what_the_pinned_package_gives() -> None:
    done = subprocess.run([sys.executable, str(MAKE), "--check"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
