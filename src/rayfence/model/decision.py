"""Decisions of `policy.resolve`: every setting with its value, reason and source."""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Source(StrEnum):
    """Who decided a setting."""

    SPEC = "spec"
    DEFAULT = "default"  # rayfence's secure default
    CONSTRAINT = "constraint"  # a rule of the organisation
    WAIVER = "waiver"  # a weakening that somebody owns and that ends
    HOST = "host"  # a fact of this machine
    CATALOG = "catalog"  # data shipped with rayfence: versions, advisories, routes
    UNSAFE = "unsafe"  # a weakening the user named


@dataclass(frozen=True, slots=True)
class Decision:
    """One setting. `path` is its dotted name in the resolution, e.g. `ray.auth_mode`.

    `rules`: constraints that demanded it, or the waived control. `irreversible`: what can't be changed once it exists;
    `costs`: what makes it cost money; empty: neither.
    """

    path: str
    value: str
    reason: str
    source: Source
    rules: tuple[str, ...] = ()
    irreversible: str = ""
    costs: str = ""
