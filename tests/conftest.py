"""Rules for every test: a skip is a failure when asked for, and a run leaves nothing behind.

Options: `--strict-skips` (used by `make test STRICT=1`), `--inventory FILE` (which tests exist, with their markers).
The leak check looks at this run's own processes and sockets; `tools/gates.py` also finds those that were detached.
"""

import json
from collections.abc import Generator
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, settings

from tests.leaks import Footprint, footprint, wait_until_clean

# The machine may be busy: how long an example takes says nothing about the code.
settings.register_profile("busy", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("busy")

#: The markers by which suites are chosen.
SUITE_MARKERS: Final = ("envoy", "ray", "browser", "cluster", "exhaustive")

_BEFORE: Final = pytest.StashKey[Footprint]()
_LEFT: Final = pytest.StashKey[list[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this project."""
    group = parser.getgroup("rayfence")
    group.addoption("--strict-skips", action="store_true", help="a skipped or expected-to-fail test is a failure")
    group.addoption("--inventory", type=Path, metavar="FILE", help="write every test with its markers as JSON")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Write the inventory before `-m` deselects anything."""
    target: Path | None = config.getoption("--inventory")
    if target is not None:
        rows = [
            {"test": item.nodeid, "markers": [name for name in SUITE_MARKERS if item.get_closest_marker(name)]}
            for item in items
        ]
        target.write_text(json.dumps(rows), encoding="utf-8")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Under `--strict-skips`, turn a skip, an expected failure and an unexpected pass into failures."""
    report = yield
    if item.config.getoption("--strict-skips") and (report.skipped or hasattr(report, "wasxfail")):
        what = "expected failure" if hasattr(report, "wasxfail") else "skip"
        report.outcome = "failed"
        report.longrepr = f"{what} under --strict-skips: {report.longrepr}"
        if hasattr(report, "wasxfail"):
            del report.wasxfail
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for whole modules (`importorskip` and module-level `skip`)."""
    report = yield
    if collector.config.getoption("--strict-skips") and report.outcome == "skipped":
        report.outcome = "failed"
        report.longrepr = f"module skipped under --strict-skips: {report.longrepr}"
    return report


def pytest_sessionstart(session: pytest.Session) -> None:
    """Remember what is there, so that only what the tests add counts."""
    session.config.stash[_BEFORE] = footprint()
    session.config.stash[_LEFT] = []


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail the run when it leaves a process, a listening socket or a network namespace behind."""
    config = session.config
    left = config.stash[_LEFT]
    if not config.pluginmanager.hasplugin("dsession"):  # not the one that hands tests to workers: they look themselves
        left += wait_until_clean(config.stash[_BEFORE])
    if hasattr(config, "workeroutput"):
        config.workeroutput["left"] = left
    elif left:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of a parallel run has left behind."""
    node.config.stash[_LEFT].extend(getattr(node, "workeroutput", {}).get("left", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Name what was left behind."""
    for line in config.stash[_LEFT]:
        terminalreporter.write_line(f"LEFT BEHIND by the tests: {line}", red=True)
