"""The run says which mutants its commit has drawn."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name each of those that were tried here."""
    ended = [report for how in ("passed", "failed", "error") for report in terminalreporter.getreports(how)]
    names = sorted(
        {report.nodeid.partition("[")[2][:-1] for report in ended if "test_drawn.py::test_the_" in report.nodeid}
    )
    if names:
        terminalreporter.write_line(f"MUTANTS drawn by this commit: {'; '.join(names)}")
