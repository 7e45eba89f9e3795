"""The command that the wheel installs."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import venv
import zipfile
from collections.abc import Callable
from pathlib import Path

from conftest import long_table

WHEEL = Path(os.environ["MANYFIT_WHEEL"])


def test_an_empty_environment_gets_the_command_and_the_library_from_one_wheel(tmp_path: Path) -> None:
    venv.create(tmp_path / "env", with_pip=True)
    python = tmp_path / "env" / "bin" / "python"
    # Without a library of tables, and not in the environment of these tests.
    clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    install = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-index", WHEEL]
    subprocess.run(install, check=True, env=clean)
    for command in ([python.with_name("manyfit")], [python, "-m", "manyfit"]):
        version = subprocess.run([*command, "--version"], check=True, capture_output=True, text=True, env=clean).stdout
        assert version.startswith("manyfit ")
    code = "import manyfit; print(manyfit.Fleet.__name__, sorted(set(sys.modules) & {'pandas', 'polars', 'numpy', 'pyarrow'}))"
    shown = subprocess.run([python, "-c", f"import sys; {code}"], check=True, capture_output=True, text=True, env=clean)
    assert shown.stdout == "Fleet []\n"


def test_the_wheel_is_small_and_typed_and_serves_every_python(found: Callable[[str], None]) -> None:
    megabytes = WHEEL.stat().st_size / 1e6
    found(f"wheel: {megabytes:.1f} MB")
    assert megabytes < 25
    assert "-cp310-abi3-" in WHEEL.name
    names = zipfile.ZipFile(WHEEL).namelist()
    assert {"manyfit/py.typed", "manyfit/_native.pyi"} <= set(names)


def test_importing_takes_less_than_a_tenth_of_a_second(found: Callable[[str], None]) -> None:
    def seconds(code: str) -> float:
        begun = time.perf_counter()
        subprocess.run([sys.executable, "-c", code], check=True)
        return time.perf_counter() - begun

    taken = min(seconds("import manyfit") for _ in range(5)) - min(seconds("pass") for _ in range(5))
    found(f"import manyfit: {taken * 1e3:.0f} ms")
    assert taken < 0.1


def test_exit_codes_and_messages_are_the_commands(command: Callable[..., subprocess.CompletedProcess[str]]) -> None:
    assert "there is no such folder" in command("train", "--input", "/nonexistent", "--output", "/tmp/x", code=2).stderr
    assert command("--help").stdout.startswith("Fit one model per customer")
    assert "Usage: manyfit train" in command("train", "--no-such-option", code=2).stderr
    assert "--set seasonality_mode=VALUE" in command("train", "--seasonality-mode=additive", code=2).stderr


def test_a_closed_pipe_does_not_change_the_exit_code() -> None:
    manyfit = os.environ["MANYFIT"]
    ended = subprocess.run(f"set -o pipefail; {manyfit} settings | head -1", shell=True, executable="/bin/bash", check=False)
    assert ended.returncode == 0


def test_ctrl_c_stops_the_command_cleanly(tmp_path: Path) -> None:
    long_table(2000, 400).write_parquet(tmp_path / "all.parquet")
    words = ["train", "--input", tmp_path / "all.parquet", "--output", tmp_path / "out", "--set", "customer=unique_id"]
    words += ["--set", "model=auto", "--set", "target=y", "--horizon", "7", "--jobs", "1"]
    running = subprocess.Popen([os.environ["MANYFIT"], *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while not list((tmp_path / "out").glob("models/*.tar.gz")):
        assert running.poll() is None, running.communicate()
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 5, errors
    assert "stopped" in errors
    assert not list((tmp_path / "out").glob("models/.*"))


def test_a_simulated_job_starts_the_command_once_more(
    tmp_path: Path, command: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    for part in long_table(4, 60).partition_by("unique_id"):
        (tmp_path / "in").mkdir(exist_ok=True)
        part.drop("unique_id").write_csv(tmp_path / "in" / f"{part['unique_id'][0]}.csv")
    words = ["simulate", "--input", tmp_path / "in", "--instances", "2", "--output", tmp_path / "out"]
    assert "4 customers" in command(*words).stdout
