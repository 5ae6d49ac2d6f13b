"""Files of an organisation to raw policies, whatever their format, told apart by what is in them.

Formats: Google's JSON v2 and v1 (also as YAML, as gcloud prints it), Terraform state and configuration, landing-zone
factories, custom constraints, effective firewalls, ancestors, tags. A file that is broken stops everything: a plan on
half of the policies is no plan. A file of no known format is a problem that is told. Pure: files come in as bytes.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Final, cast

from rayfence.errors import OrganizationError
from rayfence.model.orgpolicy import CustomConstraint, FirewallRule
from rayfence.organization.formats import factory, firewall, hierarchy, policies, terraform
from rayfence.organization.formats.documents import PolicyDocument, read_document, shown
from rayfence.organization.formats.policies import NODE, NotAPolicy
from rayfence.organization.raw import SOME_ORGANIZATION, RawPolicies, RawPolicy, SourceFile, capped
from rayfence.spec.document import Path

_KINDS: Final = {
    "organization": "organizations",
    "organizations": "organizations",
    "folder": "folders",
    "folders": "folders",
    "project": "projects",
    "projects": "projects",
}
#: Policies that are read at most: ten levels of a hierarchy with a thousand constraints each, and as much again.
MOST_POLICIES: Final = 20_000
_WRAPPED: Final = ("policies", "customConstraints")


def read(files: Sequence[SourceFile]) -> RawPolicies:
    """Everything the files say. Raises OrganizationError with every file that can't be read, or if none can.

    The result does not depend on the order of the files.
    """
    found = _Found()
    broken: list[str] = []
    understood = False
    for path, raw in sorted(files, key=lambda file: file[0]):
        before = len(found.problems)
        try:
            document = read_document(path, raw)
            if document is not None:
                _read_file(path, document, found)
            elif not path.endswith((".yaml", ".yml")):  # a factory's file may be all comments; an export says `[]`
                found.problems.append(f"{shown(path)}: empty; did its export fail?")
        except OrganizationError as error:
            broken += error.problems
        except NotAPolicy as error:
            broken.append(f"{shown(path)}: {error}")
        understood = understood or len(found.problems) == before
    if files and not broken and not understood and found.is_empty():
        broken = found.problems  # the wrong file was named: a plan without policies would call everything well
    if broken:
        raise OrganizationError(capped(broken))
    return found.result()


@dataclass(slots=True)
class _Found:
    """Collects while files are read."""

    policies: list[RawPolicy] = field(default_factory=list)
    custom: dict[str, CustomConstraint] = field(default_factory=dict)
    firewall: list[FirewallRule] = field(default_factory=list)
    parents: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, str] = field(default_factory=dict)
    tags: list[str] | None = None
    problems: list[str] = field(default_factory=list)

    def add_policy(self, policy: RawPolicy) -> None:
        """Keep it; one that names no constraint can only be a problem. Raises OrganizationError for too many."""
        if len(self.policies) == MOST_POLICIES:
            raise OrganizationError(
                (f"{policy.place}: more than {MOST_POLICIES} policies; export those of the project and its ancestors",)
            )
        if policy.constraint:
            self.policies.append(policy)
        else:
            self.problems.append(f"{policy.place}: {policy.problem or 'it is not told which constraint this sets'}")

    def add_custom(self, constraint: CustomConstraint) -> None:
        """Keep it. Two different ones of one name: neither can be trusted."""
        before = self.custom.setdefault(constraint.name, constraint)
        if _meaning(before) != _meaning(constraint):
            raise NotAPolicy(f"{constraint.name} is defined differently in {before.source}")

    def add_parent(self, node: str, parent: str) -> None:
        """Keep it. Raises NotAPolicy: a node has one parent."""
        if node and parent and self.parents.setdefault(node, parent) != parent:
            raise NotAPolicy(f"{node} lies under {self.parents[node]} and {parent}")

    def is_empty(self) -> bool:
        """Whether nothing was understood."""
        return not (self.policies or self.custom or self.firewall or self.parents or self.tags or self.numbers)

    def result(self) -> RawPolicies:
        """All of it, ordered."""
        return RawPolicies(
            policies=tuple(sorted(self.policies, key=lambda it: (it.constraint, it.node, it.dry_run, it.place))),
            custom=tuple(self.custom[name] for name in sorted(self.custom)),
            firewall=tuple(sorted(self.firewall, key=lambda rule: (rule.order, rule.source))),
            ancestry={node: self._above(node) for node in sorted(self.parents)},
            numbers=dict(sorted(self.numbers.items())),
            tags=None if self.tags is None else tuple(dict.fromkeys(self.tags)),
            problems=capped(self.problems),
        )

    def _above(self, node: str) -> tuple[str, ...]:
        chain: list[str] = []
        while node in self.parents and self.parents[node] not in chain:
            node = self.parents[node]
            chain.append(node)
        return tuple(chain)


def _meaning(constraint: CustomConstraint) -> tuple[object, ...]:
    return (constraint.kinds, constraint.methods, constraint.condition, constraint.denies)


def _read_file(path: str, document: PolicyDocument, found: _Found) -> None:
    data = document.data
    node, effective = node_of(path), "effective" in re.split(r"[^a-z]+", path.lower())
    if hierarchy.is_ancestors(data):
        chain = hierarchy.ancestors(cast(list[object], data))
        for below, above in pairwise(chain):
            found.add_parent(below, above)
    elif hierarchy.is_tags(data):
        found.tags = (found.tags or []) + list(hierarchy.tags(cast(list[object], data)))
    elif terraform.is_terraform(data):
        _read_terraform(cast(Mapping[str, object], data), document, found)
    elif isinstance(data, list):
        for number, item in enumerate(data):
            _read_item(item, (number,), node, effective, document, found)
    elif factory.is_factory(data):
        _read_factory(cast(Mapping[str, object], data), node, document, found)
    else:
        wrapped = [key for key in _WRAPPED if isinstance(data, dict) and isinstance(data.get(key), list)]
        for key in wrapped:
            for number, item in enumerate(cast(Mapping[str, list[object]], data)[key]):
                _read_item(item, (key, number), node, effective, document, found)
        if not wrapped:
            _read_item(data, (), node, effective, document, found)


def _read_item(data: object, path: Path, node: str, effective: bool, document: PolicyDocument, found: _Found) -> None:
    """One object of Google's JSON."""
    item = cast(Mapping[str, object], data) if isinstance(data, dict) else {}
    name = item.get("name", item.get("constraint"))
    place = document.line_of(name if isinstance(name, str) else "", path)
    if firewall.is_firewall(item):
        if found.firewall:
            raise NotAPolicy("rules of a second network: keep those of the platform's network alone")
        found.firewall += firewall.firewall_rules(item, document.source)
        if firewall.order_unknown(item):
            found.problems.append(
                f"{document.source}: whether network firewall policies come before VPC rules is not said; Google's "
                "default, after, is taken (add networkFirewallPolicyEnforcementOrder)"
            )
    elif hierarchy.is_project(item):
        below, parent, number = hierarchy.project(item)
        found.add_parent(below, parent)
        found.numbers[number] = below.removeprefix("projects/")
    elif "/customConstraints/" in str(item.get("name", "")) or {"resourceTypes", "condition"} <= set(item):
        try:
            found.add_custom(policies.custom_constraint(item, place))
        except NotAPolicy as error:
            found.problems.append(f"{place}: {error}")
    elif "constraint" in item:
        policy = policies.v1_policy(item, node, place, effective=effective)
        if policy is not None:
            found.add_policy(policy)
    elif {"spec", "dryRunSpec"} & set(item) or "/policies/" in str(item.get("name", "")):
        for policy in policies.v2_policies(item, place, effective=effective):
            found.add_policy(policy)
    else:
        found.problems.append(f"{place}: no policy, custom constraint or firewall answer of a known format; not read")


def _read_terraform(data: Mapping[str, object], document: PolicyDocument, found: _Found) -> None:
    for resource in terraform.resources(data):
        place = document.line_of(resource.name)
        if resource.type in terraform.PLACES:
            node, parent, number = terraform.parent_of(resource)
            found.add_parent(node, parent)
            if node and number:
                found.numbers[number] = node.removeprefix("projects/")
        elif resource.type == terraform.CUSTOM:
            try:
                found.add_custom(terraform.terraform_custom(resource, place))
            except NotAPolicy as error:
                found.problems.append(f"{place}: {resource.address}: {error}")
        else:
            for policy in terraform.terraform_policies(resource, f"{place} {resource.address}"):
                found.add_policy(policy)


def _read_factory(data: Mapping[str, object], node: str, document: PolicyDocument, found: _Found) -> None:
    for key, value in data.items():
        place = document.line_of(key, (key,))
        if factory.is_custom(key, value):
            try:
                found.add_custom(factory.factory_custom(key, value, place))
            except NotAPolicy as error:
                found.problems.append(f"{place}: {error}")
        else:
            found.add_policy(factory.factory_policy(key, value, node, place))


def node_of(path: str) -> str:
    """The node that a path names, for formats that do not: `organizations/1/…`, `…/folders-2.json`; empty: none.

    A folder called `organization`, as in factories, is the organisation, its number unknown.
    """
    parts = [part.lower() for part in PurePosixPath(path).parts]
    if not parts:
        return ""
    stem = PurePosixPath(parts[-1]).stem
    found = re.match(r"^(organizations?|folders?|projects?)[-_](.+)\Z", stem)
    if found and NODE.match(f"{_KINDS[found.group(1)]}/{found.group(2)}"):
        return f"{_KINDS[found.group(1)]}/{found.group(2)}"
    for position in range(len(parts) - 2, -1, -1):
        kind = _KINDS.get(parts[position], "")
        below = f"{kind}/{parts[position + 1]}" if position + 1 < len(parts) - 1 else ""
        if kind and NODE.match(below):
            return below
        if parts[position] == "organization":
            return SOME_ORGANIZATION
    return ""
