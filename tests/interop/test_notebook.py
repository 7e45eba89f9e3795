"""The code of container/notebook.md, run up to its requests: they are those that the program prints."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import botocore.client
import pytest
import sdk  # Keeps the SDK from the settings of this machine.
from launching import IMAGE, ROLE, printed

PAGE = (Path(__file__).resolve().parents[2] / "container/notebook.md").read_text()
LAUNCH = ("--name", "energy-7", "--role", ROLE, "--image", IMAGE, "--input", "s3://bucket/raw/", "--output", "s3://bucket/energy",
          "--instances", "10", "--set", "horizon=7")


def code(section: str) -> str:
    """All code of one section."""
    (text,) = re.findall(rf"^## {section}\n(.*?)(?=^## |\Z)", PAGE, flags=re.MULTILINE | re.DOTALL)
    return "\n".join(re.findall(r"```python\n(.*?)```", text, flags=re.DOTALL))


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, Any]]:
    """Requests by operation, in place of sending them."""
    requests: dict[str, dict[str, Any]] = {}

    def keep(_client: Any, operation: str, request: dict[str, Any]) -> dict[str, Any]:
        requests[operation] = request
        return {"ModelArn": "arn", "EndpointArn": "arn", "EndpointConfigArn": "arn", "ProcessingJobArn": "arn", "TrainingJobArn": "arn"}

    monkeypatch.setattr(botocore.client.BaseClient, "_make_api_call", keep)
    monkeypatch.setenv("AWS_DEFAULT_REGION", sdk.REGION)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    return requests


def test_the_sdks_requests_are_the_programs_apart_from_named_differences(sent: dict[str, dict[str, Any]]) -> None:
    exec(compile(code("SDK version 2"), "notebook.md", "exec"), {"role": ROLE, "image": IMAGE})
    assert sent["CreateProcessingJob"] == printed("job", "prepare", *LAUNCH)
    assert sent["CreateTrainingJob"] == printed("job", "fit", *LAUNCH)
    # 1. The SDK gives the container an empty environment and leaves the caching of models to the default, which is this one.
    model = printed("job", "model", *LAUNCH)
    assert model["PrimaryContainer"].pop("MultiModelConfig") == {"ModelCacheSetting": "Enabled"}
    assert sent["CreateModel"]["PrimaryContainer"].pop("Environment", {}) == {}
    assert sent["CreateModel"] == model
    assert sent["CreateEndpointConfig"] == printed("job", "endpoint-config", *LAUNCH)
    # 2. It gives the endpoint an empty list of tags.
    assert sent["CreateEndpoint"].pop("Tags") == []
    assert sent["CreateEndpoint"] == printed("job", "endpoint", *LAUNCH)


def test_the_request_of_the_program_can_be_sent_by_boto3_as_it_is(
    sent: dict[str, dict[str, Any]], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "manyfit").symlink_to(os.environ["MANYFIT"])
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    first = re.search(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    assert first is not None
    exec(compile(first[1], "notebook.md", "exec"), {"role": ROLE, "image": IMAGE})
    assert sent["CreateTrainingJob"] == printed("job", "fit", *LAUNCH)
