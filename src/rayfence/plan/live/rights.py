"""Rights that applying, comparing or removing objects needs, named before the first write. Pure.

A server-side apply needs `patch`, and `create` where the object is not there yet. Who writes a role must hold what it
gives, or hold `escalate` on it; who binds one must hold what it gives, or hold `bind` on it. Waiting reads events and
pods. Source: Kubernetes 1.36, server-side apply and the RBAC registry's escalation check.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Json, ObjectKey, Right
from rayfence.plan.live.order import key_of

_RBAC: Final = "rbac.authorization.k8s.io"
_ROLE_RESOURCES: Final[Mapping[str, str]] = {"Role": "roles", "ClusterRole": "clusterroles"}
_WAITED_FOR: Final = frozenset({"Deployment", "StatefulSet", "RayCluster", "RayService", "RayJob", "RayCronJob"})


class Purpose(StrEnum):
    """What is going to be done."""

    APPLY = "apply"
    DIFF = "diff"
    DESTROY = "destroy"


_VERBS: Final[Mapping[Purpose, tuple[str, ...]]] = {
    Purpose.APPLY: ("get", "list", "create", "patch"),
    Purpose.DIFF: ("get", "list"),
    Purpose.DESTROY: ("get", "list", "delete"),
}
#: Plurals that are not the kind with an `s`.
_ENDINGS: Final = (("ss", "sses"), ("y", "ies"))


def needed_rights(
    manifests: Iterable[Manifest], purpose: Purpose = Purpose.APPLY, removed: Iterable[ObjectKey] = ()
) -> tuple[Right, ...]:
    """Each right once, in the order of group, resource and namespace; then those to give rights away.

    `removed`: objects that are pruned in the same run.
    """
    objects = [manifest.object for manifest in manifests]
    found = _rights(map(key_of, objects), _VERBS[purpose], f"to {purpose} the platform's objects")
    found += _rights(removed, ("get", "delete"), "to remove what is no longer in the spec")
    if purpose is Purpose.APPLY:
        homes = sorted({key.namespace for key in map(key_of, objects) if key.kind in _WAITED_FOR})
        for home in homes:
            found += [Right("", name, home, ("list",), why="to see why something waits") for name in ("events", "pods")]
        found += _granting(objects)
    return tuple(found)


def missing_rights(rights: Iterable[Right], allowed: Callable[[Right], bool]) -> tuple[Right, ...]:
    """Those that are not held, each with the verbs that lack. `allowed` is asked for one verb at a time, each once.

    The whole cluster is asked for first: who holds a right there is not asked again for each namespace.
    """
    known: dict[Right, bool] = {}

    def held(right: Right) -> bool:
        if right not in known:
            known[right] = allowed(right)
        return known[right]

    return tuple(left for right in rights if (left := _lacking(right, held)) is not None)


def plural(kind: str) -> str:
    """Resource name of a kind: `networkpolicies` of NetworkPolicy. Discovery knows better where it can be asked."""
    lowered = kind.lower()
    for ending, many in _ENDINGS:
        if lowered.endswith(ending) and lowered[-2:] not in {"ay", "ey", "oy"}:
            return lowered.removesuffix(ending) + many
    return f"{lowered}s"


def _rights(keys: Iterable[ObjectKey], verbs: tuple[str, ...], why: str) -> list[Right]:
    places = sorted({(key.group, plural(key.kind), key.namespace) for key in keys})
    return [Right(group, resource, namespace, verbs, why=why) for group, resource, namespace in places]


def _lacking(right: Right, held: Callable[[Right], bool]) -> Right | None:
    """The right with the verbs that are not held; None when all are, or what does instead is."""
    lacking = tuple(verb for verb in right.verbs if not _has(right, verb, held))
    if not lacking:
        return None
    if right.instead and all(_lacking(other, held) is None for other in right.instead):
        return None
    return replace(right, verbs=lacking)


def _has(right: Right, verb: str, held: Callable[[Right], bool]) -> bool:
    asked = Right(right.group, right.resource, right.namespace, (verb,), right.name)
    if asked.namespace and held(replace(asked, namespace="", name="")):
        return True
    return held(asked)


def _granting(objects: Sequence[Json]) -> Iterator[Right]:
    """For each role `escalate` or what it gives; for each binding `bind` or what its role gives."""
    given = {key_of(value): _given(value) for value in objects if value.get("kind") in _ROLE_RESOURCES}
    for key, rights in given.items():
        if rights != ():
            resource = _ROLE_RESOURCES[key.kind]
            why = f"{key} gives rights: hold them, or escalate"
            yield Right(_RBAC, resource, key.namespace, ("escalate",), key.name, rights or (), why)
    for value in objects:
        reference = value.get("roleRef")
        if value.get("kind") in {"RoleBinding", "ClusterRoleBinding"} and isinstance(reference, Mapping):
            key = key_of(value)
            kind, name = str(reference.get("kind")), str(reference.get("name"))
            role = ObjectKey(_RBAC, kind, key.namespace if kind == "Role" else "", name)
            why = f"{key} gives the rights of {role}: hold them, or bind"
            instead = tuple(replace(right, namespace=key.namespace) for right in given.get(role) or ())
            if given.get(role) != ():
                resource = _ROLE_RESOURCES.get(kind, "roles")
                yield Right(_RBAC, resource, key.namespace, ("bind",), name, instead, why)


def _given(role: Json) -> tuple[Right, ...] | None:
    """What a role gives, as rights in its own namespace; None: something that is no right on resources."""
    key, rules = key_of(role), role.get("rules")
    found: list[Right] = []
    for rule in rules if isinstance(rules, list | tuple) else ():
        if not isinstance(rule, Mapping) or rule.get("nonResourceURLs"):
            return None
        groups, resources, verbs, names = (
            tuple(str(item) for item in rule.get(part) or ())
            for part in ("apiGroups", "resources", "verbs", "resourceNames")
        )
        found += [
            Right(group, resource, key.namespace, verbs, name)
            for group in groups
            for resource in resources
            for name in names or ("",)
        ]
    return tuple(found)
