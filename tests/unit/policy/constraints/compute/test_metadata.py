"""Metadata keys in every spelling, and what is not verified about GKE's own."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.compute.metadata import CRITERIA
from tests.unit.policy.constraints.platforms import autopilot, enforced, made, workbench

LOGIN, SERIAL, KEYS = (
    "compute.requireOsLogin",
    "compute.disableSerialPortLogging",
    "compute.managed.blockProjectSshKeys",
)


@pytest.mark.parametrize(
    ("value", "outcome"),
    [
        ("FALSE", Outcome.VIOLATED),
        ("false", Outcome.VIOLATED),
        (False, Outcome.VIOLATED),
        ("off", Outcome.VIOLATED),
        ("TRUE", Outcome.SATISFIED_BY),
    ],
)
def test_os_login(value: object, outcome: Outcome) -> None:
    for name in (LOGIN, "compute.managed.requireOsLogin"):
        platform = made().set("NodePool", "config.metadata.enable-oslogin", value)
        assert platform.judge([enforced(name)])[name].outcome is outcome
        assert made().judge([enforced(name)])[name].outcome is Outcome.SATISFIED


def test_autopilot_has_no_login_but_its_notebook_has() -> None:
    assert autopilot().judge([enforced(LOGIN)])[LOGIN].outcome is Outcome.NOT_RELEVANT
    body = workbench(metadata={"enable-oslogin": "false"})
    platform = autopilot().add("notebooks.googleapis.com/Instance", "n", body, "google_workbench_instance")
    assert platform.judge([enforced(LOGIN)])[LOGIN].outcome is Outcome.VIOLATED


def test_serial_logging_is_on_unless_said_and_not_verified_when_said() -> None:
    for name in (SERIAL, "compute.managed.disableSerialPortLogging"):
        assert made().judge([enforced(name)])[name].outcome is Outcome.VIOLATED
        off = made().each("NodePool", "config.metadata.serial-port-logging-enable", "false")
        off.set("Cluster", "nodeConfig.metadata.serial-port-logging-enable", "FALSE")
        found = off.judge([enforced(name)])[name]
        assert found.outcome is Outcome.UNKNOWN and "dry run" in found.reason
        assert autopilot().judge([enforced(name)])[name].outcome is Outcome.UNKNOWN


def test_a_notebooks_serial_port() -> None:
    platform = made()
    platform.resources = []
    body = workbench(metadata={"serial-port-logging-enable": "true"})
    platform.add("notebooks.googleapis.com/Instance", "n", body, "google_workbench_instance")
    assert platform.judge([enforced(SERIAL)])[SERIAL].outcome is Outcome.VIOLATED


def test_ssh_keys_of_the_project_are_refused_only_where_it_is_said() -> None:
    assert made().judge([enforced(KEYS)])[KEYS].outcome is Outcome.VIOLATED
    assert autopilot().judge([enforced(KEYS)])[KEYS].outcome is Outcome.UNKNOWN


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.constraint)
def test_without_machines_nothing_is_relevant(criterion: object) -> None:
    name = str(getattr(criterion, "constraint", ""))
    platform = made()
    platform.resources = []
    assert platform.judge([enforced(name)])[name].outcome is Outcome.NOT_RELEVANT
