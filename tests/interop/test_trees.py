"""Trees against the packages whose names they carry: xgboost 3.2 (equal) and scikit-learn 1.9 (as good).

`FIT_TREES` names the built example `fit_trees`; without it the release build is used:

    cargo build --release --example fit_trees
    pip install -r tests/interop/requirements-trees.txt
    pytest tests/interop/test_trees.py
"""

import json
import os
import pathlib
import subprocess

import numpy as np
import pytest
import tree_data as data
import xgboost as xgb

ROOT = pathlib.Path(__file__).resolve().parents[2]
FIT_TREES = os.environ.get("FIT_TREES") or os.path.join(
    os.environ.get("CARGO_TARGET_DIR", ROOT / "target"), "release", "examples", "fit_trees"
)
EXACT = {"tree_method": "exact", "nthread": 1, "verbosity": 0}
NOTEBOOK = {"eta": 0.2, "gamma": 4, "min_child_weight": 6, "max_depth": 5, "num_round": 25}


class Fitted:
    """What the example left for one job."""

    def __init__(self, output):
        self.output = output
        self.report = json.loads(pathlib.Path(f"{output}.report.json").read_text())
        self.error = self.report["error"]
        if self.error is None:
            self.predictions = np.fromfile(f"{output}.predictions", np.float32)

    @property
    def json(self):
        return f"{self.output}.json"

    @property
    def ubj(self):
        return f"{self.output}.ubj"

    def model(self):
        return json.loads(pathlib.Path(self.json).read_text())


def fit(tmp_path, jobs):
    """Runs the example on (kind, params, data set, options) jobs."""
    requests = []
    for number, (kind, params, (x, y, vx, vy), options) in enumerate(jobs):
        prefix = str(tmp_path / f"job{number}")
        tables = {"features": x, "targets": y, "validation_features": vx}
        if options.get("evaluate"):
            tables["validation_targets"] = vy
        if "weights" in options:
            tables["weights"] = options["weights"]
        if "validation_weights" in options:
            tables["validation_weights"] = options["validation_weights"]
        request = {"kind": kind, "output": prefix, "columns": x.shape[1],
                   "params": {name: str(value) for name, value in params.items()}}
        for name, table in tables.items():
            request[name] = f"{prefix}.{name}"
            np.ascontiguousarray(table, np.float32).tofile(request[name])
        for name in ("model", "shap", "repeat"):
            if name in options:
                request[name] = options[name]
        requests.append(request)
    path = tmp_path / "jobs.json"
    path.write_text(json.dumps(requests))
    subprocess.run([FIT_TREES, str(path)], check=True)
    return [Fitted(request["output"]) for request in requests]


def train(params, dataset, options):
    """The same training with the Python package."""
    x, y, vx, vy = dataset
    params = dict(params)
    rounds = params.pop("num_round", 100)
    stop = params.pop("early_stopping_rounds", None)
    matrix = xgb.DMatrix(x, y, weight=options.get("weights"), nthread=1)
    history = {}
    evals = []
    if options.get("evaluate"):
        evals = [(xgb.DMatrix(vx, vy, weight=options.get("validation_weights"), nthread=1), "validation")]
    params.pop("refresh_leaf", None)
    booster = xgb.train(params | EXACT, matrix, rounds, evals=evals, evals_result=history,
                        early_stopping_rounds=stop, verbose_eval=False)
    if stop:
        booster = booster[: booster.best_iteration + 1]
    metric = next(iter(history.get("validation", {}).values()), [])
    return booster, metric


def trees_of(model):
    return model["learner"]["gradient_booster"]["model"]["trees"]


def compacted(tree):
    """A tree's arrays without deleted nodes, level by level, as float32 where XGBoost has floats."""
    order, kept = [0], []
    for node in order:
        left, right = tree["left_children"][node], tree["right_children"][node]
        leaf = left == -1
        kept.append((leaf, 0 if leaf else tree["split_indices"][node], 0 if leaf else int(tree["default_left"][node])))
        if not leaf:
            order += [left, right]
    floats = np.array([[tree[name][node] for name in ("split_conditions", "base_weights", "sum_hessian")]
                       + [0.0 if tree["left_children"][node] == -1 else tree["loss_changes"][node]] for node in order], np.float32)
    return kept, floats


def base_score(model):
    return np.float32(model["learner"]["learner_model_param"]["base_score"].strip("[]"))


def assert_equal(fitted, booster, metric, dataset, tolerance=0.0, name=""):
    """Same trees, base score, metric history and predictions. A tolerance is relative, for the predictions alone."""
    assert fitted.error is None, (name, fitted.error)
    ours, theirs = fitted.model(), json.loads(booster.save_raw("json"))
    assert base_score(ours) == base_score(theirs), name
    assert len(trees_of(ours)) == len(trees_of(theirs)), name
    for number, (mine, reference) in enumerate(zip(trees_of(ours), trees_of(theirs))):
        (shape, floats), (reference_shape, reference_floats) = compacted(mine), compacted(reference)
        assert shape == reference_shape, (name, number)
        if tolerance == 0.0:
            np.testing.assert_array_equal(floats, reference_floats, err_msg=f"{name} tree {number}")
        else:
            np.testing.assert_array_equal(floats[:, 0][[s[0] is False for s in shape]],
                                          reference_floats[:, 0][[s[0] is False for s in shape]], err_msg=name)
            np.testing.assert_allclose(floats, reference_floats, rtol=1e-5, atol=1e-6, err_msg=name)
    expected = booster.predict(xgb.DMatrix(dataset[2], nthread=1))
    if tolerance == 0.0:
        np.testing.assert_array_equal(fitted.predictions, expected, err_msg=name)
        assert fitted.report["history"] == metric, name
    else:
        np.testing.assert_allclose(fitted.predictions, expected, rtol=tolerance, err_msg=name)
        np.testing.assert_allclose(fitted.report["history"], metric, rtol=tolerance, err_msg=name)


def weights_of(seed, rows):
    return np.random.default_rng(seed).gamma(2.0, 0.7, rows).astype(np.float32)


def squared_error_cases():
    """(name, parameters, data set, options): the squared error is equal to the last bit."""
    for seed in range(12):
        yield f"notebook {seed}", NOTEBOOK, data.housing(seed), {"evaluate": True}
        yield f"notebook subsample {seed}", NOTEBOOK | {"subsample": 0.8}, data.housing(seed), {"evaluate": True}
        yield f"continuous {seed}", {"num_round": 30}, data.continuous(seed), {}
    for seed in range(6):
        yield f"subsample seed {seed}", {"num_round": 20, "subsample": 0.8, "seed": seed}, data.continuous(seed), {}
        yield (f"early stopping {seed}", NOTEBOOK | {"num_round": 300, "subsample": 0.8, "early_stopping_rounds": 5},
               data.housing(seed, noise=20000.0), {"evaluate": True})
        yield (f"deep {seed}", {"num_round": 40, "max_depth": 10, "lambda": 0.5, "subsample": 0.7}, data.continuous(seed, 900), {})
        yield f"missing {seed}", {"num_round": 25}, data.continuous(seed, missing=0.07), {"evaluate": True}
        yield f"missing subsample {seed}", {"num_round": 25, "subsample": 0.8}, data.continuous(seed, missing=0.3), {}
        yield f"gamma {seed}", {"num_round": 25, "gamma": 4.0}, data.continuous(seed), {"evaluate": True}
        yield f"heavy gamma {seed}", {"num_round": 15, "gamma": 5e9, "max_depth": 7}, data.housing(seed), {}
        yield (f"increasing and decreasing {seed}", {"num_round": 20, "monotone_constraints": "(1,0,-1,0,1,-1)"},
               data.continuous(seed, missing=0.05), {})
        yield f"column sampling {seed}", {"num_round": 15, "colsample_bytree": 0.7, "colsample_bylevel": 0.6, "seed": seed}, data.continuous(seed, columns=9), {}
    for seed in range(3):
        yield f"alpha {seed}", {"num_round": 20, "alpha": 1.5}, data.continuous(seed), {}
        yield f"no lambda {seed}", {"num_round": 20, "lambda": 0, "min_child_weight": 0}, data.continuous(seed, missing=0.1), {}
        yield f"max delta step {seed}", {"num_round": 20, "max_delta_step": 0.3}, data.continuous(seed), {}
        yield f"wide {seed}", {"num_round": 10, "colsample_bytree": 0.3, "max_depth": 4}, data.continuous(seed, 150, 70, 50), {}
    yield "five thousand rows", {"num_round": 30, "subsample": 0.9}, data.continuous(1, 5000, 8, 500, 0.05), {"evaluate": True}
    yield "more rows than a narrow entry holds", {"num_round": 3}, data.continuous(2, 70000, 3, 10), {}
    for name, dataset in data.edges().items():
        for more in ({"subsample": 0.8}, {"min_child_weight": 0, "max_depth": 8}):
            yield f"{name} {more}", {"num_round": 10} | more, dataset, {}


def other_cases():
    """Weights and other losses: sums are inexact, so predictions may differ in their last digit."""
    for seed in range(5):
        dataset = data.continuous(seed, missing=0.05)
        yield f"weights {seed}", {"num_round": 20}, dataset, {"weights": weights_of(seed, 600), "evaluate": True, "validation_weights": weights_of(seed + 50, 300)}
        yield f"absolute error {seed}", {"num_round": 20, "objective": "reg:absoluteerror", "refresh_leaf": 0}, dataset, {"evaluate": True}
        yield f"weighted absolute error {seed}", {"num_round": 20, "objective": "reg:absoluteerror", "refresh_leaf": 0}, dataset, {"weights": weights_of(seed, 600)}
        yield f"poisson {seed}", {"num_round": 20, "objective": "count:poisson"}, data.counts(seed), {"evaluate": True}
        yield f"tweedie {seed}", {"num_round": 20, "objective": "reg:tweedie", "tweedie_variance_power": 1.3, "subsample": 0.8}, data.totals(seed), {"evaluate": True}
        yield f"logistic {seed}", {"num_round": 20, "objective": "binary:logistic", "min_child_weight": 0.5}, data.classes(seed), {"evaluate": True}
        yield (f"weighted logistic {seed}", {"num_round": 20, "objective": "binary:logistic", "alpha": 0.2, "monotone_constraints": "(1,0,0,0,-1)"},
               data.classes(seed), {"weights": weights_of(seed, 600), "evaluate": True})


def compare(tmp_path, cases, tolerance):
    cases = list(cases)
    fitted = fit(tmp_path, [("boosting", params, dataset, options) for _, params, dataset, options in cases])
    failures = []
    for (name, params, dataset, options), result in zip(cases, fitted):
        booster, metric = train(params, dataset, options)
        try:
            assert_equal(result, booster, metric, dataset, tolerance, name)
        except AssertionError as failure:
            failures.append(f"{name}: {str(failure)[:500]}")
    assert not failures, f"{len(failures)} of {len(cases)}:\n" + "\n".join(failures)
    return len(cases)


def test_squared_error_is_equal_to_the_last_bit(tmp_path):
    assert compare(tmp_path, squared_error_cases(), 0.0) >= 100


def test_weights_and_other_losses_grow_the_same_trees(tmp_path):
    compare(tmp_path, other_cases(), 1e-6)
