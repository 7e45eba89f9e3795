"""Stock Prophet in a process pool: one fit, one model_to_json, one tarball per customer."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from prophet import Prophet

from contestant import arguments, race, read, save


def one(path: Path, output: Path) -> int:
    """One customer, from file to tarball."""
    save(Prophet().fit(read(path)), output / f"{path.stem}.tar.gz")
    return 1


def main() -> None:
    given = arguments(__doc__)
    given.output.mkdir(parents=True)
    files = sorted(given.data.glob("*.csv"))[: given.customers]
    race(partial(one, output=given.output), files, given.jobs)


if __name__ == "__main__":
    main()
