"""Observed, Change, Plan: what is there, and what applying would do about it."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from rayfence.model.frozen import dataclass


class Action(StrEnum):
    """What happens to one thing."""

    KEEP = "keep"
    CREATE = "create"
    UPDATE = "update"
    RENEW = "renew"
    START = "start"
    RESTART = "restart"
    REMOVE = "remove"


class Leaf(StrEnum):
    """What is known of a certificate or authority on disk."""

    MISSING = "missing"
    VALID = "valid"
    AGEING = "ageing"  # valid, but within its renewal window
    EXPIRED = "expired"
    FOREIGN = "foreign"  # not signed by our authority, key mismatch, or other names than requested


class Running(StrEnum):
    """What is known of a process."""

    ABSENT = "absent"
    STARTING = "starting"
    READY = "ready"


@dataclass(frozen=True, slots=True)
class Observed:
    """A fresh look at the machine. Keys are the names or paths used by `Desired`."""

    folders: frozenset[str] = frozenset()
    secrets: frozenset[str] = frozenset()
    leaves: Mapping[str, Leaf] = field(default_factory=dict)  # authorities and certificates by name
    files: Mapping[str, str] = field(default_factory=dict)  # path -> sha256 of the content
    processes: Mapping[str, Running] = field(default_factory=dict)
    specs: Mapping[str, str] = field(default_factory=dict)  # process name -> digest of the spec it was started with


@dataclass(frozen=True, slots=True)
class Change:
    """One line of a plan. `kind` is folder, secret, authority, certificate, file or process."""

    kind: str
    name: str
    action: Action
    reason: str


@dataclass(frozen=True, slots=True)
class Plan:
    """Ordered changes; `digest` stamps the desired state they lead to."""

    instance: str
    digest: str
    changes: tuple[Change, ...]

    @property
    def pending(self) -> tuple[Change, ...]:
        """Every change that does something."""
        return tuple(change for change in self.changes if change.action is not Action.KEEP)

    def touches(self, kind: str) -> frozenset[str]:
        """Names of `kind` that change."""
        return frozenset(change.name for change in self.pending if change.kind == kind)


@dataclass(frozen=True, slots=True)
class StepResult:
    """One executed step; `seconds` of wall time."""

    step: str
    seconds: float
    detail: str


@dataclass(frozen=True, slots=True)
class Receipt:
    """What was done for a plan, in order."""

    digest: str
    steps: tuple[StepResult, ...] = ()
