"""Says so where the telegrams of real meters are not there, so that a shorter run is never taken for a whole one."""

import pytest

from tests import vectors


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if not vectors.telegrams():
        terminalreporter.write_line("NOT RUN (set CURBSTOP_VECTORS to their folder): tests on real meters' telegrams")
