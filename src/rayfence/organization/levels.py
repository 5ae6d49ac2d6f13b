"""Which policies of one constraint reach a project, nearest first.

A node that is not known to lie above the project is not passed over where it could: then nothing is decided. Only what
certainly lies elsewhere is left out, with a problem that says so.
"""

import re
from collections.abc import Sequence

from rayfence.model.frozen import dataclass
from rayfence.organization.raw import SOME_ORGANIZATION, RawPolicies, RawPolicy
from rayfence.organization.rules import Undecided

_PROJECT = 0
_UNSURE = "?"


@dataclass(frozen=True, slots=True)
class Levels:
    """Policies with their distance from the project: 0 the project itself, then its ancestors.

    `placed`: constraint to (distance, policy); distance None: it may lie above, or may not. `chain`: the ancestors.
    """

    chain: tuple[str, ...]
    placed: dict[str, tuple[tuple[int | None, RawPolicy], ...]]
    problems: tuple[str, ...]

    def of(self, constraint: str) -> tuple[RawPolicy, ...]:
        """Every policy of the constraint that reaches the project, or may."""
        return tuple(policy for _, policy in self.placed.get(constraint, ()))

    def reaching(self, constraint: str, *, dry_run: bool) -> tuple[RawPolicy, ...]:
        """The nearest policy, and those it inherits from, nearest first; with `dry_run`, dry runs take their place.

        Raises Undecided: two policies at one node differ, or one may lie above or not.
        """
        found = self._at_stake(constraint, dry_run)
        merged = [policy for distance, policy in found if policy.effective and distance == _PROJECT]
        if merged:
            return (_only_one(merged),)
        unsure = [policy for distance, policy in found if distance is None]
        # A number may be this project's; an unknown folder lies above the ancestors that are known, if at all.
        anywhere = [policy for policy in unsure if not policy.node.startswith(("folders/", "organizations/"))]
        chain: list[RawPolicy] = []
        for distance in sorted({distance for distance, _ in found if distance is not None}):
            if anywhere or (unsure and distance > len(self.chain)):
                break
            policy = _only_one([policy for where, policy in found if where == distance])
            chain.append(policy)
            if policy.problem or policy.effective or not policy.inherit:
                return tuple(chain)
        if unsure:
            raise Undecided(
                f"{unsure[0].place}: it is not known whether {unsure[0].node or 'the node of this policy'} is the "
                "project or lies above it: name the project's ancestors and number"
            )
        return tuple(chain)

    def _at_stake(self, constraint: str, dry_run: bool) -> list[tuple[int | None, RawPolicy]]:
        found = list(self.placed.get(constraint, ()))
        if not dry_run:
            return [(distance, policy) for distance, policy in found if not policy.dry_run]
        tried = {(distance, policy.node) for distance, policy in found if policy.dry_run}
        return [
            (distance, policy)
            for distance, policy in found
            if policy.dry_run or ((distance, policy.node) not in tried and not policy.effective)
        ]


def _only_one(policies: list[RawPolicy]) -> RawPolicy:
    merged = [policy for policy in policies if policy.effective] or policies
    first = merged[0]
    for other in merged[1:]:
        if not first.same_as(other):
            raise Undecided(
                f"{first.place} and {other.place} set different policies at {first.node or other.node or 'one node'}"
            )
    return first


def place_policies(raw: RawPolicies, project: str, ancestry: Sequence[str]) -> Levels:
    """Sort every policy by its distance. `ancestry` as in `effective`."""
    problems: list[str] = []
    own = {f"projects/{project}", *(node for node in ancestry if node.startswith("projects/"))}
    own |= {f"projects/{number}" for number, identifier in raw.numbers.items() if identifier == project}
    chain = _chain(raw, own, ancestry, problems)
    organizations = {policy.node for policy in raw.policies if _is_numbered_organization(policy.node)}
    ignored: dict[str, RawPolicy] = {}
    placed: dict[str, list[tuple[int | None, RawPolicy]]] = {}
    for policy in raw.policies:
        where = _distance(policy, own, chain, organizations)
        if where == _UNSURE:
            placed.setdefault(policy.constraint, []).append((None, policy))
        elif isinstance(where, int):
            placed.setdefault(policy.constraint, []).append((where, policy))
        else:
            ignored.setdefault(policy.node, policy)
    for node in sorted(ignored):
        problems.append(
            f"{ignored[node].place}: {node} does not lie above projects/{project}: its policies are left out"
        )
    if not _complete(chain) and len(organizations) == 1:
        problems.append(f"no organisation is named above projects/{project}: {min(organizations)} is taken for it")
    result = {name: tuple(_settle(found)) for name, found in sorted(placed.items())}
    settled = {_file_of(p.place) for found in result.values() for where, p in found if where and not p.node}
    problems += [
        f"{file}: names no node; its policies are taken for the organisation's where nothing else sets their constraint"
        for file in sorted(settled)
    ]
    return Levels(chain, result, tuple(problems))


def _file_of(place: str) -> str:
    return re.sub(r":[0-9]+( .*)?\Z", "", place)


def _chain(raw: RawPolicies, own: set[str], ancestry: Sequence[str], problems: list[str]) -> tuple[str, ...]:
    given = tuple(node for node in ancestry if not node.startswith("projects/"))
    read = next((raw.ancestry[node] for node in sorted(own) if node in raw.ancestry), ())
    if given and read and given[: len(read)] != read[: len(given)]:
        problems.append(f"ancestors are given as {', '.join(given)}, and the files say {', '.join(read)}")
        return given
    longest = max(given, read, key=len)
    # Files may know what lies above the last ancestor that is given.
    return longest + (raw.ancestry.get(longest[-1], ()) if longest else ())


def _complete(chain: tuple[str, ...]) -> bool:
    return bool(chain) and chain[-1].startswith("organizations/")


def _is_numbered_organization(node: str) -> bool:
    return node.startswith("organizations/") and node != SOME_ORGANIZATION


def _distance(policy: RawPolicy, own: set[str], chain: tuple[str, ...], organizations: set[str]) -> int | str | None:
    """Distance, `_UNSURE`, or None: certainly elsewhere."""
    node = policy.node
    top = len(chain) if _complete(chain) else len(chain) + 2
    if node in own or (policy.effective and not node):
        return _PROJECT
    if node in chain:
        return chain.index(node) + 1
    if node.startswith("projects/"):
        # Exports name projects by number; without the project's own number it may be this one.
        numbered = any(name.removeprefix("projects/").isdigit() for name in own)
        return None if not node.removeprefix("projects/").isdigit() or numbered else _UNSURE
    if node == SOME_ORGANIZATION:
        return top
    if not node:
        return _UNSURE
    if _complete(chain):
        return None
    if node.startswith("organizations/") and len(organizations) == 1:
        return top
    return _UNSURE


def _settle(found: list[tuple[int | None, RawPolicy]]) -> list[tuple[int | None, RawPolicy]]:
    """A policy whose file names no node counts as the organisation's while nothing else sets its constraint."""
    if any(policy.node or policy.effective for _, policy in found):
        return found
    return [(1, policy) for _, policy in found]
