"""An organisation's policies as they stand, read by REST into the files that `organization.read` takes.

1. The project, and the folders and organisation above it.
2. Tags that are in force at the project.
3. Policies set at each of these nodes, and the organisation's custom constraints.
4. Where a node does not let us read, and for policies with conditions: what Google says is in force at the project,
   constraint by constraint; it has evaluated the conditions.
5. Firewall rules that hold in the network, or will.

What could not be read is unknown, never absent: for each constraint that is asked for, a policy that can't be decided
stands at the node, so that only a nearer policy which replaces it makes a difference. Nothing is written anywhere.
Source: Resource Manager API v3, Organization Policy API v2.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from rayfence.adapters.gcp.live_firewalls import inherited_firewalls, network_firewalls
from rayfence.adapters.gcp.rest import GoogleApi, GoogleApiError, Json
from rayfence.errors import RayfenceError

_PROJECT: Final = re.compile(r"(?:[a-z0-9.-]{1,63}:)?[a-z][a-z0-9-]{4,28}[a-z0-9]")
_NETWORK: Final = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_PARENT: Final = re.compile(r"(?:folders|organizations)/[0-9]{1,20}")
_NUMBER: Final = re.compile(r"projects/([0-9]{1,20})")
_CONSTRAINT: Final = re.compile(r"[A-Za-z0-9]{1,60}(?:\.[A-Za-z0-9]{1,120}){1,4}")
#: Google allows ten levels of folders.
_LEVELS: Final = 12
_KINDS: Final = {"projects": "project", "folders": "folder", "organizations": "organization"}


class NotAName(RayfenceError):
    """A name that Google can't have given: it would end up in an address."""

    exit_status = 3


@dataclass(frozen=True, slots=True)
class LiveOrganization:
    """What was read. `files`: path and content, as from a folder of exports.

    `ancestry`: nodes above the project, nearest first, and `projects/<number>`. `no_tags`: the project has none, which
    is different from not knowing. `problems`: what could not be read, and what it means.
    """

    files: tuple[tuple[str, bytes], ...]
    ancestry: tuple[str, ...]
    no_tags: bool
    problems: tuple[str, ...]


class LiveReader:
    """Reads one organisation for one project. `constraints`: names that the platform asks about."""

    def __init__(self, api: GoogleApi, constraints: Sequence[str]) -> None:
        self._api = api
        self._constraints = tuple(name for name in constraints if _CONSTRAINT.fullmatch(name))
        self._files: list[tuple[str, bytes]] = []
        self._problems: list[str] = []

    def read(self, project: str, network: str = "", network_project: str = "") -> LiveOrganization:
        """Everything of `project`; firewalls of `network` in `network_project` (the project itself when empty).

        Raises: GoogleApiError where the project itself can't be read, or an API does not answer; NotAName.
        """
        host = network_project or project
        for name, shape in ((project, _PROJECT), (host, _PROJECT), (network or "default", _NETWORK)):
            if not shape.fullmatch(name):
                raise NotAName(f"{name!r} is no name of a project or network")
        self._files, self._problems = [], []
        number, chain, complete = self._project(project)
        no_tags = self._tags(number)
        unread, conditional = self._policies(project, chain)
        custom = self._custom(chain)
        if not complete and not unread:
            unread = ((f"projects/{project}", "what lies above it is not known"),)
        asked = (*self._constraints, *custom) if unread else ()
        self._merged(project, (*asked, *conditional), unread)
        self._firewalls(host, network, project, chain, complete)
        return LiveOrganization(tuple(self._files), (*chain, f"projects/{number}"), no_tags, tuple(self._problems))

    def _keep(self, path: str, content: object) -> None:
        self._files.append((f"live/{path}", json.dumps(content, indent=1, sort_keys=True).encode()))

    def _project(self, project: str) -> tuple[str, tuple[str, ...], bool]:
        """The project's number, the nodes above it, and whether these reach the organisation."""
        answer = self._api.get("cloudresourcemanager", f"v3/projects/{project}")
        found = _NUMBER.fullmatch(str(answer.get("name", "")))
        if found is None:
            raise GoogleApiError(f"cloudresourcemanager v3/projects/{project}", 200, "", "an answer without a number")
        chain, complete = self._above(project, str(answer.get("parent", "")))
        described: dict[str, object] = {"projectId": project, "projectNumber": found[1]}
        if chain:
            kind, _, identifier = chain[0].partition("/")
            described["parent"] = {"type": _KINDS[kind], "id": identifier}
        self._keep("project.json", described)
        nodes = [f"projects/{project}", *chain]
        self._keep("ancestors.json", [dict(zip(("type", "id"), _split(node), strict=True)) for node in nodes])
        return found[1], chain, complete

    def _above(self, project: str, parent: str) -> tuple[tuple[str, ...], bool]:
        chain: list[str] = []
        while _PARENT.fullmatch(parent) and parent not in chain and len(chain) < _LEVELS:
            chain.append(parent)
            if parent.startswith("organizations/"):
                return tuple(chain), True
            try:
                parent = str(self._api.get("cloudresourcemanager", f"v3/{parent}").get("parent", ""))
            except GoogleApiError as error:
                if not error.refused:
                    raise
                return self._ancestry(project, tuple(chain), error)
        if not chain and not parent:
            return (), True  # a project without an organisation has nothing above it
        below = chain[-1] if chain else f"projects/{project}"
        self._problems.append(f"{below} has no parent that Google can have: what lies above is unknown")
        return tuple(chain), False

    def _ancestry(self, project: str, chain: tuple[str, ...], error: GoogleApiError) -> tuple[tuple[str, ...], bool]:
        """The chain as the project tells it, which needs no right on the folders. Source: Resource Manager API v1."""
        try:
            answer = self._api.post("cloudresourcemanager", f"v1/projects/{project}:getAncestry")
        except GoogleApiError as second:
            if not second.refused:
                raise
            self._problems.append(f"{error}: what lies above {chain[-1]} is unknown")
            return chain, False
        told = answer.get("ancestor", [])
        ids = [item.get("resourceId", {}) for item in told if isinstance(item, dict)] if isinstance(told, list) else []
        nodes = tuple(f"{item.get('type')}s/{item.get('id')}" for item in ids if isinstance(item, dict))[1:]
        if nodes[: len(chain)] != chain or not all(_PARENT.fullmatch(node) for node in nodes):
            self._problems.append(f"{error}: what lies above {chain[-1]} is unknown")
            return chain, False
        complete = nodes[-1].startswith("organizations/")
        if not complete:
            self._problems.append(f"{error}: what lies above {nodes[-1]} is unknown")
        return nodes, complete

    def _tags(self, number: str) -> bool:
        """Keep the tags in force; whether it is certain that there are none."""
        query = {"parent": f"//cloudresourcemanager.googleapis.com/projects/{number}", "pageSize": "300"}
        try:
            tags = self._api.items("cloudresourcemanager", "v3/effectiveTags", "effectiveTags", query)
        except GoogleApiError as error:
            if not error.refused:
                raise
            self._problems.append(f"{error}: the project's tags are unknown, and so is every policy with a condition")
            return False
        if tags:
            self._keep("tags.json", tags)
        return not tags

    def _policies(self, project: str, chain: tuple[str, ...]) -> tuple[tuple[tuple[str, str], ...], tuple[str, ...]]:
        """Keep what is set at each node; nodes that can't be read with the reason, and constraints with conditions."""
        unread: list[tuple[str, str]] = []
        conditional: list[str] = []
        for node in (f"projects/{project}", *chain):
            try:
                policies = self._api.items("orgpolicy", f"v2/{node}/policies", "policies", {"pageSize": "1000"})
            except GoogleApiError as error:
                if not error.refused:
                    raise
                unread.append((node, f"HTTP {error.status} {error.reason}".strip()))
                self._problems.append(f"{error}: policies set at {node} are unknown")
            else:
                self._keep(f"{node}/policies.json", policies)
                conditional += [name for policy in policies if (name := _conditional(policy))]
        return tuple(unread), tuple(conditional)

    def _custom(self, chain: tuple[str, ...]) -> tuple[str, ...]:
        """Keep the custom constraints; their names."""
        names: list[str] = []
        for node in chain:
            if not node.startswith("organizations/"):
                continue
            try:
                found = self._api.items(
                    "orgpolicy", f"v2/{node}/customConstraints", "customConstraints", {"pageSize": "1000"}
                )
            except GoogleApiError as error:
                if not error.refused:
                    raise
                self._problems.append(f"{error}: custom constraints of {node} are unknown, and none of them is checked")
                continue
            self._keep(f"{node}/custom-constraints.json", found)
            names += [str(item.get("name", "")).rpartition("/")[2] for item in found if isinstance(item, dict)]
        return tuple(name for name in names if _CONSTRAINT.fullmatch(name))

    def _merged(self, project: str, names: Sequence[str], unread: Sequence[tuple[str, str]]) -> None:
        """Keep what Google says is in force at the project; what it does not say can't be decided at `unread` nodes."""
        merged: list[Json] = []
        missing: list[str] = []
        for name in dict.fromkeys(names):
            try:
                merged.append(self._api.get("orgpolicy", f"v2/projects/{project}/policies/{name}:getEffectivePolicy"))
            except GoogleApiError as error:
                if not error.refused and error.status != 400:
                    raise
                missing.append(name)
        if merged:
            self._keep(f"projects/{project}/effective.json", merged)
        if missing and unread:
            self._problems.append(f"what is in force at projects/{project} is unknown for {len(missing)} constraints")
        for node, why in unread:
            # No policy has a field of this name, so `organization` can't decide the constraint where it gets this far.
            stubs = [{"name": f"{node}/policies/{name}", "spec": {f"unread: {why}": True}} for name in missing]
            self._keep(f"{node}/unread.json", stubs)

    def _firewalls(self, host: str, network: str, project: str, chain: tuple[str, ...], complete: bool) -> None:
        try:
            found = network_firewalls(self._api, host, network) if network else None
            if found is None:
                above, known = (chain, complete) if host == project else self._host_chain(host)
                if not known:
                    self._problems.append("firewall policies above the last known folder are unknown")
                found = inherited_firewalls(self._api, above)
        except GoogleApiError as error:
            if not error.refused:
                raise
            self._problems.append(f"{error}: firewall rules of the network are unknown; one of them may deny a flow")
        else:
            self._keep("firewalls.json", found)

    def _host_chain(self, host: str) -> tuple[tuple[str, ...], bool]:
        """Nodes above the project that owns a shared network, and whether they reach the organisation."""
        answer = self._api.get("cloudresourcemanager", f"v3/projects/{host}")
        return self._above(host, str(answer.get("parent", "")))


def _conditional(policy: object) -> str:
    """The constraint of a policy that has a condition; empty: it has none, or is no policy."""
    spec = policy.get("spec") if isinstance(policy, dict) else None
    rules = spec.get("rules") if isinstance(spec, dict) else None
    if not isinstance(policy, dict) or not isinstance(rules, list):
        return ""
    name = str(policy.get("name", "")).rpartition("/policies/")[2]
    held = any(isinstance(rule, dict) and "condition" in rule for rule in rules)
    return name if held and _CONSTRAINT.fullmatch(name) else ""


def _split(node: str) -> tuple[str, str]:
    kind, _, identifier = node.partition("/")
    return _KINDS[kind], identifier
