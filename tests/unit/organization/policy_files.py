"""Short ways to write the policy files of tests."""

import json
from collections.abc import Sequence

from rayfence.catalog.constraints import load_known_constraints
from rayfence.model.orgpolicy import EffectivePolicy, OrgFacts
from rayfence.organization.effective import effective
from rayfence.organization.raw import SourceFile
from rayfence.organization.read import read

PROJECT = "acme-ml"
ANCESTRY = ("folders/2", "organizations/1")
LOCATIONS = "gcp.resourceLocations"
SHIELDED = "compute.requireShieldedVm"


def as_file(path: str, data: object) -> SourceFile:
    """A JSON file, one key a line, so that places differ."""
    return path, json.dumps(data, indent=1).encode()


def v2(node: str, constraint: str, *rules: object, **spec: object) -> dict[str, object]:
    """A v2 policy."""
    body = {"rules": list(rules), **spec} if rules else spec
    return {"name": f"{node}/policies/{constraint}", "spec": body}


def enforce(value: bool = True, condition: str = "") -> dict[str, object]:
    """A rule of a boolean."""
    return {"enforce": value, **({"condition": {"expression": condition}} if condition else {})}


def allow(*values: str, condition: str = "") -> dict[str, object]:
    """A rule that allows."""
    return {
        "values": {"allowedValues": list(values)},
        **({"condition": {"expression": condition}} if condition else {}),
    }


def deny(*values: str) -> dict[str, object]:
    """A rule that denies."""
    return {"values": {"deniedValues": list(values)}}


def facts(
    *policies: object, tags: Sequence[str] | None = None, ancestry: Sequence[str] = ANCESTRY, no_tags: bool = False
) -> OrgFacts:
    """What v2 policies come to at the project."""
    return facts_of([as_file("p.json", list(policies))], tags=tags, ancestry=ancestry, no_tags=no_tags)


def facts_of(
    files: Sequence[SourceFile],
    *,
    tags: Sequence[str] | None = None,
    ancestry: Sequence[str] = ANCESTRY,
    no_tags: bool = False,
) -> OrgFacts:
    """What files come to at the project."""
    return effective(read(files), PROJECT, ancestry, tags, load_known_constraints(), no_tags=no_tags)


def the(constraint: str, *policies: object, tags: Sequence[str] | None = None) -> EffectivePolicy:
    """The effective policy of one constraint."""
    return facts(*policies, tags=tags).policies[constraint]
