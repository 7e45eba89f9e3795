"""Makes countries.bin: the dates and names that Python's `holidays` package gives, as stock Prophet asks for them.

Needs the packages of tests/interop/requirements.txt, in which the version of `holidays` is pinned:

    tests/interop/run --python crates/models/src/holidays/make_countries.py            writes the file anew
    tests/interop/run --python crates/models/src/holidays/make_countries.py --check    fails if it would change

The file is one zlib stream of:

    text     version of the package, then a newline
    u16 u16  first and last year
    u32      number of names; then the names, each followed by a newline
    u32      number of sequences: when a holiday falls, year after year; countries share many
    u8 …     for each sequence and year, how many days
    u8 …     their months, in the same order
    u8 …     their days of the month
    u16      number of countries and markets; for each
      text   its codes, with blanks between them, the shortest first, then a newline
      u16    number of its holidays; for each u16 name, u16 sequence

Integers are little-endian. Months and days lie apart because each repeats itself more alone: the whole takes a third less.
"""

from __future__ import annotations

import struct
import sys
import warnings
import zlib
from collections import defaultdict
from pathlib import Path

import holidays
from holidays.registry import COUNTRIES, FINANCIAL
from prophet.make_holidays import make_holidays_df

FILE = Path(__file__).with_name("countries.bin")
YEARS = range(1950, 2100)

Sequence = tuple[tuple[int, int, int], ...]


def holidays_of(code: str) -> dict[str, Sequence]:
    """When each holiday of a country falls: (year, month, day) in order, by name."""
    with warnings.catch_warnings():
        # Of a few countries the package knows only some of the years, and says so.
        warnings.simplefilter("ignore")
        table = make_holidays_df(year_list=list(YEARS), country=code)
    days: dict[str, set[tuple[int, int, int]]] = defaultdict(set)
    for row in table.itertuples():
        assert row.ds.year in YEARS and "\n" not in row.holiday, row
        days[row.holiday].add((row.ds.year, row.ds.month, row.ds.day))
    return {name: tuple(sorted(found)) for name, found in days.items()}


def codes(names: tuple[str, ...]) -> list[str]:
    """All the names under which Python knows a country or a market: its codes first, then its name."""
    return [name for name in [*names[1:], names[0]] if hasattr(holidays, name)]


def table() -> bytes:
    entities = {}
    for names in [*COUNTRIES.values(), *FINANCIAL.values()]:
        known = codes(names)
        # Prophet's own second name for Turkey.
        entities[tuple(known + ["TU"] if "TR" in known else known)] = holidays_of(known[0])

    names = sorted({name for found in entities.values() for name in found})
    # Sequences that end alike lie together, where they compress best.
    sequences = sorted(
        {sequence for found in entities.values() for sequence in found.values()},
        key=lambda sequence: [(month, day, year) for year, month, day in reversed(sequence)],
    )
    name_at = {name: at for at, name in enumerate(names)}
    sequence_at = {sequence: at for at, sequence in enumerate(sequences)}

    counts, months, days = bytearray(), bytearray(), bytearray()
    for sequence in sequences:
        per_year = dict.fromkeys(YEARS, 0)
        for year, month, day in sequence:
            per_year[year] += 1
            months.append(month)
            days.append(day)
        counts += bytes(per_year.values())

    out = bytearray(f"{holidays.__version__}\n".encode())
    out += struct.pack("<HH", YEARS[0], YEARS[-1])
    out += struct.pack("<I", len(names)) + "".join(f"{name}\n" for name in names).encode()
    out += struct.pack("<I", len(sequences)) + counts + months + days
    out += struct.pack("<H", len(entities))
    for known, found in sorted(entities.items()):
        out += f"{' '.join(known)}\n".encode() + struct.pack("<H", len(found))
        for name, sequence in sorted(found.items()):
            out += struct.pack("<HH", name_at[name], sequence_at[sequence])
    return bytes(out)


def main() -> None:
    made = table()
    if "--check" in sys.argv:
        # Another zlib may compress the same table otherwise.
        if zlib.decompress(FILE.read_bytes()) != made:
            sys.exit(f"{FILE} is not what holidays {holidays.__version__} gives: run this without --check")
        return
    FILE.write_bytes(zlib.compress(made, 9))
    print(f"{FILE}: {FILE.stat().st_size} bytes, {len(made)} unpacked")


if __name__ == "__main__":
    main()
