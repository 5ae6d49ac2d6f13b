"""What must hold before the first write. Each check names everything that is wrong, with the next step.

Covers: kinds that the server lacks, objects that are somebody else's, namespaces that end, rights. The operator is
looked at in `operator.py`; what only the server can judge (schemas, admission) is tried in `rehearsal.py`.
"""

from collections.abc import Iterable, Sequence
from typing import Final

from rayfence.apply.kubernetes.lanes import every
from rayfence.apply.kubernetes.look import Seen
from rayfence.apply.kubernetes.state import state_namespace
from rayfence.errors import Forbidden, KindMissing, Refused
from rayfence.model.api_objects import FIELD_MANAGER, text_at
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Drift, ObjectKey, ObjectState, Right
from rayfence.plan.live.fields.owned import entries
from rayfence.plan.live.order import key_of
from rayfence.plan.live.rights import Purpose, missing_rights, needed_rights, plural
from rayfence.ports.kubernetes import KubernetesApi
from rayfence.render.kubernetes.names import PLATFORM

#: Group of a kind to how its CustomResourceDefinitions come into a cluster.
_SOURCES: Final = {
    "ray.io": "install KubeRay's CustomResourceDefinitions in the operator's version first: "
    'kubectl apply --server-side -k "github.com/ray-project/kuberay/ray-operator/config/crd?ref=v{operator}"',
    "kueue.x-k8s.io": "install Kueue, or take `queue` out of the tenants",
    "cilium.io": "this cluster does not run Cilium: set target.kubernetes.datapath to what enforces its policies",
    "gateway.networking.k8s.io": "install the Gateway API's CustomResourceDefinitions",
    "monitoring.googleapis.com": "switch on managed collection for Prometheus on this cluster",
}


def refuse_missing_kinds(seen: Seen, operator_version: str) -> None:
    """Raise KindMissing naming every kind that is desired and that the server does not have."""
    if not seen.missing:
        return
    named = ", ".join(f"{kind} ({version})" for version, kind in seen.missing)
    groups = dict.fromkeys(version.rpartition("/")[0] for version, _ in seen.missing)
    steps = [_SOURCES.get(group, f"install what offers {group}").format(operator=operator_version) for group in groups]
    raise KindMissing(f"the API server does not have {named}", hint="; ".join(steps))


def refuse_unseen(seen: Seen) -> None:
    """Raise Forbidden naming every kind that could not be read: what is there must be known before it is changed."""
    if seen.unseen:
        raise Forbidden("; ".join(seen.unseen.values()), hint="ask for the right to get and list these kinds")


def refuse_foreign(seen: Seen, manifests: Sequence[Manifest], platform: str) -> None:
    """Raise Refused for a namespace, or an object of the whole cluster, that is there and that is somebody else's.

    Taking it over would change what others rely on, and `destroy` would delete it.
    """
    live = seen.live()
    foreign = []
    for manifest in manifests:
        key = key_of(manifest.object)
        found = live.get(key)
        if found is None or key.namespace:
            continue
        other = text_at(found, "metadata", "labels", PLATFORM)
        if other not in ("", platform):
            foreign.append(f"{key} (of platform {other})")
        elif not any(entry.is_ours(FIELD_MANAGER) for entry in entries(found)):
            foreign.append(str(key))
    if foreign:
        raise Refused(
            f"already there, and not of this platform: {', '.join(foreign)}",
            "Foreign",
            hint="choose another name in the spec (a tenant's name is its namespace), or remove what is there",
        )


def refuse_ending(seen: Seen, manifests: Sequence[Manifest]) -> None:
    """Raise Refused for desired namespaces that are being deleted: nothing new comes into them."""
    live = seen.live()
    wanted = {key_of(manifest.object) for manifest in manifests if manifest.object.get("kind") == "Namespace"}
    ending = [key.name for key in wanted if text_at(live.get(key), "metadata", "deletionTimestamp")]
    if ending:
        raise Refused(
            f"being deleted: namespace {', '.join(sorted(ending))}",
            "NamespaceTerminating",
            hint="wait until they are gone, then repeat the command; what holds one is in its status: "
            f"kubectl get namespace {sorted(ending)[0]} -o yaml",
        )


def refuse_missing_rights(
    api: KubernetesApi,
    seen: Seen,
    manifests: Iterable[Manifest],
    removed: Iterable[ObjectKey],
    platform: str,
    *,
    with_secrets: bool = False,
    lanes: int = 1,
) -> None:
    """Raise Forbidden naming each verb that is missing to apply `manifests` and to remove `removed`."""
    home = state_namespace(platform)
    own = (
        Right("", "namespaces", "", ("get", "list", "create", "patch"), why="for rayfence's own namespace"),
        Right("coordination.k8s.io", "leases", home, ("get", "create", "update", "delete"), why="to work alone"),
        Right("", "configmaps", home, ("get", "create", "patch"), why="for the receipt"),
    )
    made = (Right("", "secrets", "", ("get", "create", "update"), why="to make the platform's Secrets"),)
    _refuse(api, seen, (*own, *(made if with_secrets else ()), *needed_rights(manifests, removed=removed)), lanes)


def refuse_missing_rights_to_destroy(
    api: KubernetesApi, seen: Seen, keys: Iterable[ObjectKey], platform: str, lanes: int = 1
) -> None:
    """Raise Forbidden naming each verb that is missing to delete these objects."""
    home = state_namespace(platform)
    own = Right("coordination.k8s.io", "leases", home, ("get", "create", "update", "delete"), why="to work alone")
    _refuse(api, seen, (own, *needed_rights((), Purpose.DESTROY, tuple(keys))), lanes)


def to_write(manifests: Sequence[Manifest], drift: Drift) -> tuple[Manifest, ...]:
    """Those that a drift asks to make or to change, in their order."""
    keys = {item.key for item in drift.objects if item.state in (ObjectState.MISSING, ObjectState.CHANGED)}
    return tuple(manifest for manifest in manifests if key_of(manifest.object) in keys)


def _refuse(api: KubernetesApi, seen: Seen, rights: Sequence[Right], lanes: int) -> None:
    plurals = {(kind.group, plural(kind.kind)): kind.plural for kind in seen.kinds.values()}

    def asked(right: Right) -> bool:
        resource = plurals.get((right.group, right.resource), right.resource)
        return all(api.allowed(verb, right.group, resource, right.namespace, right.name) for verb in right.verbs)

    # Every right in a namespace is looked for in the whole cluster first: these are asked for side by side.
    wide = tuple(
        dict.fromkeys(
            Right(one.group, one.resource, "", (verb,)) for one in rights if one.namespace for verb in one.verbs
        )
    )
    known = dict(zip(wide, every(wide, asked, lanes), strict=True))

    def allowed(right: Right) -> bool:
        found = known.get(right)
        return asked(right) if found is None else found

    lacking = missing_rights(rights, allowed)
    if lacking:
        lines = dict.fromkeys(f"{right} ({right.why})" if right.why else str(right) for right in lacking)
        raise Forbidden(
            "\n".join(("rights are missing, and nothing has been changed:", *lines)),
            hint="ask the cluster's administrator for them",
        )
