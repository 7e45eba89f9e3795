"""`manyfit serve` under the clients that people have: boto3, the SageMaker SDK's predictor, requests.

What it answers is compared with what stock Prophet and stock XGBoost say of the same files.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import numpy as np
import pandas as pd
import pytest
import requests
import sdk  # noqa: F401 - keeps the SDK from the settings of this machine
import tree_data
import xgboost as xgb
from binary import train
from botocore.exceptions import ClientError
from posterior import fit, read_series
from prophet import Prophet
from prophet.serialize import model_from_json, model_to_json
from sagemaker import Session
from sagemaker.deserializers import JSONDeserializer
from sagemaker.predictor import Predictor
from sagemaker.serializers import CSVSerializer, JSONSerializer
from series import DATA, write
from serving import ACCOUNT, pack, running, unpack

PERIOD = 7
# By customer: series that differ in length and gaps, and their steps.
SERIES = {
    "1": ("prophet/example_air_passengers", "MS"),
    "8": ("azure_oj/store_1000_dominicks", "W-THU"),
    # Days of trading.
    "42": ("prophet/tests_data", "B"),
}
DRAWS = 20_000
CITY = "37n_122w"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of archives: `python/` by Python's libraries, `manyfit/` by `manyfit train`."""
    folder = tmp_path_factory.mktemp("serve")
    data, target = folder / "series", folder / "models"
    data.mkdir()
    for customer, (name, _) in SERIES.items():
        frame = read_series(DATA / f"{name}.csv").sort_values("ds", ignore_index=True)
        write(frame, data / f"{customer}.csv")
        files = {"model.json": model_to_json(fit(frame, {})), "code/inference.py": "", "code/requirements.txt": "prophet\n"}
        pack(target / "python" / f"{customer}.tar.gz", files)
    ours = [train(data, folder / "prophet").output]

    features, prices, _, _ = tree_data.california(CITY)
    booster = xgb.train({"max_depth": 5, "eta": 0.2, "nthread": 1}, xgb.DMatrix(features, prices, nthread=1), 25)
    for form in ("json", "ubj"):
        pack(target / "python" / f"{CITY}.{form}.tar.gz", {"xgboost-model": bytes(booster.save_raw(form))})
    cities = folder / "cities"
    cities.mkdir()
    rows = np.column_stack([prices, features])
    np.savetxt(cities / f"{CITY}.csv", rows, delimiter=",", fmt="%.9g")
    for form in ("json", "ubj"):
        settings = {"model": "gradient-boosting", "num_round": 25, "max_depth": 5, "model_format": form}
        ours.append(train(cities, folder / form, **settings).output)
    (target / "manyfit").mkdir()
    for output in ours:
        for archive in (output / "models").glob("*.tar.gz"):
            form = f".{output.name}" if output.name in ("json", "ubj") else ""
            archive.rename(target / "manyfit" / archive.name.replace(".tar.gz", f"{form}.tar.gz"))
    return target


@pytest.fixture(scope="module")
def address(models: Path) -> Iterator[str]:
    with running("--models", models) as address:
        yield address


@pytest.fixture
def client(address: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    for name, value in ACCOUNT.items():
        monkeypatch.setenv(name, value)
    return boto3.client("sagemaker-runtime", endpoint_url=address)


@pytest.fixture
def session(client: Any) -> Session:
    """The SDK's session, whose calls of the runtime go to the server."""
    control = boto3.client("sagemaker", endpoint_url="http://127.0.0.1:9")
    return Session(sagemaker_client=control, sagemaker_runtime_client=client, default_bucket="bucket")


def stock(archive: Path) -> Prophet:
    return model_from_json((unpack(archive, archive.with_suffix(".files")) / "model.json").read_text())


def scores(archive: Path, features: np.ndarray) -> np.ndarray:
    booster = xgb.Booster({"nthread": 1})
    booster.load_model(unpack(archive, archive.with_suffix(".files")) / "xgboost-model")
    return booster.predict(xgb.DMatrix(features, nthread=1), validate_features=False)


def lines(features: np.ndarray) -> str:
    """CSV without a header; what is missing is an empty field."""
    return pd.DataFrame(features).to_csv(header=False, index=False)


@pytest.mark.parametrize("customer", SERIES)
@pytest.mark.parametrize("writer", ["python", "manyfit"])
def test_the_blogs_session_gets_what_stock_prophet_forecasts(
    session: Session, models: Path, writer: str, customer: str, found: Callable[[str], None]
) -> None:
    target = f"{writer}/{customer}.tar.gz"
    predictor = Predictor("prophet", session, serializer=JSONSerializer(), deserializer=JSONDeserializer())
    response = predictor.predict('{"period": 7}', target_model=target)
    frame = pd.read_json(io.StringIO(response))

    model = stock(models / target)
    name, step = SERIES[customer]
    # The blog's handler leaves the step at stock's default of a day, which is that of its data.
    future = model.make_future_dataframe(PERIOD, freq=step, include_history=False)
    model.uncertainty_samples = DRAWS
    np.random.seed(1)
    draws = model.predictive_samples(future)
    model.uncertainty_samples = 0
    expected = model.predict(future)

    rows = len(read_series(DATA / f"{name}.csv"))
    assert list(frame.index) == list(range(rows, rows + PERIOD))
    assert list(pd.to_datetime(frame["ds"], unit="ms")) == list(expected["ds"])
    bounds = {f"{name}_{side}" for name in ("yhat", "trend") for side in ("lower", "upper")}
    assert set(expected.columns) | bounds | {"additive_terms_lower"} <= set(frame.columns)
    for column in set(expected.columns) - {"ds"}:
        # The answer has ten decimals, as `to_json` has.
        np.testing.assert_allclose(frame[column], expected[column], rtol=1e-9, atol=1e-10, err_msg=column)
    worst = 0.0
    for column, share in (("yhat_lower", 0.1), ("yhat_upper", 0.9)):
        below = (draws["yhat"] < frame[column].to_numpy()[:, None]).mean(axis=1)
        error = np.sqrt(share * (1 - share) * (1 / 1000 + 1 / DRAWS))
        worst = max(worst, float(np.abs(below - share).max() / error))
    found(f"served {target}: bounds at most {worst:.1f} standard errors from stock's")
    assert worst < 5


@pytest.mark.parametrize("body", ['{"period": 7}', json.dumps('{"period": 7}')], ids=["object", "text"])
def test_both_encodings_of_the_blogs_question_are_one(client: Any, body: str) -> None:
    target = "python/8.tar.gz"
    asked = {"EndpointName": "any", "TargetModel": target, "ContentType": "application/json"}
    answer = client.invoke_endpoint(Body=body, **asked)
    assert answer["ContentType"] == "application/json"
    frame = pd.read_json(io.StringIO(json.loads(answer["Body"].read())))
    assert list(frame[["ds", "yhat", "yhat_lower", "yhat_upper"]].shape) == [PERIOD, 4]
    other = client.invoke_endpoint(Body='{"period": 7}', **asked)
    pd.testing.assert_frame_equal(frame, pd.read_json(io.StringIO(json.loads(other["Body"].read()))))


def test_a_country_that_python_wrote_by_its_name_alone_has_its_holidays(client: Any, models: Path) -> None:
    frame = pd.DataFrame({"ds": pd.date_range("2020-01-01", "2022-12-20")})
    frame["y"] = 50 + np.sin(np.arange(len(frame))) + 9 * frame["ds"].dt.strftime("%m-%d").eq("12-25")
    model = Prophet(uncertainty_samples=0)
    model.add_country_holidays("DE")
    model.fit(frame)
    pack(models / "python" / "german.tar.gz", {"model.json": model_to_json(model)})
    body = json.dumps({"horizon": 400, "components": True})
    asked = {"EndpointName": "any", "TargetModel": "python/german.tar.gz", "ContentType": "application/json"}
    served = pd.DataFrame(json.loads(client.invoke_endpoint(Body=body, **asked)["Body"].read())["predictions"])
    expected = model.predict(model.make_future_dataframe(400, include_history=False))
    np.testing.assert_allclose(served["yhat"], expected["yhat"], rtol=1e-9)
    np.testing.assert_allclose(served["holidays"], expected["holidays"], rtol=1e-9, atol=1e-9)
    assert served["holidays"].abs().max() > 1
    with pytest.raises(ClientError, match="2100"):
        client.invoke_endpoint(Body='{"dates": ["2100-12-25"]}', **asked)


@pytest.mark.parametrize("target", [f"{writer}/{CITY}.{form}.tar.gz" for writer in ("python", "manyfit") for form in ("json", "ubj")])
def test_the_xgboost_notebooks_session_gets_what_xgboost_predicts(
    session: Session, client: Any, models: Path, target: str
) -> None:
    _, _, features, _ = tree_data.california(CITY)
    features[::5, 4] = np.nan
    expected = scores(models / target, features)

    def ask(body: str, **more: str) -> Any:
        asked = {"EndpointName": "any", "TargetModel": target, "ContentType": "text/csv", **more}
        return client.invoke_endpoint(Body=body, **asked)["Body"].read().decode()

    for row in (0, len(features) - 1):
        price = json.loads(ask(lines(features[row : row + 1])))[0]
        assert np.float32(price) == expected[row]
    answered = ask(lines(features), Accept="text/csv")
    np.testing.assert_array_equal(np.array(answered.split(","), np.float32), expected)
    predictor = Predictor("trees", session, serializer=CSVSerializer(), deserializer=JSONDeserializer())
    answered = predictor.predict(features.tolist(), target_model=target)
    np.testing.assert_array_equal(np.array(answered, np.float32), expected)


def test_a_single_model_answers_as_awss_container_does(models: Path) -> None:
    archive = models / "python" / f"{CITY}.ubj.tar.gz"
    _, _, features, _ = tree_data.california(CITY)
    expected = scores(archive, features[:5])
    with running("--model", archive) as address:
        body, headers = lines(features[:5]), {"Content-Type": "text/csv; charset=utf-8"}
        answer = requests.post(f"{address}/invocations", body, headers=headers)
        parameters = requests.get(f"{address}/execution-parameters").json()
    served = [row["score"] for row in answer.json()["predictions"]]
    np.testing.assert_array_equal(np.array(served, np.float32), expected)
    assert parameters["BatchStrategy"] == "MULTI_RECORD"


def test_clients_see_a_missing_model_and_a_question_that_cannot_be_answered(client: Any) -> None:
    asked = {"EndpointName": "any", "ContentType": "application/json"}
    for target, body, words in [
        ("python/none.tar.gz", '{"period": 7}', "none"),
        ("python/8.tar.gz", '{"period": "many"}', "number of steps"),
        ("python/8.tar.gz", "{", "not JSON"),
        ("../../8.tar.gz", '{"period": 7}', ""),
    ]:
        with pytest.raises(ClientError, match=words) as refused:
            client.invoke_endpoint(TargetModel=target, Body=body, **asked)
        assert 400 <= refused.value.response["ResponseMetadata"]["HTTPStatusCode"] < 500


def test_the_platforms_calls_go_through_requests(models: Path, tmp_path: Path) -> None:
    """What the platform does for a client: unpack, load under an opaque name, invoke, unload."""
    targets = {"c8f1": "python/8.tar.gz", "0a7e": "manyfit/8.tar.gz", "77b2": f"python/{CITY}.json.tar.gz"}
    with running(SAGEMAKER_MULTI_MODEL="true", SAGEMAKER_BASE_DIR=str(tmp_path / "none")) as address:
        assert requests.get(f"{address}/ping").status_code == 200
        assert requests.get(f"{address}/models").json() == {"models": []}
        for name, target in targets.items():
            body = {"model_name": name, "url": str(unpack(models / target, tmp_path / name))}
            header = {"X-Amzn-SageMaker-Target-Model": target}
            assert requests.post(f"{address}/models", json=body, headers=header).status_code == 200
            again = requests.post(f"{address}/models", json=body)
            assert (again.status_code, again.json()["type"]) == (409, "ConflictStatusException")
        listed = requests.get(f"{address}/models").json()["models"]
        assert [model["modelName"] for model in listed] == sorted(targets)
        described = requests.get(f"{address}/models/c8f1").json()
        assert described["modelUrl"] == str(tmp_path / "c8f1")

        for name in ("c8f1", "0a7e"):
            answer = requests.post(f"{address}/models/{name}/invoke", json='{"period": 7}')
            assert pd.read_json(io.StringIO(answer.json())).shape[0] == PERIOD
        header = {"Content-Type": "text/csv", "X-Amzn-SageMaker-Custom-Attributes": "trace=1"}
        _, _, features, _ = tree_data.california(CITY)
        answer = requests.post(f"{address}/models/77b2/invoke", lines(features[:3]), headers=header)
        np.testing.assert_array_equal(np.array(answer.json(), np.float32), scores(models / targets["77b2"], features[:3]))
        assert answer.headers["X-Amzn-SageMaker-Custom-Attributes"] == "trace=1"

        for status in (200, 404):
            assert requests.delete(f"{address}/models/c8f1").status_code == status
        gone = requests.post(f"{address}/models/c8f1/invoke", json={"period": 7})
        assert (gone.status_code, gone.json()["type"]) == (404, "ModelNotFoundException")
