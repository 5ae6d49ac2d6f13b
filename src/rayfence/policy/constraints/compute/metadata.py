"""Constraints on the metadata of virtual machines: OS Login, serial ports, guest attributes, SSH keys.

Google writes truth values of metadata in any case (`TRUE`, `true`); what is neither true nor false is read in the way
that breaks the rule. Sources: Compute Engine, "Managed constraints"; GKE, "Enable OS Login".
"""

from collections.abc import Callable
from typing import Final

from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Judge,
    Mark,
    irrelevant,
    satisfied,
    unknown,
    weigh,
)
from rayfence.policy.constraints.rendered import Machine, Origin

_TRUE: Final = frozenset({"true", "1", "y", "yes"})
_FALSE: Final = frozenset({"false", "0", "n", "no"})

_SERIAL_UNVERIFIED: Final = (
    "whether GKE keeps serial port logging off where a pool's metadata says so is not verified: try one pool under the "
    "policy in dry run, or look at `gcloud compute instances describe` of a node"
)


def _problem(machine: Machine, key: str, judged: Callable[[str | None], bool], problem: str) -> Mark | None:
    """A mark where the key is set or its absence breaks the rule; None where nothing is to be said."""
    value = machine.metadata(key)
    field = machine.field(f"metadata.{key}")
    if judged(value):
        return Mark(field) if value is not None else None
    return Mark(field, f"{machine.address} {problem}")


def _never_set_to(key: str, values_that_hold: frozenset[str], problem: str, quiet: str) -> Judge:
    """A rule that an absent key keeps: only what is set can break it."""

    def judge(case: Case) -> Finding:
        marks = [
            mark
            for machine in case.rendered.machines
            if (mark := _problem(machine, key, lambda value: value is None or value in values_that_hold, problem))
        ]
        if not case.rendered.machines:
            return irrelevant("the platform makes no virtual machine")
        return weigh(marks, f"`{key}` is set as the policy wants it", satisfied(quiet))

    return judge


_os_login_metadata = _never_set_to("enable-oslogin", _TRUE, "switches OS Login off", "nothing switches OS Login off")


def _os_login(case: Case) -> Finding:
    """Autopilot's nodes are Google's: nobody logs in to them, so only other machines count there."""
    machines = case.rendered.machines
    if machines and all(machine.origin is Origin.AUTOMATIC for machine in machines):
        return irrelevant("Google manages Autopilot's nodes; the platform makes no other virtual machine")
    return _os_login_metadata(case)


def _ssh_keys(case: Case) -> Finding:
    marks = []
    for machine in case.rendered.machines:
        key = "block-project-ssh-keys"
        if machine.origin is Origin.AUTOMATIC:
            missing = "whether nodes that GKE makes itself block the project's SSH keys"
            marks.append(Mark(machine.field(f"metadata.{key}"), missing=missing))
            continue
        holds = machine.metadata(key) in _TRUE
        problem = "" if holds else f"{machine.address} accepts the project's SSH keys"
        marks.append(Mark(machine.field(f"metadata.{key}"), problem))
    nothing = irrelevant("the platform makes no virtual machine")
    return weigh(marks, "every machine refuses the project's SSH keys", nothing)


def _serial_logging(case: Case) -> Finding:
    """GKE turns it on for its nodes unless told otherwise; other machines have it off unless it is set."""
    marks = []
    for machine in case.rendered.machines:
        value = machine.metadata("serial-port-logging-enable")
        field = machine.field("metadata.serial-port-logging-enable")
        on = f"{machine.address} logs its serial port"
        if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
            marks.append(Mark(field, "" if value is None or value in _FALSE else on))
        elif value in _FALSE or machine.origin is Origin.AUTOMATIC:
            marks.append(Mark(field, missing=_SERIAL_UNVERIFIED))
        else:
            marks.append(Mark(field, on))
    if not marks:
        return irrelevant("the platform makes no virtual machine")
    return weigh(marks, "no machine logs its serial port", unknown(_SERIAL_UNVERIFIED))


_LOGIN_DEMAND: Final = "Nothing switches OS Login off."
_LOGIN_REMEDY: Final = "leave `enable-oslogin` out of the pools' metadata, or set it to TRUE"
_SERIAL_DEMAND: Final = "No virtual machine writes its serial port to Cloud Logging."
_SERIAL_REMEDY: Final = "`serial-port-logging-enable=false` on every pool, tried first in dry run, or an exception"
_SERIAL_NEVER: Final = (
    "no spec can be shown to satisfy it: GKE turns serial port logging on for its nodes, and that it stays off where "
    "the pool's metadata says so is not verified"
)
_METADATA: Final = ("nodePools.config.metadata",)

CRITERIA: Final = (
    Criterion("compute.requireOsLogin", _LOGIN_DEMAND, _LOGIN_REMEDY, _METADATA, _os_login),
    Criterion("compute.managed.requireOsLogin", _LOGIN_DEMAND, _LOGIN_REMEDY, _METADATA, _os_login),
    Criterion(
        "compute.disableSerialPortLogging",
        _SERIAL_DEMAND,
        _SERIAL_REMEDY,
        _METADATA,
        _serial_logging,
        never=_SERIAL_NEVER,
    ),
    Criterion(
        "compute.managed.disableSerialPortLogging",
        _SERIAL_DEMAND,
        _SERIAL_REMEDY,
        _METADATA,
        _serial_logging,
        never=_SERIAL_NEVER,
    ),
    Criterion(
        "compute.disableSerialPortAccess",
        "No virtual machine opens its serial console.",
        "leave `serial-port-enable` out of the metadata",
        _METADATA,
        _never_set_to("serial-port-enable", _FALSE, "opens its serial console", "nothing opens a serial console"),
    ),
    Criterion(
        "compute.disableGuestAttributesAccess",
        "No virtual machine publishes guest attributes.",
        "leave `enable-guest-attributes` out of the metadata",
        _METADATA,
        _never_set_to(
            "enable-guest-attributes", _FALSE, "publishes guest attributes", "nothing publishes guest attributes"
        ),
    ),
    Criterion(
        "compute.managed.blockProjectSshKeys",
        "Every virtual machine refuses SSH keys of the project's metadata.",
        "metadata `block-project-ssh-keys=true` on every pool",
        _METADATA,
        _ssh_keys,
    ),
)
