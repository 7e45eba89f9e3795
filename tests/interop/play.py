"""The platform's part, played with files: fills in a pipeline, lays out /opt/ml for each host, moves what S3 would hold.

Needs nothing but Python.
"""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
import tarfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Request = dict[str, Any]


class Execution:
    """One execution of a pipeline: fills in what the platform would, step by step.

    A step's description is taken to be its arguments and its name, which is all that these definitions ask for.
    """

    def __init__(self, definition: dict[str, Any], name: str, **parameters: Any) -> None:
        self.name = name
        self.steps = definition["Steps"]
        self.parameters = {each["Name"]: each["DefaultValue"] for each in definition["Parameters"]} | parameters
        self.described: dict[str, Request] = {}

    def arguments(self, step: str) -> Request:
        """The arguments of a step with everything filled in; steps that they name must have been asked for before."""
        (found,) = (each for each in self.steps if each["Name"] == step)
        arguments = self._fill(found["Arguments"])
        # Later steps see what was run, not what a test made of it.
        self.described[step] = {"ModelName": f"{self.name}-{step}"} | copy.deepcopy(arguments)
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


@dataclass(frozen=True)
class Buckets:
    """A directory with a directory per bucket."""

    root: Path

    def path(self, uri: str) -> Path:
        """Where an s3:// address is."""
        assert uri.startswith("s3://"), uri
        return self.root / uri.removeprefix("s3://")

    def keys(self, prefix: str) -> list[str]:
        """Every object below a prefix, relative to it, in S3's order; of an object's own address, its name."""
        base = self.path(prefix)
        if base.is_file():
            return [base.name]
        return sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())

    def download(self, prefix: str, keys: list[str], directory: Path) -> None:
        """Objects below a prefix into a directory."""
        base = self.path(prefix)
        for key in keys:
            (directory / key).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(base if base.is_file() else base / key, directory / key)

    def upload(self, directory: Path, prefix: str) -> None:
        """A directory's files to a prefix, apart from those that the platform passes over."""
        for path in (path for path in directory.rglob("*") if path.is_file()):
            if not path.name.endswith(".sagemaker-ignore"):
                key = self.path(prefix) / path.relative_to(directory)
                key.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, key)


@dataclass(frozen=True)
class Host:
    """One instance: the directory that it sees as /opt/ml."""

    ml: Path

    def below(self, path: str) -> Path:
        """A path of the container on this side."""
        return self.ml / Path(path).relative_to("/opt/ml")

    def write(self, name: str, content: Any) -> None:
        """A configuration file, as JSON."""
        path = self.ml / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content))


def hosts(number: int) -> list[str]:
    """The names of so many hosts in the platform's order, which is that of the alphabet."""
    return sorted(f"algo-{each + 1}" for each in range(number))


def lay_processing(request: Request, buckets: Buckets, directory: Path, rank: int = 0) -> Host:
    """What a host of a processing job finds when it starts."""
    host = Host(directory)
    names = hosts(request["ProcessingResources"]["ClusterConfig"]["InstanceCount"])
    host.write("config/processingjobconfig.json", request | {"ProcessingJobName": "job", "ProcessingJobArn": "arn"})
    host.write("config/resourceconfig.json", {"current_host": names[rank], "hosts": names})
    for each in request["ProcessingInputs"]:
        source = each["S3Input"]
        assert source["S3DataDistributionType"] == "FullyReplicated"
        buckets.download(source["S3Uri"], buckets.keys(source["S3Uri"]), host.below(source["LocalPath"]))
    for each in request["ProcessingOutputConfig"]["Outputs"]:
        host.below(each["S3Output"]["LocalPath"]).mkdir(parents=True, exist_ok=True)
    (directory / "output").mkdir(exist_ok=True)
    return host


def end_processing(request: Request, buckets: Buckets, host: Host) -> None:
    """Uploads what a processing job left."""
    for each in request["ProcessingOutputConfig"]["Outputs"]:
        buckets.upload(host.below(each["S3Output"]["LocalPath"]), each["S3Output"]["S3Uri"])


def lay_training(request: Request, buckets: Buckets, directory: Path, rank: int = 0) -> Host:
    """What a host of a training job finds when it starts, or starts again: its share, and the models of all hosts."""
    host = Host(directory)
    names = hosts(request["ResourceConfig"]["InstanceCount"])
    channels = {}
    for channel in request["InputDataConfig"]:
        source = channel["DataSource"]["S3DataSource"]
        keys = buckets.keys(source["S3Uri"])
        if source["S3DataDistributionType"] == "ShardedByS3Key":
            keys = keys[rank :: len(names)]
        place = directory / "input/data" / channel["ChannelName"]
        place.mkdir(parents=True, exist_ok=True)
        buckets.download(source["S3Uri"], keys, place)
        channels[channel["ChannelName"]] = {
            "TrainingInputMode": channel["InputMode"],
            "S3DistributionType": source["S3DataDistributionType"],
            "RecordWrapperType": "None",
        }
    kind = request["ResourceConfig"]["InstanceType"]
    group = {"hosts": names, "instance_group_name": "homogeneousCluster", "instance_type": kind}
    host.write("input/config/hyperparameters.json", request["HyperParameters"])
    host.write("input/config/inputdataconfig.json", channels)
    host.write("input/config/checkpointconfig.json", request["CheckpointConfig"])
    host.write("input/config/resourceconfig.json", {
        "current_group_name": "homogeneousCluster", "current_host": names[rank], "current_instance_type": kind,
        "hosts": names, "instance_groups": [group], "network_interface_name": "eth0", "topology": None,
    })
    for place in ("model", "output/data"):
        (directory / place).mkdir(parents=True, exist_ok=True)
    models = request["CheckpointConfig"]
    checkpoints = host.below(models["LocalPath"])
    checkpoints.mkdir(parents=True, exist_ok=True)
    buckets.download(models["S3Uri"], buckets.keys(models["S3Uri"]), checkpoints)
    return host


def upload_checkpoints(request: Request, buckets: Buckets, host: Host) -> None:
    """What the platform's agent does all the time while a training job runs."""
    models = request["CheckpointConfig"]
    buckets.upload(host.below(models["LocalPath"]), models["S3Uri"])


def fetch_model(request: Request, buckets: Buckets, target: str, models: Path) -> tuple[str, Path]:
    """What an endpoint does before it loads a model: its opaque name, and the directory that its archive is unpacked to."""
    name = hashlib.sha256(target.encode()).hexdigest()[:32]
    directory = models / name / "model"
    directory.mkdir(parents=True)
    with tarfile.open(buckets.path(request["PrimaryContainer"]["ModelDataUrl"]) / target, "r:gz") as archive:
        archive.extractall(directory, filter="data")
    return name, directory
