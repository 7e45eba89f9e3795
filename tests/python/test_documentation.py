"""The documentation is that of this version, its examples run, and the stubs are those of the code."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from reference import PAGE, page

ROOT = Path(__file__).parents[2]


def test_the_reference_is_that_of_the_docstrings() -> None:
    text = PAGE.read_text()
    assert text == page(text), "write it anew: tests/python/run --python tests/python/reference.py"


@pytest.mark.parametrize("name", ["README.md", "docs/python.md"])
def test_examples_run_as_they_are_shown(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sample_data").symlink_to(ROOT / "sample_data")
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / name).read_text(), flags=re.DOTALL)
    assert blocks
    shown: dict[str, object] = {}
    for block in blocks:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            exec(block, shown)
    assert len(shown["fleet"]) > 10  # type: ignore[arg-type]


def test_types_are_checked() -> None:
    package = Path(os.environ["MANYFIT_SITE"]) / "manyfit"
    command = [sys.executable, "-m", "mypy", "--strict", "--no-incremental", "--cache-dir", os.devnull]
    # Libraries of tables and engines without types of their own.
    command += ["--disable-error-code", "import-untyped"]
    for files in ([package], [Path(__file__).parent / "typed.py"]):
        ended = subprocess.run([*command, *files], capture_output=True, text=True, check=False, cwd=package.parent)
        assert ended.returncode == 0, ended.stdout


def test_another_type_checker_agrees(tmp_path: Path) -> None:
    """Pyright, in its strict mode but for what libraries of tables do not say of their types."""
    unknown = ["MemberType", "VariableType", "ArgumentType", "ParameterType"]
    off = [f"reportUnknown{what}" for what in unknown]
    off += ["reportMissingTypeStubs", "reportMissingModuleSource", "reportMissingImports", "reportPrivateUsage"]
    package = Path(os.environ["MANYFIT_SITE"]) / "manyfit"
    settings = {
        "include": [str(package), str(Path(__file__).parent / "typed.py")],
        "extraPaths": [str(package.parent)],
        "typeCheckingMode": "strict",
        **dict.fromkeys(off, False),
    }
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(settings))
    command = [sys.executable, "-m", "basedpyright", "-p", tmp_path / "pyrightconfig.json", "--pythonpath", sys.executable]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout


def test_the_stubs_are_those_of_the_module() -> None:
    ended = subprocess.run(
        [sys.executable, "-m", "mypy.stubtest", "manyfit._native", "--ignore-disjoint-bases"],
        capture_output=True,
        text=True,
        check=False,
        cwd=os.environ["MANYFIT_SITE"],
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
