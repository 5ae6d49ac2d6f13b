"""Which ports heads and workers have, and what stands between each and a neighbour pod. Pure.

Read from the manifests themselves, not from what they were made of: `dashboard-host`, `tlsOptions`, the sidecar's ports
and the network policies say what holds. Leaves out whether the datapath keeps its word: `verify` proves that.
Source: Ray 2.60.0 and KubeRay 1.7.0, seen: of the ports on a pod's address only the dashboard obeys a loopback setting;
metrics are on all addresses and answer anybody; KubeRay's mutual TLS covers gRPC, no HTTP port.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Json
from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.plan.live.ready.status import at, items, text
from rayfence.render.kubernetes.names import RAY_CLUSTER_LABEL, RAY_NODE_TYPE_LABEL
from rayfence.render.kubernetes.workloads.sidecar import NAME as SIDECAR

#: Where each Ray object keeps the spec of its cluster.
CLUSTER_SPECS: Final[Mapping[str, tuple[str, ...]]] = {
    "RayCluster": ("spec",),
    "RayService": ("spec", "rayClusterConfig"),
    "RayJob": ("spec", "rayClusterSpec"),
    "RayCronJob": ("spec", "jobTemplate", "rayClusterSpec"),
}
_CHOSEN: Final = "chosen at start"
#: Where Linux takes such ports from.
_EPHEMERAL: Final = (32768, 60999)
_EVERY: Final = (1, 65535)
#: First words of a network policy's name to whom it lets in.
_FLOWS: Final = (
    ("mesh-", "pods of the same Ray object"),
    ("gateway-", "the tenant's gateway"),
    ("operator-", "the KubeRay operator"),
    ("allow-metrics", "metrics scrapers"),
)


@dataclass(frozen=True, slots=True)
class _Listener:
    """A port of a Ray node. `parameter` of `ray start` moves it; empty `default`: Ray chooses. `grpc`: KubeRay's mutual
    TLS covers it.
    """

    name: str
    parameter: str
    default: str
    workers: bool
    grpc: bool
    answers: str
    why: str


_TOKEN: Final = "401 without the token"  # noqa: S105 - an answer, no token
_TOKENLESS: Final = "everything: Ray asks for no token"
_SILENT: Final = "no connection"
_OPEN: Final = "200 to anybody: Ray asks for nothing here"
_UNAUTHENTICATED: Final = "UNAUTHENTICATED without the token; gRPC health answers anybody"
_MESH: Final = "Ray's nodes dial it on the pod's address"
_METRICS: Final = "Ray binds it to every address, without authentication"
_LISTENERS: Final = (
    _Listener("GCS", "port", "6379", False, True, _UNAUTHENTICATED, _MESH),
    _Listener(
        "Ray Client", "ray-client-server-port", "10001", False, True, _UNAUTHENTICATED, "Ray binds it to the pod"
    ),
    _Listener("object manager", "object-manager-port", "", True, True, _UNAUTHENTICATED, _MESH),
    _Listener("node manager", "node-manager-port", "", True, True, _UNAUTHENTICATED, _MESH),
    _Listener("agent gRPC", "dashboard-agent-grpc-port", "", True, True, _UNAUTHENTICATED, _MESH),
    _Listener("workers and drivers", "min-worker-port", "10002-19999", True, True, _UNAUTHENTICATED, _MESH),
    _Listener(
        "agent HTTP",
        "dashboard-agent-listen-port",
        "52365",
        True,
        False,
        _TOKEN,
        "Ray binds it to the pod's address, where the kubelet's probe and the head ask it; it has no TLS",
    ),
    _Listener(
        "runtime environment agent",
        "runtime-env-agent-port",
        "",
        True,
        False,
        _TOKEN,
        "Ray binds it to the pod's address; it has no TLS",
    ),
    _Listener("metrics", "metrics-export-port", "8080", True, False, _OPEN, _METRICS),
    _Listener("autoscaler metrics", "", "44217", False, False, _OPEN, _METRICS),
    _Listener("dashboard metrics", "", "44227", False, False, _OPEN, _METRICS),
)
_DASHBOARD: Final = _Listener("dashboard and Jobs", "dashboard-port", "8265", False, False, _TOKEN, "")
_SERVE: Final = _Listener(
    "Serve",
    "",
    "8000",
    True,
    False,
    "whatever the application answers: Ray's token is not asked for",
    "Serve binds it to the pod's address, and the operator asks it for its health",
)


@dataclass(frozen=True, slots=True)
class _Wall:
    """A network policy for what comes in: the labels of the pods it is for, and whom it lets in on which ports."""

    labels: Mapping[str, object]
    flow: str
    ranges: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class _Node:
    """A head, or workers, as their template says. `walls`: the policies that select it."""

    workload: str
    name: str
    parameters: Mapping[str, object]
    walls: Sequence[_Wall]
    tls: bool
    token: bool
    enforced: bool


def ray_ports(manifests: Iterable[Manifest], *, enforced: bool) -> tuple[RayPort, ...]:
    """Every port of every Ray object's head and workers, in the order of the manifests.

    `enforced`: whether the cluster's datapath is said to enforce network policies.
    """
    objects = [manifest.object for manifest in manifests]
    walls: dict[str, list[_Wall]] = {}
    for value in objects:
        if value.get("kind") == "NetworkPolicy" and (wall := _wall(value)) is not None:
            walls.setdefault(text(value, "metadata", "namespace"), []).append(wall)
    homes = ((value, walls.get(text(value, "metadata", "namespace"), [])) for value in objects)
    return tuple(port for value, around in homes for port in _of(value, around, enforced))


def _wall(policy: Json) -> _Wall | None:
    """The policy for what comes in; None where it leaves that to others. Names of ports are taken for every port.

    One that selects by expressions is not counted: a guard is claimed only where it is certain.
    """
    types, selector = at(policy, "spec", "policyTypes"), at(policy, "spec", "podSelector")
    if not isinstance(types, list) or "Ingress" not in types or at(selector, "matchExpressions"):
        return None
    wanted = at(selector, "matchLabels")
    rules = items(policy, "spec", "ingress")
    ranges = [_range(entry) for rule in rules for entry in items(rule, "ports")]
    ranges += [_EVERY for rule in rules if not items(rule, "ports")]
    labels = wanted if isinstance(wanted, Mapping) else {}
    return _Wall(labels, _flow(text(policy, "metadata", "name")), tuple(ranges))


def _range(entry: object) -> tuple[int, int]:
    first, last = at(entry, "port"), at(entry, "endPort")
    if not isinstance(first, int):
        return _EVERY
    return first, last if isinstance(last, int) else first


def _of(value: Json, walls: Sequence[_Wall], enforced: bool) -> Iterator[RayPort]:
    path = CLUSTER_SPECS.get(text(value, "kind"))
    if path is None:
        return
    head = _node(value, path, "head", at(value, *path, "headGroupSpec"), walls, enforced)
    serves = text(value, "kind") == "RayService"
    yield from _dashboard(head)
    yield from _sidecar(head, at(value, *path, "headGroupSpec"))
    yield from _listeners(head, serves)
    yield _client_sessions(head)
    groups = items(value, *path, "workerGroupSpecs")
    for group in groups:
        name = "workers" if len(groups) == 1 else f"workers {text(group, 'groupName')}"
        yield from _listeners(_node(value, path, name, group, walls, enforced), serves)


def _node(value: Json, path: Sequence[str], name: str, group: object, walls: Sequence[_Wall], enforced: bool) -> _Node:
    """`group`: headGroupSpec or one of workerGroupSpecs; `walls`: of its namespace.

    The operator adds labels of its own to every pod.
    """
    metadata = at(group, "template", "metadata", "labels")
    labels = dict(metadata) if isinstance(metadata, Mapping) else {}
    labels |= {"ray.io/is-ray-node": "yes", RAY_NODE_TYPE_LABEL: "head" if name == "head" else "worker"}
    if text(value, "kind") == "RayCluster":
        labels[RAY_CLUSTER_LABEL] = text(value, "metadata", "name")
    home = text(value, "metadata", "namespace")
    own = labels.items()
    selecting = tuple(wall for wall in walls if wall.labels.items() <= own)
    parameters = at(group, "rayStartParams")
    return _Node(
        f"{text(value, 'kind')} {home}/{text(value, 'metadata', 'name')}",
        name,
        parameters if isinstance(parameters, Mapping) else {},
        selecting,
        at(value, *path, "tlsOptions", "enabled") is True,
        at(value, *path, "authOptions", "mode") == "token",
        enforced,
    )


def _listeners(node: _Node, serves: bool) -> Iterator[RayPort]:
    for listener in (*_LISTENERS, *((_SERVE,) if serves else ())):
        if listener.workers or node.name == "head":
            yield _port(node, listener)


def _port(node: _Node, listener: _Listener) -> RayPort:
    port = _number(node, listener)
    answers = listener.answers if node.token or listener.answers in {_OPEN, _SERVE.answers} else _TOKENLESS
    guard, why = _policy_guard(node), listener.why
    if listener.grpc and node.tls:
        guard, why = PortGuard.MTLS, "tlsOptions: every gRPC port asks for a certificate of this Ray cluster"
        answers = "TLS refusal without a certificate of this Ray cluster"
    elif listener.grpc:
        why = f"{why}; this operator makes no mutual TLS (tlsOptions)"
    return RayPort(
        node.workload, node.name, port, listener.name, guard, _open_to(node, port), node.enforced, answers, why
    )


def _dashboard(node: _Node) -> Iterator[RayPort]:
    """On loopback where the spec says so; KubeRay's own default is every address."""
    port, name, known = _number(node, _DASHBOARD), _DASHBOARD.name, node.enforced
    if node.parameters.get("dashboard-host") in {"127.0.0.1", "localhost", "::1"}:
        why = "dashboard-host: the sidecar and the pod's own processes reach it, nobody else"
        yield RayPort(node.workload, node.name, port, name, PortGuard.LOOPBACK, (), known, _SILENT, why)
        return
    why = "the KubeRay operator submits to it over plain HTTP, so it is on the pod's address"
    answers = _TOKEN if node.token else _TOKENLESS
    yield RayPort(node.workload, node.name, port, name, _policy_guard(node), _open_to(node, port), known, answers, why)


def _sidecar(node: _Node, group: object) -> Iterator[RayPort]:
    for container in items(group, "template", "spec", "containers"):
        if text(container, "name") == SIDECAR:
            for listed in items(container, "ports"):
                port = text(listed, "containerPort")
                yield RayPort(
                    node.workload,
                    node.name,
                    port,
                    f"sidecar of {text(listed, 'name').removeprefix('tls-')}",
                    PortGuard.SIDECAR,
                    _open_to(node, port),
                    node.enforced,
                    "TLS refusal without the gateway's certificate",
                    "mutual TLS 1.3, one authority and one name: the tenant's gateway",
                )


def _client_sessions(node: _Node) -> RayPort:
    name, why = "Ray Client sessions", "one port per connected Ray Client; Ray binds them to loopback"
    return RayPort(node.workload, node.name, "23000-23999", name, PortGuard.LOOPBACK, (), node.enforced, _SILENT, why)


def _number(node: _Node, listener: _Listener) -> str:
    moved = str(node.parameters.get(listener.parameter) or "")
    if listener.parameter == "min-worker-port":
        low, _, high = listener.default.partition("-")
        listed = str(node.parameters.get("worker-port-list") or "")
        return listed or f"{moved or low}-{node.parameters.get('max-worker-port') or high}"
    return moved or listener.default or _CHOSEN


def _policy_guard(node: _Node) -> PortGuard:
    return PortGuard.POLICY if node.walls and node.enforced else PortGuard.NONE


def _open_to(node: _Node, port: str) -> tuple[str, ...]:
    """Whom the policies let in on this port; a range counts as open where any part of it is."""
    if not node.walls:
        return ("every pod: no network policy selects it",)
    low, high, whole = _span(port)
    found = (
        wall.flow
        for wall in node.walls
        if any(
            (first <= low and last >= high) if whole else (first <= high and last >= low) for first, last in wall.ranges
        )
    )
    return tuple(dict.fromkeys(found))


def _span(port: str) -> tuple[int, int, bool]:
    """First and last number; and whether only a rule for all of them opens it: a port that Ray chooses."""
    low, _, high = port.partition(",")[0].partition("-")
    if not low.isdecimal():
        return *_EPHEMERAL, True
    return int(low), int(high or low), False


def _flow(name: str) -> str:
    return next((words for start, words in _FLOWS if name.startswith(start)), f"policy {name}")
