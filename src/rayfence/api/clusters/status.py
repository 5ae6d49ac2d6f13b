"""`status` of a platform in a cluster: a fresh look through the API server, and one request to each gateway.

Nothing is changed. The shape is that of an instance's status (parts, addresses, posture), with what only a cluster has
beside it: tenants, certificates, the last receipt.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.adapters.gateway import status_of
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import ClusterPlanned, plan_cluster
from rayfence.api.clusters.parts import Certificate, TenantStatus, certificates, look_around, operator_part
from rayfence.api.clusters.reach import authority, host_of, way
from rayfence.api.clusters.target import ClusterTarget
from rayfence.api.kubernetes import Cluster, order_of, reached, whoami
from rayfence.api.status import Part
from rayfence.apply.kubernetes import Surroundings
from rayfence.apply.kubernetes.order import UNREADABLE_SECRETS, Prospect, prospect
from rayfence.apply.kubernetes.receipts import kept
from rayfence.apply.kubernetes.state import state_namespace
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.errors import Forbidden, RayfenceError, cut
from rayfence.model.cluster_platform import Datapath, KubernetesTarget
from rayfence.model.frozen import dataclass
from rayfence.model.live import ObjectState
from rayfence.model.verdict import Posture
from rayfence.ports.machine import Reporter
from rayfence.verify.cluster_posture import ClusterSightings, GatewaySighting, RayObjectSighting, cluster_posture
from rayfence.verify.posture import LeafSighting

_ANY_RAY_ROUTE: Final = "/api/version"
_FOREIGN: Final = "rebound.attacker.test"


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """A picture of a platform. The first five as of an instance; `last`: the receipt of the last apply."""

    name: str
    ready: bool
    parts: tuple[Part, ...]
    addresses: tuple[tuple[str, str], ...]
    posture: tuple[Posture, ...]
    tenants: tuple[TenantStatus, ...]
    certificates: tuple[Certificate, ...]
    last: dict[str, object] | None


def look(target: ClusterTarget, report: Reporter) -> ClusterStatus:
    """Look at the platform now.

    1. What the spec asks for, object by object.
    2. What of it is in the cluster, and what differs.
    3. How far Ray objects, gateways and the operator are; which certificates end when.
    4. What each gateway says to a stranger.
    Raises SpecError, OrganizationError, PreflightError, ServerUnreachable, CredentialsRefused.
    """
    planned = plan_cluster(target.platform, target.spec, target.policies)  # 1
    order = order_of(planned)
    with reached(target.platform, target.context) as cluster:
        clock = SystemClock()
        ahead = prospect(order, Surroundings(cluster.api, clock, report, whoami()))  # 2
        last = _last(cluster, order.platform)
        tenants = look_around(cluster, target, planned, clock.utc())  # 3
        operator = operator_part(cluster, planned, clock.utc())
        leaves = certificates(cluster, planned, clock.utc())
        doors = tuple(_door(cluster, one) for one in tenants)  # 4
    parts = (*([operator] if operator else []), *(part for one in tenants for part in one.parts))
    seen = _sightings(planned, ahead, tenants, parts, leaves, doors, last)
    return ClusterStatus(
        name=target.platform.name,
        ready=bool(parts) and all(part.phase == "ready" for part in parts),
        parts=parts,
        addresses=tuple(row for one in tenants for row in _addresses(one)),
        posture=cluster_posture(seen),
        tenants=tenants,
        certificates=leaves or (),
        last=last,
    )


def _sightings(
    planned: ClusterPlanned,
    ahead: Prospect,
    tenants: Sequence[TenantStatus],
    parts: Sequence[Part],
    leaves: Sequence[Certificate] | None,
    doors: tuple[GatewaySighting, ...],
    last: dict[str, object] | None,
) -> ClusterSightings:
    platform, settings = planned.platform, planned.resolution.kubernetes
    receipt = None if last is None else [str(last.get(key, "")) for key in ("outcome", "ended", "by", "digest")]
    objects = [one for tenant in tenants for one in tenant.objects if one.there]
    enforced = not isinstance(platform.target, KubernetesTarget) or platform.target.datapath is not Datapath.NONE
    return ClusterSightings(
        parts=tuple((part.name, part.phase) for part in parts),
        wanted=Counter(str(manifest.object["kind"]) for manifest in planned.manifests),
        drift=(*(item for item in ahead.drift.objects if item.state is not ObjectState.EXTRA), *ahead.tampered),
        missing_secrets=None if ahead.secrets == (UNREADABLE_SECRETS,) else ahead.secrets,
        ray=tuple(RayObjectSighting(one.name, one.ray_version, one.auth_mode, one.mutual_tls) for one in objects),
        ray_floor=load_ray_versions().floor,
        operator=settings.operator_version,
        gateways=doors,
        leaves=None
        if leaves is None
        else tuple(LeafSighting(one.name, one.hours_left, one.renew_hours, hot=True) for one in leaves),
        last=None if receipt is None else (receipt[0], receipt[1], receipt[2], receipt[3]),
        digest=planned.plan.digest,
        enforced=enforced,
    )


def _last(cluster: Cluster, platform: str) -> dict[str, object] | None:
    try:
        return kept(cluster.api, platform, state_namespace(platform))
    except Forbidden:
        return None


def _door(cluster: Cluster, tenant: TenantStatus) -> GatewaySighting:
    """What the gateway says to someone without a token, and to someone who comes under another name."""
    try:
        host = host_of(tenant.name, tenant.main)
        with way(cluster, tenant.name, authority(cluster, tenant.name)) as server:
            own = status_of(server, host, _ANY_RAY_ROUTE)
            return GatewaySighting(tenant.name, own, status_of(server, _FOREIGN, _ANY_RAY_ROUTE))
    except RayfenceError as error:
        return GatewaySighting(tenant.name, None, None, cut(str(error)))


def _addresses(tenant: TenantStatus) -> Iterator[tuple[str, str]]:
    name = tenant.name
    for one in tenant.objects:
        yield f"{name}/{one.name}", f"https://{host_of(name, one.name)}  (Jobs API, SDK; in the cluster)"
    yield f"{name} log in", f"https://{host_of(name)}/login  or  rayfence login --tenant {name}"
    yield f"{name} from here", f"rayfence exec --tenant {name} -- ray job submit …  (a way through the API server)"
    for address in tenant.load_balancers:
        yield f"{name} internal", f"https://{address}  (load balancer, under the names above)"
