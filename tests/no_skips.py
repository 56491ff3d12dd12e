"""A pytest plugin for runs in which nothing may be missing: a skipped test fails the run.

Load it with `-p tests.no_skips`. Tests that need a real server skip where that server is not
installed; where it must be installed, a skip is a fault of the machine or of the test.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter

_skipped: pytest.StashKey[dict[str, str]] = pytest.StashKey()


def _reason(report: pytest.TestReport | pytest.CollectReport) -> str:
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    return str(report.longrepr)


class _Watch:
    """Collects what was skipped, while collecting and while running."""

    def __init__(self, skipped: dict[str, str]) -> None:
        self._skipped = skipped

    def _look_at(self, report: pytest.TestReport | pytest.CollectReport) -> None:
        # An expected failure is reported as skipped too; it did run.
        if report.skipped and not hasattr(report, "wasxfail"):
            self._skipped[report.nodeid] = _reason(report)

    pytest_runtest_logreport = _look_at
    pytest_collectreport = _look_at


def pytest_configure(config: pytest.Config) -> None:
    """Start watching."""
    config.stash[_skipped] = {}
    config.pluginmanager.register(_Watch(config.stash[_skipped]), "no-skips-watch")


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Turn a run that passed into one that failed when something was skipped."""
    if session.config.stash[_skipped] and session.exitstatus in {
        pytest.ExitCode.OK,
        pytest.ExitCode.NO_TESTS_COLLECTED,
    }:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: TerminalReporter, config: pytest.Config) -> None:
    """Name what was skipped, and say that this is why the run failed."""
    skipped = config.stash[_skipped]
    if not skipped:
        return
    terminalreporter.section("skipped, which this run forbids", red=True)
    for nodeid, reason in skipped.items():
        terminalreporter.line(f"{nodeid}: {reason}")
