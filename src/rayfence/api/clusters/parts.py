"""What a status of a cluster sees of its parts: Ray objects, gateways, the operator, certificates."""

import base64
import binascii
import datetime
from collections.abc import Iterator, Mapping, Sequence

from rayfence.adapters.tls.inspection import hours_left
from rayfence.api.cluster import ClusterPlanned
from rayfence.api.clusters.reach import POD
from rayfence.api.clusters.target import ClusterTarget
from rayfence.api.kubernetes import Cluster
from rayfence.api.status import Part
from rayfence.errors import Forbidden, cut
from rayfence.model.api_objects import Json, Kind, at, kind_key, name_of, namespace_of, number_at, objects_at, text_at
from rayfence.model.cluster_secrets import ClusterSecretKind
from rayfence.model.frozen import dataclass
from rayfence.model.live import Phase, Readiness
from rayfence.model.tenancy import ClusterTenant
from rayfence.plan.live.ready.readiness import own_pods, readiness
from rayfence.plan.live.ready.status import conditions
from rayfence.plan.ray_ports import CLUSTER_SPECS
from rayfence.render.kubernetes.names import OPERATOR_APP, WORKLOAD, gateway_namespace
from rayfence.render.kubernetes.secrets import secret_requests
from rayfence.render.kubernetes.workloads.listing import Workload, workloads

_SETS = Kind("apps/v1", "StatefulSet", "statefulsets", True)
_DEPLOYMENTS = Kind("apps/v1", "Deployment", "deployments", True)
_SECRETS = Kind("v1", "Secret", "secrets", True)
_SERVICES = Kind("v1", "Service", "services", True)
_OPERATOR_NAMES = ("kuberay-operator", OPERATOR_APP)


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition, as its controller says it. `status`: True, False, Unknown."""

    type: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class RayObjectStatus:
    """A Ray object. `name`: its label, `cluster-train`. `head_ready` None: nothing says. `there`: it exists."""

    name: str
    kind: str
    there: bool
    phase: str
    reason: str
    next_step: str
    conditions: tuple[Condition, ...]
    head_ready: bool | None
    workers_ready: int
    workers_wanted: int
    ray_version: str
    auth_mode: str
    mutual_tls: bool


@dataclass(frozen=True, slots=True)
class GatewayStatus:
    """A tenant's gateway. `wanted` 0: the spec has none."""

    phase: str
    reason: str
    next_step: str
    ready: int
    wanted: int


@dataclass(frozen=True, slots=True)
class TenantStatus:
    """One tenant. `main`: label of the Ray object that a gateway serves first. `parts`: those of the status's list."""

    name: str
    main: str
    objects: tuple[RayObjectStatus, ...]
    gateway: GatewayStatus
    load_balancers: tuple[str, ...]
    parts: tuple[Part, ...]


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate of the platform, by its Secret. `hours_left` may be negative; below `renew_hours` apply renews."""

    name: str
    hours_left: float
    renew_hours: int


def look_around(
    cluster: Cluster, target: ClusterTarget, planned: ClusterPlanned, now: datetime.datetime
) -> tuple[TenantStatus, ...]:
    """Every tenant that is meant. Raises KubernetesError."""
    return tuple(_tenant(cluster, one, planned, now) for one in target.tenants)


def operator_part(cluster: Cluster, planned: ClusterPlanned, now: datetime.datetime) -> Part | None:
    """KubeRay's operator; None where it is not seen, be it GKE's own or kept from us."""
    home = planned.resolution.kubernetes.operator_namespace
    try:
        found = [one for one in cluster.api.list(_DEPLOYMENTS, home) if name_of(one) in _OPERATOR_NAMES]
        if not found:
            return None
        state, pods = _state(cluster, found[0], now)
    except Forbidden:
        return None
    return _part("operator", state, pods)


def certificates(cluster: Cluster, planned: ClusterPlanned, now: datetime.datetime) -> tuple[Certificate, ...] | None:
    """Those of the platform's Secrets, the first to end first; None: Secrets may not be read."""
    found = []
    try:
        for wish in secret_requests(planned.resolution):
            key = {ClusterSecretKind.LEAF: "tls.crt", ClusterSecretKind.AUTHORITY: "ca.crt"}.get(wish.kind)
            live = cluster.api.get(_SECRETS, wish.name, wish.namespace) if key else None
            left = _hours(live, key, now) if live is not None and key else None
            if left is not None:
                found.append(Certificate(f"{wish.namespace}/{wish.name}", round(left, 1), wish.renew_before))
    except Forbidden:
        return None
    return tuple(sorted(found, key=lambda one: one.hours_left))


def _hours(live: Json, key: str, now: datetime.datetime) -> float | None:
    try:
        return hours_left(base64.b64decode(text_at(live, "data", key), validate=True), now)
    except (binascii.Error, ValueError):
        return None


def _tenant(cluster: Cluster, tenant: ClusterTenant, planned: ClusterPlanned, now: datetime.datetime) -> TenantStatus:
    manifests = {_label(one.object): one.object for one in planned.manifests if _is_ray(one.object, tenant.name)}
    seen = [_ray_object(cluster, one, manifests.get(one.label), tenant, now) for one in workloads(tenant)]
    gateway, part = _gateway(cluster, tenant, now, wanted=planned.platform.images.gateway is not None)
    parts = (*(part for _, part in seen), *([part] if part else []))
    main = workloads(tenant)[0].label if workloads(tenant) else ""
    return TenantStatus(
        tenant.name, main, tuple(one for one, _ in seen), gateway, tuple(_balancers(cluster, tenant.name)), parts
    )


def _is_ray(value: Json, tenant: str) -> bool:
    return text_at(value, "kind") in CLUSTER_SPECS and namespace_of(value) == tenant


def _label(value: Json) -> str:
    """The workload label in a Ray object's head; empty for other objects."""
    path = CLUSTER_SPECS.get(text_at(value, "kind"))
    return "" if path is None else text_at(value, *path, "headGroupSpec", "template", "metadata", "labels", WORKLOAD)


def _ray_object(
    cluster: Cluster, workload: Workload, wanted: Json | None, tenant: ClusterTenant, now: datetime.datetime
) -> tuple[RayObjectStatus, Part]:
    kind = text_at(wanted, "kind")
    pods: Sequence[Json] = ()
    live, state = None, Readiness(Phase.WAITING, "it is not there", "`rayfence apply` makes it")
    if wanted is not None:
        known = cluster.api.kinds().get(kind_key(wanted))
        try:
            live = cluster.api.get(known, name_of(wanted), tenant.name) if known is not None else None
        except Forbidden as error:
            state = Readiness(Phase.WAITING, cut(str(error)))
        if known is None:
            state = Readiness(Phase.FAILED, f"the API server has no {kind}", "install KubeRay's kinds")
        elif live is not None:
            state, pods = _state(cluster, live, now)
    spec = at(live, *CLUSTER_SPECS.get(kind, ()))
    head = conditions(live).get("HeadPodReady") if live is not None else None
    found = RayObjectStatus(
        name=workload.label,
        kind=kind,
        there=live is not None,
        phase=str(state.phase),
        reason=state.reason,
        next_step=state.next_step,
        conditions=tuple(_conditions(live)),
        head_ready=None if head is None else head.holds,
        workers_ready=number_at(live, "status", "readyWorkerReplicas"),
        workers_wanted=number_at(live, "status", "desiredWorkerReplicas"),
        ray_version=text_at(spec, "rayVersion"),
        auth_mode=text_at(spec, "authOptions", "mode"),
        mutual_tls=at(spec, "tlsOptions", "enabled") is True,
    )
    facts = f"; Ray {found.ray_version}, {found.auth_mode or 'no authentication'}" if found.there else ""
    return found, _part(f"{tenant.name}/{workload.label}", state, pods, facts)


def _gateway(
    cluster: Cluster, tenant: ClusterTenant, now: datetime.datetime, *, wanted: bool
) -> tuple[GatewayStatus, Part | None]:
    if not wanted:
        return GatewayStatus("absent", "the spec names no image of the gateway", "images.gateway", 0, 0), None
    pods: Sequence[Json] = ()
    live, state = None, Readiness(Phase.WAITING, "it is not there", "`rayfence apply` makes it")
    try:
        live = cluster.api.get(_SETS, "gateway", gateway_namespace(tenant.name))
        if live is not None:
            state, pods = _state(cluster, live, now)
    except Forbidden as error:
        state = Readiness(Phase.WAITING, cut(str(error)))
    found = GatewayStatus(
        str(state.phase),
        state.reason,
        state.next_step,
        number_at(live, "status", "readyReplicas"),
        number_at(live, "spec", "replicas"),
    )
    return found, _part(f"{tenant.name}/gateway", state, pods)


def _state(cluster: Cluster, live: Json, now: datetime.datetime) -> tuple[Readiness, Sequence[Json]]:
    """How far an object is, and its pods."""
    home = namespace_of(live)
    pods = cluster.api.list(POD, home)
    try:
        events = cluster.api.events(home)
    except Forbidden:  # they only say why
        events = ()
    return readiness(live, events, now, pods), own_pods(live, pods)


def _part(name: str, state: Readiness, pods: Sequence[Json], facts: str = "") -> Part:
    told = f"{state.reason}{facts}" + (f": {state.next_step}" if state.next_step else "")
    return Part(name, str(state.phase), 0, sum(_restarts(pods)), told)


def _restarts(pods: Sequence[Json]) -> Iterator[int]:
    for pod in pods:
        for field in ("initContainerStatuses", "containerStatuses"):
            yield from (number_at(one, "restartCount") for one in objects_at(pod, "status", field))


def _conditions(live: Json | None) -> Iterator[Condition]:
    for one in objects_at(live, "status", "conditions"):
        yield Condition(text_at(one, "type"), text_at(one, "status"), text_at(one, "reason"))


def _balancers(cluster: Cluster, tenant: str) -> Iterator[str]:
    try:
        services: Sequence[Mapping[str, object]] = cluster.api.list(_SERVICES, gateway_namespace(tenant))
    except Forbidden:
        return
    for one in services:
        for entry in objects_at(one, "status", "loadBalancer", "ingress"):
            yield text_at(entry, "ip") or text_at(entry, "hostname")
