"""What the files of an organisation say, before anything is inherited: one value per policy and place.

Leaves out what holds at a project in the end: `organization.effective`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import CustomConstraint, FirewallRule

#: (path as the user knows it, content). Paths tell the node of formats that do not say it themselves.
SourceFile = tuple[str, bytes]

#: Lines of problems that anyone may still want to read.
MAX_PROBLEMS: Final = 1000

#: The organisation, its number unknown: landing-zone factories keep its policies in a folder `organization`.
SOME_ORGANIZATION: Final = "organizations/-"


@dataclass(frozen=True, slots=True)
class RawRule:
    """One rule of a policy. `enforce` for boolean and managed constraints, the rest for lists.

    `condition`: its expression, empty: always. `parameters` of managed constraints.
    """

    enforce: bool | None = None
    allow_all: bool = False
    deny_all: bool = False
    allowed: tuple[str, ...] = ()
    denied: tuple[str, ...] = ()
    condition: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RawPolicy:
    """One policy as set at `node` (`organizations/1`, `folders/2`, `projects/p`; empty: the file does not say).

    `constraint` stands without `constraints/`. `place`: `file:line`. `effective`: Google has merged it already, at the
    project. `dry_run`: logged only. `problem`: why it can't be used; its constraint can't be decided then.
    """

    constraint: str
    node: str
    place: str
    rules: tuple[RawRule, ...] = ()
    inherit: bool = False
    reset: bool = False
    effective: bool = False
    dry_run: bool = False
    problem: str = ""

    def same_as(self, other: "RawPolicy") -> bool:
        """Whether both set the same, wherever they were read."""
        return (self.rules, self.inherit, self.reset, self.problem) == (
            other.rules,
            other.inherit,
            other.reset,
            other.problem,
        )


@dataclass(frozen=True, slots=True)
class RawPolicies:
    """Everything read, in an order that does not depend on the order of the files.

    `ancestry`: node to its parents, nearest first, where a file tells it. `numbers`: project number to project id.
    `tags`: bindings of the project that a file lists, as `123/env=prod` or `tagKeys/1=tagValues/2`; None: no list was
    read. `problems`: what was not understood, each with its place.
    """

    policies: tuple[RawPolicy, ...] = ()
    custom: tuple[CustomConstraint, ...] = ()
    firewall: tuple[FirewallRule, ...] = ()
    ancestry: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)
    tags: tuple[str, ...] | None = None
    problems: tuple[str, ...] = ()


def capped(problems: Sequence[str]) -> tuple[str, ...]:
    """The first `MAX_PROBLEMS`, and how many more there are."""
    more = len(problems) - MAX_PROBLEMS
    return (*problems[:MAX_PROBLEMS], f"and {more} more problems") if more > 0 else tuple(problems)
