"""prophet-batch in its fastest mode here: each worker reads, fits and saves a batch of customers.

`fit_many(n_jobs=-1)` would start its own workers, which import Prophet again, and send every fitted model back to be
saved one after another by a single process. With a batch per task and `n_jobs=1`, reading and saving are parallel too;
all customers have the same dates, so a batch shares its preprocessing as the library intends.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pandas as pd
from prophet_batch import fit_many

from contestant import arguments, race, read, save


def batch(paths: list[Path], output: Path) -> int:
    """A batch of customers, from files to tarballs."""
    frame = pd.concat([read(path).assign(unique_id=path.stem) for path in paths], ignore_index=True)
    models = fit_many(frame, n_jobs=1)
    for customer, model in models.items():
        save(model, output / f"{customer}.tar.gz")
    return len(models)


def main() -> None:
    given = arguments(__doc__)
    given.output.mkdir(parents=True)
    files = sorted(given.data.glob("*.csv"))[: given.customers]
    tasks = [files[start : start + given.batch] for start in range(0, len(files), given.batch)]
    race(partial(batch, output=given.output), tasks, given.jobs)


if __name__ == "__main__":
    main()
