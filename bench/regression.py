"""xgboost or scikit-learn in a process pool: one fit and one tarball per city.

Each process has one thread; the settings are those that bench/cities gives our program.
"""

from __future__ import annotations

import pickle
from functools import partial
from pathlib import Path

import pandas as pd
import xgboost as xgb
from sklearn.ensemble import RandomForestRegressor

from contestant import arguments, pack, race

BOOSTING = {"max_depth": 5, "eta": 0.2, "gamma": 4, "min_child_weight": 6, "subsample": 0.8, "nthread": 1, "verbosity": 0}
ROUNDS = 25


def one(path: Path, output: Path, method: str) -> int:
    """One city, from file to tarball."""
    table = pd.read_csv(path, header=None, dtype="float32").to_numpy()
    features, targets = table[:, 1:], table[:, 0]
    if method == "sklearn":
        model = pickle.dumps(RandomForestRegressor(n_estimators=100, n_jobs=1, random_state=0).fit(features, targets))
    else:
        matrix = xgb.DMatrix(features, targets, nthread=1)
        model = bytes(xgb.train(BOOSTING | {"tree_method": method}, matrix, ROUNDS).save_raw("json"))
    name = "model.pkl" if method == "sklearn" else "xgboost-model"
    pack(name, model, output / f"{path.stem.removesuffix('_train')}.tar.gz")
    return 1


def main() -> None:
    given = arguments(__doc__, ("exact", "hist", "sklearn"))
    given.output.mkdir(parents=True)
    files = sorted(given.data.glob("*.csv"))[: given.customers]
    race(partial(one, output=given.output, method=given.method), files, given.jobs)


if __name__ == "__main__":
    main()
