"""`look`: what of a platform is in the cluster now. One request per kind, and one for each desired object not found so.

Leaves out what differs: `plan/live/compare.py` says that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.errors import Forbidden, KindMissing
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kind, Kinds, kind_key, name_of, namespace_of
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey
from rayfence.plan.live.compare import is_ours
from rayfence.plan.live.order import key_of
from rayfence.ports.kubernetes import KubernetesApi
from rayfence.render.kubernetes.shape import MANAGED_BY

OURS: Final[Mapping[str, str]] = {MANAGED_BY: "rayfence"}
#: Group to every kind that any release of rayfence has rendered: what left the spec is looked for among them.
RENDERED: Final[Mapping[str, tuple[str, ...]]] = {
    "": ("Namespace", "ConfigMap", "Secret", "ServiceAccount", "Service", "ResourceQuota", "LimitRange"),
    "admissionregistration.k8s.io": ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"),
    "apps": ("Deployment", "StatefulSet"),
    "cilium.io": ("CiliumNetworkPolicy",),
    "cloud.google.com": ("BackendConfig",),
    "gateway.networking.k8s.io": ("Gateway", "HTTPRoute"),
    "kueue.x-k8s.io": ("LocalQueue",),
    "monitoring.googleapis.com": ("PodMonitoring",),
    "networking.gke.io": (
        "FrontendConfig",
        "ManagedCertificate",
        "GCPBackendPolicy",
        "GCPGatewayPolicy",
        "HealthCheckPolicy",
    ),
    "networking.k8s.io": ("NetworkPolicy", "Ingress"),
    "policy": ("PodDisruptionBudget",),
    "ray.io": ("RayCluster", "RayJob", "RayService", "RayCronJob"),
    "rbac.authorization.k8s.io": ("Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"),
    "storage.k8s.io": ("StorageClass",),
}
_NEEDED: Final = ("list", "delete")


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen. `unseen`: (group, kind) to why it could not be read. `missing`: desired kinds the server lacks."""

    kinds: Kinds
    objects: tuple[Json, ...]
    unseen: Mapping[tuple[str, str], str]
    missing: tuple[tuple[str, str], ...]

    def kind_of(self, value: Json) -> Kind:
        """The kind of an object that was seen or is desired. Raises KindMissing."""
        kind = self.kinds.get(kind_key(value))
        if kind is None:
            version, name = kind_key(value)
            raise KindMissing(f"the API server has no {name} ({version})")
        return kind

    def live(self) -> Mapping[ObjectKey, Json]:
        """Objects by what identifies them."""
        return {key_of(value): value for value in self.objects}


def look(api: KubernetesApi, manifests: Sequence[Manifest], kinds: Kinds | None = None) -> Seen:
    """See everything that is desired, and everything that carries our label.

    1. List each kind that is desired or was ever rendered, by our label: namespaces first.
    2. Get what is desired and was not among them, unless its namespace is not there either.
    What may not be read is told as unseen, never taken for missing. Raises ServerUnreachable, CredentialsRefused.
    """
    known = api.kinds() if kinds is None else kinds
    wanted = dict.fromkeys(kind_key(manifest.object) for manifest in manifests)
    unseen: dict[tuple[str, str], str] = {}
    found: dict[ObjectKey, Json] = {}
    for kind in _to_list(known, wanted):  # 1
        try:
            found |= {key_of(value): value for value in api.list(kind, labels=OURS)}
        except Forbidden as error:
            if (kind.api_version, kind.kind) in wanted:
                unseen[kind.group, kind.kind] = str(error)
    for value in _unfound(manifests, found, known):  # 2
        kind = known[kind_key(value)]
        try:
            live = api.get(kind, name_of(value), namespace_of(value))
        except Forbidden as error:
            unseen[kind.group, kind.kind] = str(error)
        else:
            if live is not None:
                found[key_of(value)] = live
    return Seen(known, tuple(found.values()), unseen, tuple(key for key in wanted if key not in known))


def ours(seen: Seen, platform: str) -> tuple[Json, ...]:
    """Live objects of the platform: labelled, applied by us, owned by nobody else."""
    live = seen.live()
    return tuple(value for value in seen.objects if is_ours(value, FIELD_MANAGER, frozenset({platform}), live))


def _to_list(kinds: Kinds, wanted: Iterable[tuple[str, str]]) -> Iterator[Kind]:
    """One version of each kind: the desired one, else the first that the server names."""
    chosen: dict[tuple[str, str], Kind] = {}
    for key in wanted:
        if (kind := kinds.get(key)) is not None:
            chosen[kind.group, kind.kind] = kind
    for kind in kinds.values():
        if kind.kind in RENDERED.get(kind.group, ()):
            chosen.setdefault((kind.group, kind.kind), kind)
    able = [kind for kind in chosen.values() if all(verb in kind.verbs for verb in _NEEDED)]
    yield from sorted(able, key=lambda kind: kind.kind != "Namespace")


def _unfound(manifests: Iterable[Manifest], found: Mapping[ObjectKey, Json], kinds: Kinds) -> Iterator[Json]:
    for manifest in manifests:
        value, key = manifest.object, key_of(manifest.object)
        if key in found or kind_key(value) not in kinds:
            continue
        if key.namespace and ObjectKey("", "Namespace", "", key.namespace) not in found:
            continue  # namespaces come first among manifests: one that is there was found by now
        yield value
