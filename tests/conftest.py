"""What all tests share: tests that need a real server run wherever it can be had; elsewhere the run says so.

In CI a server that can't be had is a failure, never a shorter run.
"""

import os
from collections.abc import Iterator

import pytest
import structlog

from tests.e2e import servers
from tests.e2e.postgres import RunningPostgres
from tests.e2e.postgres import postgres as running
from tests.power import mounted

_not_run: list[str] = []


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if os.environ.get("CI"):
        return
    kept = [item for item in items if not _missing(item)]
    gone = [item for item in items if item not in kept]
    items[:] = kept
    _not_run.extend(item.nodeid for item in gone)
    if gone:
        config.hook.pytest_deselected(items=gone)


def _missing(item: pytest.Item) -> bool:
    return any(not _there(str(mark.args[0])) for mark in item.iter_markers("needs"))


def _there(name: str) -> bool:
    return mounted.possible() if name == "fuse" else servers.obtain(name) is not None


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for node in _not_run:
        terminalreporter.write_line(f"NOT RUN (what it needs can't be had on this machine): {node}")


@pytest.fixture(autouse=True)
def _as_loud_as_ever() -> Iterator[None]:
    """A command that was run in this process has set up its logs: no later test hears less for that."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    """One server for all tests that want one; each makes its own database there."""
    with running() as server:
        yield server
