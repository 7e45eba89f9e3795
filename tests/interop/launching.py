"""What the program prints for a launch, and what the platform would make of it."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
from typing import Any

from botocore.model import ListShape, MapShape, Shape, StringShape, StructureShape
from botocore.session import Session

ROLE = "arn:aws:iam::123456789012:role/service-role/manyfit"
IMAGE = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/manyfit:0.1.0"
PLACES = ("--role", ROLE, "--image", IMAGE, "--input", "s3://bucket/raw/", "--output", "s3://bucket/energy/")

# A step's name as an argument, in the pipeline, and its API request.
STEPS = {
    "prepare": ("Prepare", "CreateProcessingJob"),
    "fit": ("Fit", "CreateTrainingJob"),
    "model": ("Model", "CreateModel"),
    "endpoint-config": ("EndpointConfig", "CreateEndpointConfig"),
    "endpoint": ("Endpoint", "CreateEndpoint"),
}


def printed(*arguments: str) -> Any:
    """The JSON that `manyfit …` prints.

    Raises:
        AssertionError: the program ended with an error; its messages are in the text.
    """
    done = subprocess.run([os.environ["MANYFIT"], *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{' '.join(arguments)}\nexit code {done.returncode}\n{done.stdout}{done.stderr}"
    return json.loads(done.stdout)


@functools.cache
def request_shape(operation: str) -> Shape:
    """The API's own description of a request."""
    return Session().get_service_model("sagemaker").operation_model(operation).input_shape


def violations(shape: Shape, value: Any, where: str = "") -> list[str]:
    """What the API's description forbids in a value, lengths, patterns and choices included, which botocore lets pass."""
    found = []
    limits = shape.metadata
    size = len(value) if hasattr(value, "__len__") else value
    if not limits.get("min", size) <= size <= limits.get("max", size):
        found.append(f"{where}: {value!r} is not within {limits}")
    if isinstance(shape, StructureShape):
        found += [f"{where}: {name} is missing" for name in shape.required_members if name not in value]
        for name, member in value.items():
            if name in shape.members:
                found += violations(shape.members[name], member, f"{where}.{name}")
            else:
                found.append(f"{where}: {name} is not known")
    elif isinstance(shape, ListShape):
        for index, member in enumerate(value):
            found += violations(shape.member, member, f"{where}[{index}]")
    elif isinstance(shape, MapShape):
        for name, member in value.items():
            found += violations(shape.key, name, f"{where} key") + violations(shape.value, member, f"{where}.{name}")
    elif isinstance(shape, StringShape):
        pattern = shape.metadata.get("pattern")
        if pattern and not re.fullmatch(pattern, value):
            found.append(f"{where}: {value!r} does not match {pattern}")
        if shape.enum and value not in shape.enum:
            found.append(f"{where}: {value!r} is none of the choices")
    return found


class Execution:
    """One execution of a pipeline: fills in what the platform would, step by step.

    A step's description is taken to be its arguments and its name, which is all that these definitions ask for.
    """

    def __init__(self, definition: dict[str, Any], name: str, **parameters: Any) -> None:
        self.name = name
        self.steps = definition["Steps"]
        self.parameters = {each["Name"]: each["DefaultValue"] for each in definition["Parameters"]} | parameters
        self.described: dict[str, dict[str, Any]] = {}

    def arguments(self, step: str) -> dict[str, Any]:
        """The arguments of a step with everything filled in; steps that they name must have been asked for before."""
        (found,) = (each for each in self.steps if each["Name"] == step)
        arguments = self._fill(found["Arguments"])
        self.described[step] = {"ModelName": f"{self.name}-{step}"} | arguments
        return arguments

    def _fill(self, value: Any) -> Any:
        if isinstance(value, list):
            return [self._fill(each) for each in value]
        if not isinstance(value, dict):
            return value
        if list(value) == ["Get"]:
            return self._get(value["Get"])
        if list(value) == ["Std:Join"]:
            join = value["Std:Join"]
            return join["On"].join(str(self._fill(each)) for each in join["Values"])
        return {name: self._fill(each) for name, each in value.items()}

    def _get(self, path: str) -> Any:
        kind, _, rest = path.partition(".")
        if kind == "Parameters":
            return self.parameters[rest]
        if path == "Execution.PipelineExecutionId":
            return self.name
        step, _, rest = rest.partition(".")
        found: Any = self.described[step]
        for part, key in re.findall(r"([A-Za-z0-9]+)(?:\['([^']+)'\])?", rest):
            found = found[part]
            if key:
                (found,) = (each for each in found if each["OutputName"] == key)
        return found
