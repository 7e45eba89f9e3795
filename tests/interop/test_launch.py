"""The requests and the pipeline that the program prints, against the API's description, a stand-in of the API, and the SDK."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sdk
from botocore.validate import ParamValidator
from launching import IMAGE, PLACES, ROLE, STEPS, printed, request_shape, violations
from moto.server import ThreadedMotoServer
from play import Execution

LAUNCH = (*PLACES, "--name", "energy-7", "--instances", "10", "--set", "horizon=7", "--max-runtime", "3600")
VARIANTS = {
    "plain": (),
    "names": ("--versions", "names"),
    "on demand, isolated, copied": ("--on-demand", "--network-isolation", "--input-mode", "File"),
    "prepared by four": ("--prepare-instances", "4", "--prepare-argument=--target", "--prepare-argument", "kwh"),
    "tables in S3": ("--set", "holidays=s3://bucket/us.csv", "--set", "overrides=s3://bucket/o", "--set", "future=s3://bucket/f/"),
    "an endpoint of its own": ("--endpoint", "live", "--endpoint-instances", "3", "--endpoint-instance-type", "ml.c6i.xlarge"),
}


@pytest.fixture(scope="module")
def aws() -> Iterator[Any]:
    """The AWS command line, talking to a stand-in of the API on this machine."""
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}", "AWS_CONFIG_FILE": os.devnull, "AWS_PAGER": "",
    }

    def run(*arguments: str) -> Any:
        command = [sys.executable, "-m", "awscli", "sagemaker", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}{done.stderr}"
        return json.loads(done.stdout)

    yield run
    server.stop()


REGRESSION = (*PLACES, "--name", "homes-7", "--set", "model=ridge", "--set", "customer=city", "--set", "target=price")
REGRESSIONS = {
    "rows set apart": ("--prepare-argument=--validation-fraction=0.3",),
    "by time": ("--prepare-argument=--timestamp=sold", "--prepare-argument=--validation-from=2024-03-01"),
    "validation elsewhere": ("--validation", "s3://bucket/val/"),
}
PREPARED = (*PLACES, "--name", "homes-7", "--set", "model=ridge", "--prepared", "--validation", "s3://bucket/val")


@pytest.mark.parametrize("variant", REGRESSIONS.values(), ids=REGRESSIONS)
def test_regressions_are_what_the_api_describes_and_a_pipeline_fills_in_to_them(variant: tuple[str, ...]) -> None:
    execution = Execution(printed("pipeline", *REGRESSION, *variant), "homes-7")
    for step in ("prepare", "fit"):
        name, operation = STEPS[step]
        single = printed("job", step, *REGRESSION, *variant)
        assert violations(request_shape(operation), single) == []
        assert not ParamValidator().validate(single, request_shape(operation)).generate_report()
        single.pop("ProcessingJobName" if step == "prepare" else "TrainingJobName")
        assert execution.arguments(name) == single


def test_customers_files_that_are_there_already_are_fitted_without_a_preparation() -> None:
    definition = printed("pipeline", *PREPARED, "--until", "fit")
    assert [step["Name"] for step in definition["Steps"]] == ["Fit"]
    asked = set(re.findall(r'"Get": "Parameters\.(\w+)"', json.dumps(definition["Steps"])))
    assert asked == {each["Name"] for each in definition["Parameters"]}
    request = printed("job", "fit", *PREPARED)
    assert violations(request_shape("CreateTrainingJob"), request) == []
    places = {each["ChannelName"]: each["DataSource"]["S3DataSource"]["S3Uri"] for each in request["InputDataConfig"]}
    assert places == {"training": "s3://bucket/raw/", "validation": "s3://bucket/val/"}


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
@pytest.mark.parametrize("step", STEPS)
def test_every_request_is_what_the_api_describes(step: str, variant: tuple[str, ...]) -> None:
    request = printed("job", step, *LAUNCH, *variant)
    shape = request_shape(STEPS[step][1])
    assert not ParamValidator().validate(request, shape).generate_report()
    assert violations(shape, request) == []


def test_an_endpoint_that_exists_takes_the_same_request_as_an_update() -> None:
    assert violations(request_shape("UpdateEndpoint"), printed("job", "endpoint", *LAUNCH)) == []


def test_the_check_sees_what_the_api_forbids() -> None:
    shape = request_shape("CreateTrainingJob")
    for place, value in (
        (("TrainingJobName",), "a_b"),
        (("TrainingJobName",), "a" * 64),
        (("RoleArn",), "manyfit"),
        (("ResourceConfig", "InstanceType"), "ml.none.large"),
        (("StoppingCondition", "MaxRuntimeInSeconds"), 0),
        (("HyperParameters", "horizon"), "7" * 2_501),
        (("Unknown",), "x"),
    ):
        request = printed("job", "fit", *LAUNCH)
        *parents, last = place
        inner = request
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
        assert violations(shape, request), place


def test_the_aws_command_line_takes_every_request_as_it_is(aws: Any, tmp_path: Path) -> None:
    for step, (_, operation) in STEPS.items():
        path = tmp_path / f"{step}.json"
        path.write_text(json.dumps(printed("job", step, *LAUNCH)))
        command = re.sub(r"(?<!^)(?=[A-Z])", "-", operation).lower()
        aws(command, "--cli-input-json", f"file://{path}")
    fit = aws("describe-training-job", "--training-job-name", "energy-7-fit")
    assert fit["EnableManagedSpotTraining"] is True
    assert fit["CheckpointConfig"]["S3Uri"] == "s3://bucket/energy/energy-7/models/"
    model = aws("describe-model", "--model-name", "energy-7")
    assert model["PrimaryContainer"]["ModelDataUrl"] == fit["CheckpointConfig"]["S3Uri"]
    assert aws("describe-processing-job", "--processing-job-name", "energy-7-prepare")["RoleArn"] == ROLE
    endpoint = aws("describe-endpoint", "--endpoint-name", "energy-7")
    assert endpoint["EndpointConfigName"] == "energy-7"


def test_the_aws_command_line_creates_and_updates_the_pipeline(aws: Any, tmp_path: Path) -> None:
    request = tmp_path / "pipeline.json"
    request.write_text(json.dumps(printed("pipeline", *LAUNCH, "--request")))
    arn = aws("create-pipeline", "--cli-input-json", f"file://{request}")["PipelineArn"]
    kept = aws("describe-pipeline", "--pipeline-name", "energy-7")
    assert (kept["PipelineArn"], kept["RoleArn"]) == (arn, ROLE)
    assert json.loads(kept["PipelineDefinition"]) == printed("pipeline", *LAUNCH)
    aws("update-pipeline", "--cli-input-json", f"file://{request}")


def test_the_pipeline_is_what_the_sdk_writes_apart_from_named_differences() -> None:
    ours = printed("pipeline", *LAUNCH, "--cache", "P7D")
    metrics = ours["Steps"][1]["Arguments"]["AlgorithmSpecification"]["MetricDefinitions"]
    theirs = sdk.pipeline("energy-7", ROLE, IMAGE, "s3://bucket/raw/", "s3://bucket/energy", metrics)
    steps = {step["Name"]: step for step in ours.pop("Steps")}
    their_steps = {step["Name"]: step for step in theirs.pop("Steps")}
    endpoint_parameters = [each for each in ours["Parameters"] if each["Name"].startswith("Endpoint")]
    # 1. The SDK has no steps for endpoints, so it has no parameters for them either.
    ours["Parameters"] = [each for each in ours["Parameters"] if each not in endpoint_parameters]
    assert ours == theirs
    assert list(steps) == [*their_steps, "EndpointConfig", "Endpoint"]
    assert steps["Prepare"] == their_steps["Prepare"]
    assert steps["Fit"] == their_steps["Fit"]
    # 2. The SDK gives the container an empty environment and leaves the caching of models to the default, which is this one.
    container, their_container = (each["Model"]["Arguments"]["PrimaryContainer"] for each in (steps, their_steps))
    assert container.pop("MultiModelConfig") == {"ModelCacheSetting": "Enabled"}
    assert their_container.pop("Environment") == {}
    assert steps["Model"] == their_steps["Model"]
    (variant,) = steps["EndpointConfig"]["Arguments"]["ProductionVariants"]
    parameters = {each["Name"]: each["DefaultValue"] for each in endpoint_parameters}
    assert variant | {"ModelName": "m", "InstanceType": "ml.m5.large", "InitialInstanceCount": 2} == sdk.variant(
        "m", parameters["EndpointInstanceType"], parameters["EndpointInstanceCount"]
    )


@pytest.mark.parametrize("variant", VARIANTS.values(), ids=VARIANTS)
def test_a_pipeline_fills_in_to_the_requests_of_single_jobs(variant: tuple[str, ...]) -> None:
    execution = Execution(printed("pipeline", *LAUNCH, *variant), "run1")
    run = [option if option != "energy-7" else "run1" for option in LAUNCH]
    for step, (name, operation) in STEPS.items():
        arguments = execution.arguments(name)
        single = printed("job", step, *run, *variant)
        # The platform names jobs and models; the others have names that a client must know beforehand.
        generated = {"Prepare": "ProcessingJobName", "Fit": "TrainingJobName", "Model": "ModelName"}.get(name)
        if generated:
            single.pop(generated)
        if name == "EndpointConfig":
            assert arguments["ProductionVariants"][0].pop("ModelName") == "run1-Model"
            assert single["ProductionVariants"][0].pop("ModelName") == single.pop("EndpointConfigName") == "run1"
            assert arguments.pop("EndpointConfigName") == "energy-7-run1"
        if name == "Endpoint":
            assert arguments.pop("EndpointConfigName") == "energy-7-run1"
            assert single.pop("EndpointConfigName") == "run1"
            assert arguments.pop("EndpointName") == single.pop("EndpointName").replace("run1", "energy-7")
        assert arguments == single, operation


def test_each_metric_finds_its_number_in_a_real_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    for customer in range(3):
        rows = "".join(f"2024-01-{day:02},{customer + day}\n" for day in range(1, 29))
        (data / f"{customer}.csv").write_text("ds,y\n" + rows)
    (data / "broken.csv").write_text("ds,y\n2024-01-01,text\n")
    command = [os.environ["MANYFIT"], "train", "--input", str(data), "--output", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--set", "max_failures=1"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    definitions = printed("job", "fit", *LAUNCH)["AlgorithmSpecification"]["MetricDefinitions"]
    found = {each["Name"]: re.findall(each["Regex"], done.stdout) for each in definitions}
    assert found == {
        "models:done": ["3"], "models:fitted": ["3"], "models:unchanged": ["0"], "models:fallback": ["0"], "models:failed": ["1"],
    }
    caught = [line for line in done.stdout.splitlines() if any(re.search(each["Regex"], line) for each in definitions)]
    assert [line for line in done.stdout.splitlines() if re.fullmatch(r"\w+=[0-9.]+;", line)] == caught


def test_each_metric_of_backtests_finds_its_number_in_a_real_log(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    rows = "".join(f"2024-01-{day:02},{10 + day % 7 + day % 3}\n" for day in range(1, 32))
    (data / "a.csv").write_text("ds,y\n" + rows)
    settings = ["--set", "model=theta", "--set", "backtest=2"]
    places = ["--input", str(data), "--output", str(tmp_path / "out")]
    command = [os.environ["MANYFIT"], "train", *places, *settings, "--set", "horizon=7"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True)
    definitions = printed("job", "fit", *LAUNCH, *settings)["AlgorithmSpecification"]["MetricDefinitions"]
    found = {each["Name"]: re.findall(each["Regex"], done.stdout) for each in definitions}
    scores = {name: numbers for name, numbers in found.items() if name.startswith("backtest:")}
    assert set(scores) == {
        f"backtest:{measure}" for measure in ("mase", "rmsse", "seasonal_naive_mase", "seasonal_naive_rmsse", "coverage")
    }
    assert all(len(numbers) == 1 and float(numbers[0]) >= 0 for numbers in scores.values()), scores


def test_each_metric_of_regression_finds_its_number_in_a_real_log(tmp_path: Path) -> None:
    data, settings = tmp_path / "data", ("--set", "model=ridge", "--set", "validation_fraction=0.2")
    subprocess.run([os.environ["MANYFIT"], "generate", "housing", "--customers", "3", "--output", str(data)], check=True)
    command = [os.environ["MANYFIT"], "train", "--input", str(data), "--output", str(tmp_path / "out"), *settings]
    log = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout
    definitions = printed("job", "fit", *PLACES, "--name", "energy-7", *settings)["AlgorithmSpecification"]["MetricDefinitions"]
    shape = request_shape("CreateTrainingJob").members["AlgorithmSpecification"].members["MetricDefinitions"]
    assert violations(shape, definitions) == []
    found = {each["Name"]: [float(number) for number in re.findall(each["Regex"], log)] for each in definitions}
    medians = {name.removeprefix("median:"): numbers for name, numbers in found.items() if name.startswith("median:")}
    assert {name for name, numbers in medians.items() if len(numbers) == 1} == {
        f"validation:{measure}"
        for measure in ("rmse", "mae", "r2", "ae_at_10th_percentile", "ae_at_50th_percentile", "ae_at_90th_percentile")
    }
    assert len(re.findall("^median_", log, flags=re.MULTILINE)) == 6


def test_a_pipeline_step_has_all_that_the_platform_needs_and_no_more() -> None:
    definition = printed("pipeline", *LAUNCH, "--until", "fit")
    assert [step["Name"] for step in definition["Steps"]] == ["Prepare", "Fit"]
    asked = set(re.findall(r'"Get": "Parameters\.(\w+)"', json.dumps(definition["Steps"])))
    assert asked == {each["Name"] for each in definition["Parameters"]}
    arguments = definition["Steps"][1]["Arguments"]
    assert "DebugHookConfig" not in arguments
    assert arguments["InputDataConfig"][0]["DataSource"]["S3DataSource"]["S3DataDistributionType"] == "ShardedByS3Key"
    filled = Execution(definition, "run1")
    filled.arguments("Prepare")
    assert filled.arguments("Fit")["CheckpointConfig"]["S3Uri"].endswith("/models/")
