"""Verdicts, and the rows that carry them with their evidence."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Verdict(StrEnum):
    """What is known of a control. What was not checked is UNKNOWN, never PASS."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not applicable"


@dataclass(frozen=True, slots=True)
class Posture:
    """One control of a running instance, as seen now.

    `control` is a stable id such as `ray.listeners.loopback`; `evidence` says what was looked at and what it showed.
    """

    control: str
    title: str
    verdict: Verdict
    evidence: str
