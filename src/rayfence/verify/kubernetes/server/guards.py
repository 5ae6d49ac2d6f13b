"""Whether guards stand as they were planned: a cluster may lose one without anybody noticing by its traffic.

Covers namespaces, admission, network policies, rights, accounts, quotas, what makes sidecars and gateways, and policies
that somebody else put beside ours. Leaves out whether they hold: that is what the attacks are for. Pure.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.api_objects import Json, namespace_of, objects_at, reference
from rayfence.model.evidence import Evidence
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Drift, FieldChange, ObjectDrift, ObjectKey, ObjectState
from rayfence.plan.live.order import key_of
from rayfence.verify.kubernetes.rows import Remedy, Showing, Title, Works, listed, row

GROUP: Final = "guards as planned"
_EXPECTED: Final = "as planned"
_KINDS: Final[Mapping[str, str]] = {
    "Namespace": "namespaces",
    "ValidatingAdmissionPolicy": "admission policies",
    "ValidatingAdmissionPolicyBinding": "bindings of admission policies",
    "NetworkPolicy": "network policies",
    "CiliumNetworkPolicy": "network policies of Cilium",
    "ResourceQuota": "quotas",
    "LimitRange": "limits",
    "ServiceAccount": "service accounts",
    "Role": "roles",
    "RoleBinding": "bindings of roles",
    "ClusterRole": "cluster roles",
    "ClusterRoleBinding": "bindings of cluster roles",
    "ConfigMap": "configurations of sidecars and gateways",
    "Service": "services",
    "StatefulSet": "gateways",
    "RayCluster": "Ray clusters",
    "RayJob": "Ray jobs",
    "RayCronJob": "scheduled Ray jobs",
    "RayService": "Ray services",
}


def guard_rows(manifests: Iterable[Manifest], drift: Drift) -> Iterator[Evidence]:
    """A row for each object that weakens a guard, and one for all others of its kind and namespace."""
    differing = {item.key: item for item in drift.objects}
    families: dict[tuple[str, str], list[ObjectKey]] = {}
    for manifest in manifests:
        key = key_of(manifest.object)
        if key.kind in _KINDS:
            families.setdefault((key.kind, key.namespace), []).append(key)
    for (kind, home), keys in families.items():
        weak = [differing[key] for key in keys if key in differing and _weakens(differing[key])]
        for item in weak:
            yield _weakened(item)
        fine = len(keys) - len(weak)
        if fine:
            yield _whole(kind, home, fine)


def foreign_policies(tenants: Iterable[str], manifests: Iterable[Manifest], live: Sequence[Json]) -> Iterator[Evidence]:
    """Policies beside ours: they only ever let more through. Those of an owner (KubeRay's) come with a Ray object."""
    strangers = unplanned(manifests, live)
    for home in tenants:
        found = [value for value in live if namespace_of(value) == home]
        title = Title(f"guard.foreign-policies.{home}", GROUP, f"nobody else's network policy in {home}", "none")
        names = strangers.get(home, ())
        shown = Showing(bool(names), listed(names) or "none")
        remedy = Remedy(names[0]) if names else None
        yield row(title, shown, Works(bool(found), f"{len(found)} policies read"), remedy)


def unplanned(manifests: Iterable[Manifest], live: Iterable[Json]) -> Mapping[str, tuple[str, ...]]:
    """Namespace to references of network policies that neither the plan nor a Ray object has."""
    planned = {key_of(manifest.object) for manifest in manifests}
    found: dict[str, tuple[str, ...]] = {}
    for value in live:
        if key_of(value) not in planned and not objects_at(value, "metadata", "ownerReferences"):
            found[namespace_of(value)] = (*found.get(namespace_of(value), ()), reference(value))
    return found


def _weakens(item: ObjectDrift) -> bool:
    return item.security or item.state in (ObjectState.MISSING, ObjectState.UNKNOWN)


def _weakened(item: ObjectDrift) -> Evidence:
    key = item.key
    name = ".".join(part for part in (key.kind.lower(), key.namespace, key.name) if part)
    title = Title(f"guard.{name}", GROUP, f"{item.reference} is as planned", _EXPECTED)
    if item.state is ObjectState.UNKNOWN:
        return row(title, Showing(None, item.note or "could not be read"), Works(yes=False, words="not read"))
    changes = sorted(item.changes, key=lambda change: not change.security)
    words = "missing" if item.state is ObjectState.MISSING else listed(map(_change, changes), 3) or item.note
    author = f"; last written by {item.by}" if item.by is not None else ""
    field = next((change.path for change in changes), "")
    return row(title, Showing(True, words + author), Works(yes=True, words="read"), Remedy(item.reference, field))


def _change(change: FieldChange) -> str:
    return f"{change.path} {change.state}" + (f" ({change.belongs})" if change.belongs else "")


def _whole(kind: str, home: str, number: int) -> Evidence:
    where = f" of {home}" if home else ""
    title = Title(f"guard.{kind.lower()}{f'.{home}' if home else ''}", GROUP, f"{_KINDS[kind]}{where}", _EXPECTED)
    return row(title, Showing(False, f"{number} as planned"), Works(yes=True, words=f"{number} read and compared"))
