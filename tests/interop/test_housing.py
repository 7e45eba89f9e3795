"""Cities of houses, trained by the program itself: stock xgboost loads what AWS's container would load, and predicts the same."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
from pathlib import Path

import binary
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import xgboost as xgb

CITIES = 3
# Single rows are asked one by one, each in a matrix of its own.
SINGLES = 40
BOOSTING = {"num_round": 25, "max_depth": 5, "eta": 0.2, "gamma": 4, "min_child_weight": 6, "subsample": 0.8}
FOREST = {"n_estimators": 30, "min_samples_leaf": 2}


@pytest.fixture(scope="module")
def cities(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cities") / "data"
    binary.run("generate", "housing", "--customers", CITIES, "--seed", 11, "--output", folder)
    return folder


@pytest.fixture(scope="module", params=["gradient-boosting", "gradient-boosting ubj", "random-forest"])
def trained(request: pytest.FixtureRequest, cities: Path, tmp_path_factory: pytest.TempPathFactory) -> binary.Run:
    model, *form = request.param.split()
    settings = (BOOSTING if model == "gradient-boosting" else FOREST) | {"model": model}
    if form:
        settings["model_format"] = form[0]
    output = tmp_path_factory.mktemp("run") / "out"
    return binary.train(cities / "train", output, "--validation", cities / "validation", **settings)


def rows(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features and targets of a headerless, target-first file."""
    table = np.loadtxt(path, delimiter=",", dtype=np.float32, ndmin=2)
    return table[:, 1:], table[:, 0]


def names(run: binary.Run) -> list[str]:
    return sorted(path.name.removesuffix(".tar.gz") for path in (run.output / "models").glob("*.tar.gz"))


def loaded_as_by_the_container(artifact: Path, folder: Path) -> list[xgb.Booster]:
    """Every regular file in the archive's root that is no dot-file, as sagemaker-xgboost-container tries them: unpickled, and
    read by xgboost where that fails."""
    with tarfile.open(artifact, "r:gz") as archive:
        archive.extractall(folder, filter="data")
    boosters = []
    for path in sorted(folder.iterdir()):
        if path.is_file() and not path.name.startswith("."):
            try:
                with path.open("rb") as file:
                    booster = pickle.load(file)
            except Exception:  # noqa: BLE001 - the container takes any failure for a model of another form
                booster = xgb.Booster({"nthread": 1})
                booster.load_model(path)
            boosters.append(booster)
    return boosters


def averaged(boosters: list[xgb.Booster], features: np.ndarray) -> np.ndarray:
    return np.mean([booster.predict(xgb.DMatrix(features, nthread=1), validate_features=False) for booster in boosters], axis=0)


def test_the_containers_loader_predicts_what_the_run_wrote_down(trained, cities, tmp_path):
    written = pd.read_csv(trained.output / "predictions.csv")
    assert names(trained) == [f"city_{number:06}" for number in range(CITIES)]
    for city in names(trained):
        boosters = loaded_as_by_the_container(trained.output / "models" / f"{city}.tar.gz", tmp_path / city)
        assert len(boosters) == 1
        features, targets = rows(cities / "validation" / f"{city}_val.csv")
        ours = written[written["customer"] == city]
        np.testing.assert_array_equal(ours["row"], np.arange(1, len(targets) + 1))
        np.testing.assert_array_equal(ours["target"].to_numpy(np.float32), targets)
        ours = ours["prediction"].to_numpy(np.float32)
        np.testing.assert_array_equal(ours, averaged(boosters, features), err_msg=city)
        # A single row takes another way through the tree than a batch.
        rows_alone = [features[row : row + 1] for row in range(SINGLES)]
        singles = [averaged(boosters, row)[0] for row in rows_alone]
        np.testing.assert_array_equal(ours[:SINGLES], np.array(singles, np.float32), err_msg=city)
        in_place = [boosters[0].inplace_predict(row, validate_features=False)[0] for row in rows_alone]
        np.testing.assert_array_equal(ours[:SINGLES], in_place, err_msg=city)
        assert np.sqrt(np.mean((ours - targets) ** 2)) < 0.5 * np.std(targets), city


def test_predict_says_the_same_as_the_containers_loader(trained, cities, tmp_path):
    inputs, output = tmp_path / "inputs", tmp_path / "predicted.csv"
    inputs.mkdir()
    for city in names(trained):
        features, _ = rows(cities / "validation" / f"{city}_val.csv")
        np.savetxt(inputs / f"{city}.csv", features, delimiter=",", fmt="%.9g")
    binary.run("predict", trained.output / "models", "--input", inputs, "--output", output)
    predicted = pd.read_csv(output)
    for city in names(trained):
        boosters = loaded_as_by_the_container(trained.output / "models" / f"{city}.tar.gz", tmp_path / city)
        features, _ = rows(cities / "validation" / f"{city}_val.csv")
        ours = predicted[predicted["customer"] == city]["prediction"].to_numpy(np.float32)
        np.testing.assert_array_equal(ours, averaged(boosters, features), err_msg=city)


def trees(booster: xgb.Booster) -> list[dict]:
    return json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]


def splits(tree: dict) -> list[tuple]:
    """Feature, threshold or leaf value, and weights of each node, level by level, without nodes that were pruned."""
    order, found = [0], []
    for node in order:
        left, right = tree["left_children"][node], tree["right_children"][node]
        feature = None if left == -1 else tree["split_indices"][node]
        values = [np.float32(tree[name][node]) for name in ("split_conditions", "base_weights", "sum_hessian")]
        found.append((feature, *values))
        order += [] if left == -1 else [left, right]
    return found


def test_the_trees_are_those_that_xgboosts_exact_method_grows_from_the_same_file(cities, tmp_path):
    run = binary.train(cities / "train", tmp_path / "out", model="gradient-boosting", **BOOSTING)
    params = {name: value for name, value in BOOSTING.items() if name != "num_round"}
    for city in names(run):
        ours, = loaded_as_by_the_container(run.output / "models" / f"{city}.tar.gz", tmp_path / city)
        features, targets = rows(cities / "train" / f"{city}_train.csv")
        theirs = xgb.train(params | {"tree_method": "exact", "nthread": 1}, xgb.DMatrix(features, targets), BOOSTING["num_round"])
        assert len(trees(ours)) == len(trees(theirs)) == BOOSTING["num_round"]
        for number, (mine, reference) in enumerate(zip(trees(ours), trees(theirs), strict=True)):
            assert splits(mine) == splits(reference), (city, number)


def test_early_stopping_on_the_validation_files_is_xgboosts(cities, tmp_path):
    settings = BOOSTING | {"num_round": 400, "early_stopping_rounds": 5}
    run = binary.train(cities / "train", tmp_path / "out", "--validation", cities / "validation", model="gradient-boosting", **settings)
    params = {name: value for name, value in BOOSTING.items() if name != "num_round"}
    for city in names(run):
        ours, = loaded_as_by_the_container(run.output / "models" / f"{city}.tar.gz", tmp_path / city)
        train, validation = (xgb.DMatrix(*rows(cities / folder / f"{city}_{end}.csv"))
                             for folder, end in (("train", "train"), ("validation", "val")))
        theirs = xgb.train(params | {"tree_method": "exact", "nthread": 1}, train, 400, evals=[(validation, "validation")],
                           early_stopping_rounds=5, verbose_eval=False)
        assert 5 < len(trees(ours)) == theirs.best_iteration + 1 < 400, city
        np.testing.assert_array_equal(ours.predict(validation, validate_features=False),
                                      theirs.predict(validation, iteration_range=(0, theirs.best_iteration + 1)), err_msg=city)


@pytest.mark.parametrize("form", ["json", "ubj"])
@pytest.mark.parametrize("parallel", [1, 3])
def test_a_file_with_early_stopping_is_asked_as_the_scikit_learn_interface_asks_it(cities, tmp_path, form, parallel):
    city = next((cities / "train").glob("*_train.csv")).name.removesuffix("_train.csv")
    (train, targets), validation = rows(cities / "train" / f"{city}_train.csv"), rows(cities / "validation" / f"{city}_val.csv")
    stopped = xgb.XGBRegressor(n_estimators=200, learning_rate=0.5, early_stopping_rounds=8, num_parallel_tree=parallel, subsample=0.7,
                               n_jobs=1)
    stopped.fit(train, targets, eval_set=[validation], verbose=False)
    stopped.save_model(tmp_path / f"{city}.{form}")
    again = xgb.XGBRegressor(n_jobs=1)
    again.load_model(tmp_path / f"{city}.{form}")
    features, _ = validation
    booster = xgb.Booster({"nthread": 1}, model_file=str(tmp_path / f"{city}.{form}"))
    assert booster.num_boosted_rounds() > again.best_iteration + 1, "the file has later trees"
    (tmp_path / city).mkdir()
    (tmp_path / f"{city}.{form}").rename(tmp_path / city / "xgboost-model")
    names = ",".join(f"f{at}" for at in range(features.shape[1]))
    np.savetxt(tmp_path / "rows.csv", features, delimiter=",", header=names, comments="", fmt="%.9g")
    table = pd.read_csv(io.StringIO(binary.run("predict", tmp_path / city, "--input", tmp_path / "rows.csv")))
    np.testing.assert_allclose(table["prediction"].to_numpy(np.float32), again.predict(features), rtol=1e-6)
    assert not np.allclose(again.predict(features), booster.predict(xgb.DMatrix(features, nthread=1))), "a bare Booster takes all"


@pytest.mark.parametrize("trained_on", ["csv", "parquet"])
def test_what_data_frames_write_is_the_same_category_and_the_same_number(tmp_path, trained_on):
    number = np.arange(120)
    frame = pd.DataFrame({"y": [[0.0, 10.0, 200.0, 50.0][code] for code in 1 + number % 3], "code": 1 + number % 3,
                          "flag": number % 5 == 0, "size": number % 7})
    frame["y"] += 1000.0 * frame["flag"]
    (tmp_path / "data").mkdir()
    frame.to_csv(tmp_path / "data" / "a.csv", index=False)
    if trained_on == "parquet":
        (tmp_path / "data" / "a.csv").unlink()
        frame.astype({"code": "int8", "size": "uint16"}).to_parquet(tmp_path / "data" / "a.parquet")
    run = binary.train(tmp_path / "data", tmp_path / "out", model="gradient-boosting", num_round=60, eta=0.5, target="y",
                       categorical="code,flag")
    kinds = [{"code": kind} for kind in ("int8", "uint8", "int16", "uint16", "int32", "int64", "uint64", "float16", "float32", "float64",
                                         "str", "category")]
    kinds += [{"size": kind} for kind in ("int8", "uint8", "int16", "uint16", "float16", "float32", "category")]
    kinds += [{"flag": kind} for kind in ("int8", "float64", "str", "category")]
    kinds += [{"code": pd.ArrowDtype(pa.decimal128(22, 2))}, {"size": pd.ArrowDtype(pa.decimal128(38, 0))},
              {"size": pd.ArrowDtype(pa.decimal128(21, 1)), "code": pd.ArrowDtype(pa.decimal128(25, 0))}]
    for kind in kinds:
        changed = frame.astype(kind)
        changed.to_csv(tmp_path / "rows.csv", index=False)
        changed.to_parquet(tmp_path / "rows.parquet")
        for table in ("rows.csv", "rows.parquet"):
            found = pd.read_csv(io.StringIO(binary.run("predict", run.output / "models", "--input", tmp_path / table)))
            np.testing.assert_allclose(found["prediction"], frame["y"], atol=1.0, err_msg=f"{kind} in {table}")


def test_the_sample_of_california_is_fitted_but_for_the_customer_broken_on_purpose(tmp_path):
    run = binary.train(binary.REPOSITORY / "sample_data" / "housing", tmp_path / "out", model="gradient-boosting", num_round=20,
                       target="median_house_value", categorical="ocean_proximity", validation_fraction=0.3)
    manifest = run.manifest()
    failed = {customer: row["reason"] for customer, row in manifest.items() if row["status"] == "failed"}
    assert list(failed) == ["99n_999w_broken_on_purpose"]
    assert "line 18" in failed["99n_999w_broken_on_purpose"]
    explained = [row["accuracy"]["r2"] for row in manifest.values() if row["status"] == "fitted"]
    assert len(explained) == 29
    assert np.median(explained) > 0.4
