"""The command ``manyfit``, as the wheel installs it."""

from __future__ import annotations

import os
import signal
import sys

from manyfit import _native


def main() -> None:
    """Run the command line of this process, and exit with the command's exit code."""
    # The command has its own way to stop: a clean end at the first signal, an immediate one at the second. Python's handler
    # would only take note until the command returns.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    code = _native.command([sys.executable, "-m", "manyfit"], ["manyfit", *sys.argv[1:]])
    # What is left of the interpreter has nothing to do any more, and a closed pipe must not change the exit code.
    os._exit(code)
