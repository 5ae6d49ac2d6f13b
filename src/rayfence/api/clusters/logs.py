"""`logs` of a platform in a cluster: of gateways, Ray objects and the operator, from their pods."""

from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.adapters.kubernetes.merging import merged
from rayfence.api.clusters.reach import POD
from rayfence.api.clusters.target import ClusterTarget
from rayfence.api.kubernetes import Cluster, reached
from rayfence.errors import KubernetesError, PreflightError, StateError
from rayfence.model.api_objects import Json, name_of, objects_at, text_at
from rayfence.model.frozen import dataclass
from rayfence.model.tenancy import ClusterTenant
from rayfence.ports.pods import LogWish, PodPart
from rayfence.render.kubernetes.names import APP, GATEWAY_APP, OPERATOR_APP, WORKLOAD, gateway_namespace
from rayfence.render.kubernetes.workloads.listing import workloads

GATEWAY: Final = "gateway"
OPERATOR: Final = "operator"
#: Where somebody else's chart installs the operator.
_OPERATOR_LABELS: Final = ({APP: OPERATOR_APP}, {APP: "kuberay-operator"})
_STARTED: Final = ("running", "terminated")


@dataclass(frozen=True, slots=True)
class _Source:
    """One container whose log is read, and what its lines are called."""

    title: str
    part: PodPart


def log_lines(target: ClusterTarget, part: str | None, wish: LogWish) -> Iterator[tuple[str, str]]:
    """(source, line). `part`: `gateway`, `operator`, a Ray object (`train`, `TENANT/train`), or None: all of them.

    Without `follow` one container after the other, else as lines come, until the caller stops. Raises StateError where
    there is no such pod, PreflightError where there is no such Ray object, KubernetesError.
    """
    with reached(target.platform, target.context) as cluster:
        sources = tuple(_sources(target, cluster, part, previous=wish.previous))
        if not sources:
            what = f"no pod of {part!r}" if part else "no pod of the platform"
            raise StateError(f"{what} has a log", hint="`rayfence status` says what is there")
        streams = [cluster.pods.log(source.part, wish) for source in sources]
        if wish.follow:
            yield from ((sources[number].title, line) for number, line in merged(streams))
            return
        for source, stream in zip(sources, streams, strict=True):
            yield from ((source.title, line) for line in _one(stream, alone=len(sources) == 1, wish=wish))


def _one(stream: Iterator[str], *, alone: bool, wish: LogWish) -> Iterator[str]:
    """A container that never ran before has no earlier log: of several, that is no failure."""
    try:
        yield from stream
    except KubernetesError as error:
        if alone or not wish.previous:
            raise
        yield f"({error})"


def _sources(target: ClusterTarget, cluster: Cluster, part: str | None, *, previous: bool) -> Iterator[_Source]:
    chosen = part or ""
    only = ""
    if chosen.endswith(f"/{GATEWAY}"):
        only, _, part = chosen.rpartition("/")
    if part in (None, OPERATOR):
        yield from _of(cluster, target.platform.operator.namespace, _OPERATOR_LABELS, OPERATOR, previous=previous)
    if part in (None, GATEWAY):
        for tenant in (one for one in target.tenants if only in ("", one.name)):
            home = gateway_namespace(tenant.name)
            yield from _of(cluster, home, ({APP: GATEWAY_APP},), f"{tenant.name}/gateway", previous=previous)
    if part in (GATEWAY, OPERATOR):
        return
    for tenant_name, label in _objects(target, chosen):
        title = f"{tenant_name}/{label}"
        yield from _of(cluster, tenant_name, ({WORKLOAD: label},), title, previous=previous)


def _objects(target: ClusterTarget, part: str) -> Iterator[tuple[str, str]]:
    """(tenant, label) of the Ray objects that are meant. Raises PreflightError."""
    tenant_name, slash, name = part.rpartition("/")
    tenants = [one for one in target.tenants if not slash or one.name == tenant_name]
    if not tenants:
        known = ", ".join(one.name for one in target.tenants)
        raise PreflightError(f"there is no tenant {tenant_name!r}", hint=f"tenants: {known}")
    if not part:
        for tenant in tenants:
            yield from ((tenant.name, label) for label in _labels(tenant))
        return
    found = [(one.name, label) for one in tenants for label in _labels(one) if name in (label, label.partition("-")[2])]
    if not found:
        listed = ", ".join(f"{one.name}/{label}" for one in tenants for label in _labels(one))
        raise PreflightError(f"there is no Ray object {part!r}", hint=f"gateway, operator, or one of: {listed}")
    yield from found


def _labels(tenant: ClusterTenant) -> tuple[str, ...]:
    return tuple(one.label for one in workloads(tenant))


def _of(
    cluster: Cluster, namespace: str, labels: Sequence[dict[str, str]], title: str, *, previous: bool
) -> Iterator[_Source]:
    """Containers of the pods that carry one of the label sets, those that have run."""
    pods: dict[str, Json] = {}
    for one in labels:
        pods |= {name_of(pod): pod for pod in cluster.api.list(POD, namespace, one)}
    for name, pod in sorted(pods.items()):
        for container in _started(pod, previous=previous):
            yield _Source(f"{title}/{name}/{container}", PodPart(namespace, name, container))


def _started(pod: Json, *, previous: bool) -> Iterator[str]:
    field = "lastState" if previous else "state"
    for kind in ("initContainerStatuses", "containerStatuses"):
        for status in objects_at(pod, "status", kind):
            state = status.get(field)
            if isinstance(state, dict) and any(word in state for word in _STARTED):
                yield text_at(status, "name")
