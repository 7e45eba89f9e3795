"""The server as a process of its own, and the artifacts that it is given."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

ACCOUNT = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "eu-west-1"}


@contextlib.contextmanager
def running(*options: object, **variables: str) -> Iterator[str]:
    """Runs `manyfit serve` on a port of the system's choice; its address, as the start of a URL."""
    command = [os.environ["MANYFIT"], "serve", "--listen", "127.0.0.1:0", *map(str, options)]
    process = subprocess.Popen(command, env={**os.environ, **variables}, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        lines = map(json.loads, process.stdout)
        yield next(f"http://{line['address']}" for line in lines if line["event"] == "listening")
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert process.returncode == 0


def pack(archive: Path, files: dict[str, str | bytes]) -> None:
    """Writes a `tar.gz` of files by their names, as `tar -C DIRECTORY .` has them."""
    archive.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in files.items():
            data = content.encode() if isinstance(content, str) else content
            member = tarfile.TarInfo(f"./{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def unpack(archive: Path, directory: Path) -> Path:
    """What the platform does with an archive before it asks for a load."""
    with tarfile.open(archive) as tar:
        tar.extractall(directory, filter="data")
    return directory
