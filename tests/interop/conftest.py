"""What the tests measured is printed after pytest's own summary, passed or not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

_FINDINGS = pytest.StashKey[list[str]]()


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_FINDINGS] = []


@pytest.fixture(scope="session")
def found(pytestconfig: pytest.Config) -> Callable[[str], None]:
    """Takes a sentence with a measurement in it for the report at the end."""
    return pytestconfig.stash[_FINDINGS].append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if lines := config.stash[_FINDINGS]:
        terminalreporter.section("measured")
        for line in lines:
            terminalreporter.write_line(line)
