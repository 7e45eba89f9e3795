"""What the program prints for a launch, and what the API's own description forbids in it."""

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
