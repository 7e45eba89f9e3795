"""Writes the golden files of trees: models that stock XGBoost trained, with the data and its predictions.

    tests/interop/run --python tests/golden/make_trees.py train   # with xgboost 3.2.0: trees/*.json
    python tests/golden/make_trees.py save                        # with each of 1.7.6, 2.1.4, 3.2.0: xgboost-VERSION.*

`train` files hold what Rust must reproduce bit for bit; `save` files are what it must read and predict alike.
"""

import json
import pathlib
import sys

import numpy as np
import xgboost as xgb

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "interop"))
import tree_data as data  # noqa: E402


def numbers(array):
    """Shortest text of each float32; None where a value is missing."""
    return [None if np.isnan(value) else float(str(value)) for value in np.asarray(array, np.float32).ravel()]


CASES = {
    "housing": (data.housing(0, 150, 40), {"eta": 0.2, "gamma": 4, "min_child_weight": 6, "max_depth": 5, "num_round": 12}),
    "subsample": (data.housing(1, 150, 40), {"subsample": 0.8, "eta": 0.2, "max_depth": 4, "num_round": 12, "seed": 3}),
    "missing": (data.continuous(2, 150, 4, 40, 0.15), {"num_round": 8, "max_depth": 4}),
    "early-stopping": (data.continuous(3, 150, 4, 40), {"num_round": 60, "max_depth": 3, "early_stopping_rounds": 3}),
    "gamma": (data.continuous(4, 150, 4, 40), {"num_round": 10, "gamma": 3, "max_depth": 6}),
    "deep": (data.continuous(5, 150, 4, 40), {"num_round": 3, "max_depth": 12, "lambda": 0.5}),
    "columns": (data.continuous(6, 150, 8, 40), {"num_round": 8, "max_depth": 3, "colsample_bytree": 0.6, "colsample_bylevel": 0.5}),
    "monotone": (data.continuous(7, 150, 3, 40), {"num_round": 8, "max_depth": 4, "monotone_constraints": "(1,-1,0)"}),
    "weights": (data.continuous(8, 150, 3, 40), {"num_round": 6, "max_depth": 4, "alpha": 0.5}),
    "absolute-error": (data.continuous(9, 150, 3, 40), {"num_round": 6, "max_depth": 4, "objective": "reg:absoluteerror", "refresh_leaf": 0}),
    "poisson": (data.counts(10, 150, 40), {"num_round": 6, "max_depth": 4, "objective": "count:poisson"}),
    "tweedie": (data.totals(11, 150, 40), {"num_round": 6, "max_depth": 4, "objective": "reg:tweedie", "tweedie_variance_power": 1.3}),
    "logistic": (data.classes(12, 150, 40), {"num_round": 6, "max_depth": 4, "objective": "binary:logistic"}),
}


def train():
    assert xgb.__version__ == "3.2.0", xgb.__version__
    for name, ((x, y, vx, vy), params) in CASES.items():
        weights = np.random.default_rng(1).gamma(2.0, 0.7, len(y)).astype(np.float32) if name == "weights" else None
        settings = {key: value for key, value in params.items() if key not in ("num_round", "early_stopping_rounds", "refresh_leaf")}
        history = {}
        booster = xgb.train(
            settings | {"tree_method": "exact", "nthread": 1}, xgb.DMatrix(x, y, weight=weights, nthread=1), params["num_round"],
            evals=[(xgb.DMatrix(vx, vy, nthread=1), "validation")], evals_result=history,
            early_stopping_rounds=params.get("early_stopping_rounds"), verbose_eval=False)
        if "early_stopping_rounds" in params:
            booster = booster[: booster.best_iteration + 1]
        golden = {
            "params": {key: str(value) for key, value in params.items()},
            "columns": x.shape[1],
            "features": numbers(x),
            "targets": numbers(y),
            "weights": None if weights is None else numbers(weights),
            "validation_features": numbers(vx),
            "validation_targets": numbers(vy),
            "history": list(history["validation"].values())[0],
            "predictions": numbers(booster.predict(xgb.DMatrix(vx, nthread=1))),
            "model": json.loads(booster.save_raw("json")),
        }
        for tree in golden["model"]["learner"]["gradient_booster"]["model"]["trees"]:
            for field in ("split_conditions", "base_weights", "loss_changes", "sum_hessian"):
                tree[field] = numbers(tree[field])
        path = HERE / "trees" / f"{name}.json"
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(golden, separators=(",", ":")) + "\n")


def save():
    """A hist model with missing values and one for each other link, as this version of XGBoost saves it."""
    version = xgb.__version__
    x, y, vx, _ = data.continuous(20, 200, 4, 30, 0.1)
    expected = {"validation_features": numbers(vx)}
    for objective, target in [("reg:squarederror", y), ("count:poisson", np.abs(np.round(y))), ("binary:logistic", y > 1)]:
        name = objective.split(":")[1]
        params = {"objective": objective, "max_depth": 3, "eta": 0.3, "gamma": 0.5, "nthread": 1, "seed": 1,
                  "tree_method": "exact" if name == "squarederror" else "hist"}
        booster = xgb.train(params, xgb.DMatrix(x, target), 4)
        for kind in ("json", "ubj"):
            booster.save_model(HERE / f"xgboost-{version}-{name}.{kind}")
        expected[name] = numbers(booster.predict(xgb.DMatrix(vx)))
    (HERE / f"xgboost-{version}.expected.json").write_text(json.dumps(expected, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    {"train": train, "save": save}[sys.argv[1]]()
