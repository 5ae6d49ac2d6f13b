"""Whether a list constraint permits one value: prefixes, value groups, subtrees of the hierarchy.

`is:` and no prefix: exactly this value. `in:`: a group of values (`catalog.value_groups`). `under:`: this node and all
below it, decided by the ancestry of the candidate's project. A bare region names the region alone, never its zones.
Deny wins over allow. What can't be told (an unknown group or prefix, a project whose ancestors are not known, a project
by number against one by id) is unknown, never permitted. Source: Google's pages "Using constraints" (list constraints)
and "Restricting resource locations".
"""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from rayfence.catalog.value_groups import ValueGroups
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import ListValues

_NODE: Final = re.compile(r"^(organizations|folders|projects)/[^/]+")
_PREFIX: Final = re.compile(r"^([A-Za-z_]+):(?!//)(.*)\Z", re.DOTALL)


class Permission(StrEnum):
    """Whether a value is permitted."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Membership:
    """The verdict on one value, and why in half a sentence."""

    verdict: Permission
    why: str


def membership(
    values: ListValues, candidate: str, ancestry: Mapping[str, tuple[str, ...]], groups: ValueGroups
) -> Membership:
    """Whether `values` permit `candidate`, a value without prefix (`us-central1-a`, `INTERNAL_TCP_UDP`, `projects/p`).

    `ancestry`: node to what lies above it, nearest first, as in `OrgFacts`; a project's number may stand there as
    `projects/123`. Chains that do not end at an organisation are incomplete.
    """
    if values.deny_all:
        return Membership(Permission.NO, "every value is denied")
    denied, by = _any(values.denied, candidate, ancestry, groups)
    if denied is Permission.YES:
        return Membership(Permission.NO, f"{by} denies it")
    allowed, through = _allowed(values, candidate, ancestry, groups)
    if allowed is Permission.NO:
        return Membership(Permission.NO, through)
    if denied is Permission.UNKNOWN:
        return Membership(Permission.UNKNOWN, f"whether {by} denies it can't be told")
    return Membership(allowed, through)


def strange_prefix(entries: Iterable[str]) -> str:
    """The first prefix among `entries` that lists of Google do not have, else nothing."""
    found = (match.group(1) for match in map(_PREFIX.match, entries) if match)
    return next((prefix for prefix in found if prefix not in {"is", "in", "under"}), "")


def _allowed(
    values: ListValues, candidate: str, ancestry: Mapping[str, tuple[str, ...]], groups: ValueGroups
) -> tuple[Permission, str]:
    if values.allow_all:
        return Permission.YES, "every value is allowed"
    if not values.allowed:
        if values.denied:
            return Permission.YES, "only other values are denied"
        return Permission.NO, "nothing is allowed"
    allowed, through = _any(values.allowed, candidate, ancestry, groups)
    if allowed is Permission.YES:
        return allowed, f"{through} allows it"
    if allowed is Permission.UNKNOWN:
        return allowed, f"whether {through} allows it can't be told"
    return allowed, f"none of {', '.join(values.allowed)} allows it"


def _any(
    entries: Iterable[str], candidate: str, ancestry: Mapping[str, tuple[str, ...]], groups: ValueGroups
) -> tuple[Permission, str]:
    """The strongest verdict of all entries, with the first entry that gives it."""
    unsure = ""
    for entry in entries:
        verdict = _matches(entry, candidate, ancestry, groups)
        if verdict:
            return Permission.YES, entry
        if verdict is None and not unsure:
            unsure = entry
    return (Permission.UNKNOWN, unsure) if unsure else (Permission.NO, "")


def _matches(entry: str, candidate: str, ancestry: Mapping[str, tuple[str, ...]], groups: ValueGroups) -> bool | None:
    found = _PREFIX.match(entry)
    if entry == candidate:
        return True
    if found is None:
        return _same(entry, candidate, ancestry)
    prefix, rest = found.groups()
    if prefix == "is":
        return _same(rest, candidate, ancestry)
    if prefix == "in":
        return groups.holds(rest, candidate)
    if prefix == "under":
        return _under(rest, candidate, ancestry)
    return None


def _same(value: str, candidate: str, ancestry: Mapping[str, tuple[str, ...]]) -> bool | None:
    """Equal, or perhaps: a project by number may be the one that the candidate names by id."""
    if value == candidate:
        return True
    one, other = _NODE.match(value), _NODE.match(candidate)
    if one and other and value[one.end() :] == candidate[other.end() :]:
        return _same_node(one.group(), other.group(), ancestry)
    return False


def _same_node(node: str, own: str, ancestry: Mapping[str, tuple[str, ...]]) -> bool | None:
    aliases = {own, *(above for above in ancestry.get(own, ()) if above.startswith("projects/"))}
    if node in aliases:
        return True
    if not node.startswith("projects/") or not own.startswith("projects/"):
        return False
    by_number = {name.removeprefix("projects/").isdigit() for name in aliases}
    return False if node.removeprefix("projects/").isdigit() in by_number else None


def _under(root: str, candidate: str, ancestry: Mapping[str, tuple[str, ...]]) -> bool | None:
    found, wanted = _NODE.match(candidate), _NODE.fullmatch(root)
    if wanted is None:
        return None
    if found is None:
        return False
    own = found.group()
    itself = _same_node(root, own, ancestry)
    if itself is not False:
        return itself
    if root.startswith("projects/"):
        return False
    chain = ancestry.get(own, ())
    if root in chain:
        return True
    if own.startswith("organizations/") or (chain and chain[-1].startswith("organizations/")):
        return False
    return None
