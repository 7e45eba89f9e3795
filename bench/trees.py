"""Time per model, one thread: this library against xgboost and scikit-learn, side by side in one run.

    cargo build --release --example fit_trees
    tests/interop/run --python bench/trees.py [--repeat N]

Ours and theirs take turns, so that a busy machine slows both; both have fitted the model before, as a worker in a long run
has. Ours includes sorting the columns, theirs making the DMatrix.
"""

import argparse
import pathlib
import statistics
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "tests" / "interop"))
import test_trees as trees  # noqa: E402
import tree_data as data  # noqa: E402
import xgboost as xgb  # noqa: E402
from sklearn.ensemble import RandomForestRegressor  # noqa: E402

SETTINGS = trees.NOTEBOOK | {"subsample": 0.8}


def boosted(dataset, method):
    params = SETTINGS | {"tree_method": method, "nthread": 1}
    rounds = params.pop("num_round")
    return lambda: xgb.train(params, xgb.DMatrix(dataset[0], dataset[1], nthread=1), rounds)


def forest(dataset, params):
    return lambda: RandomForestRegressor(n_jobs=1, random_state=0, **params).fit(dataset[0], dataset[1])


def cases():
    """(name, ours, data set, reference, runs of the reference in each turn)"""
    small, continuous = data.housing(0), data.continuous(0)
    large = data.continuous(0, 20000, 10, 100)
    yield "boosting 600 × 6 housing, to exact", ("boosting", SETTINGS), small, boosted(small, "exact"), 5
    yield "boosting 600 × 6 housing, to hist", ("boosting", SETTINGS), small, boosted(small, "hist"), 5
    yield "boosting 600 × 6 continuous, to exact", ("boosting", SETTINGS), continuous, boosted(continuous, "exact"), 5
    yield "boosting 20,000 × 10 continuous, to exact", ("boosting", SETTINGS), large, boosted(large, "exact"), 1
    for params in ({"n_estimators": 100}, {"n_estimators": 100, "min_samples_leaf": 3}):
        leaf = params.get("min_samples_leaf", 1)
        yield f"forest of 100, 600 × 6 housing, leaves ≥ {leaf}", ("forest", params), small, forest(small, params), 1
    ten = {"n_estimators": 10}
    yield "forest of 10, 20,000 × 10 continuous", ("forest", ten), large, forest(large, ten), 1


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeat", type=int, default=10, help="turns of each")
    turns = parser.parse_args().repeat
    directory = pathlib.Path(tempfile.mkdtemp())
    print("| case | ours, ms | theirs, ms | ratio of medians | ratio of minima |")
    print("|---|---|---|---|---|")
    for name, (kind, params), dataset, reference, runs in cases():
        ours, theirs = [], []
        reference()
        for _ in range(turns):
            fitted, = trees.fit(directory, [(kind, params, dataset, {"repeat": runs + 2})])
            ours += fitted.report["seconds"][2:]
            for _ in range(runs):
                start = time.perf_counter()
                reference()
                theirs.append(time.perf_counter() - start)
        middle, least = (statistics.median(ours), statistics.median(theirs)), (min(ours), min(theirs))
        print(f"| {name} | {1e3 * middle[0]:.2f} | {1e3 * middle[1]:.1f} | {middle[1] / middle[0]:.1f} | {least[1] / least[0]:.1f} |", flush=True)


if __name__ == "__main__":
    main()
