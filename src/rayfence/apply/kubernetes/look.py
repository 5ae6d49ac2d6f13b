"""`look`: what of a platform is in the cluster now. One request per kind, and one for each desired object not found so.

Requests go side by side: nothing here depends on the order of answers, but that namespaces come first.

Leaves out what differs: `plan/live/compare.py` says that.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.apply.kubernetes.lanes import every
from rayfence.errors import Forbidden, KindMissing
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kind, Kinds, kind_key, name_of, namespace_of
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey
from rayfence.plan.live.compare import is_ours
from rayfence.plan.live.order import key_of
from rayfence.ports.kubernetes import KubernetesApi, KubernetesReads
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
    """What was seen. `unseen`: (group, kind) to why it could not be read. `missing`: desired kinds the server lacks.

    `absent`: desired namespaces that are not there.
    """

    kinds: Kinds
    objects: tuple[Json, ...]
    unseen: Mapping[tuple[str, str], str]
    missing: tuple[tuple[str, str], ...]
    absent: frozenset[str] = frozenset()

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


class Glance:
    """A server's objects at one moment: nothing is asked twice, and nothing of namespaces that are not there."""

    def __init__(self, api: KubernetesReads, absent: frozenset[str]) -> None:
        self._api, self._absent = api, absent
        self._listed: dict[tuple[object, ...], tuple[Json, ...]] = {}

    def get(self, kind: Kind, name: str, namespace: str = "") -> Json | None:
        """See the port."""
        return None if namespace in self._absent else self._api.get(kind, name, namespace)

    def list(self, kind: Kind, namespace: str = "", labels: Mapping[str, str] | None = None) -> tuple[Json, ...]:
        """See the port."""
        asked = (kind, namespace, *sorted((labels or {}).items()))
        if asked not in self._listed:
            self._listed[asked] = self._api.list(kind, namespace, labels)
        return self._listed[asked]


def look(api: KubernetesApi, manifests: Sequence[Manifest], kinds: Kinds | None = None, lanes: int = 1) -> Seen:
    """See everything that is desired, and everything that carries our label.

    1. List each kind that is desired or was ever rendered, by our label: namespaces first.
    2. Get what is desired and was not among them, unless its namespace is not there either.
    What may not be read is told as unseen, never taken for missing. Raises ServerUnreachable, CredentialsRefused.
    """
    known = api.kinds() if kinds is None else kinds
    wanted = dict.fromkeys(kind_key(manifest.object) for manifest in manifests)
    unseen: dict[tuple[str, str], str] = {}
    found: dict[ObjectKey, Json] = {}

    def listed(kind: Kind) -> tuple[Json, ...] | Forbidden:
        try:
            return api.list(kind, labels=OURS)
        except Forbidden as error:
            return error

    def got(value: Json) -> Json | Forbidden | None:
        try:
            return api.get(known[kind_key(value)], name_of(value), namespace_of(value))
        except Forbidden as error:
            return error

    kinds_to_list = tuple(_to_list(known, wanted))
    for kind, answer in zip(kinds_to_list, every(kinds_to_list, listed, lanes), strict=True):  # 1
        if not isinstance(answer, Forbidden):
            found |= {key_of(value): value for value in answer}
        elif (kind.api_version, kind.kind) in wanted:
            unseen[kind.group, kind.kind] = str(answer)
    for is_space in (True, False):  # 2
        todo = tuple(value for value in _unfound(manifests, found, known) if _is_space(value) is is_space)
        for value, one in zip(todo, every(todo, got, lanes), strict=True):
            if isinstance(one, Forbidden):
                kind = known[kind_key(value)]
                unseen[kind.group, kind.kind] = str(one)
            elif one is not None:
                found[key_of(value)] = one
    keys = [key_of(manifest.object) for manifest in manifests if _is_space(manifest.object)]
    absent = frozenset(key.name for key in keys if key not in found and ("", "Namespace") not in unseen)
    missing = tuple(key for key in wanted if key not in known)
    return Seen(known, tuple(found.values()), unseen, missing, absent)


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
            continue  # namespaces are asked for first: one that is there was found by now
        yield value


def _is_space(value: Json) -> bool:
    return value.get("kind") == "Namespace"
