"""Ray's own ports, past the gateway: HTTP without the token, gRPC without a certificate of the nodes' authority.

Metrics endpoints ask for nothing, and nothing in Ray makes them: a failure with a name. What Ray keeps on loopback is
reachable by every local user, so these attacks are theirs.
"""

from collections.abc import Collection, Iterator
from typing import Final

from rayfence.model.evidence import Evidence
from rayfence.model.host import NodePorts
from rayfence.model.verdict import Verdict
from rayfence.ports.wire import Wire
from rayfence.verify.attack import Attack, Control, Expect
from rayfence.verify.scene import Scene

GROUP: Final = "Ray's own ports"
METRICS_REASON: Final = (
    "Ray's metrics ask for no token; bound to loopback, they tell local users counts and names of tasks"
)
SERVE_REASON: Final = "Ray Serve asks for no token; it is bound to loopback, other machines go through the gateway"
_NO_TOKEN: Final = Expect(frozenset({401}), refused=False)
_WRONG_TOKEN: Final = Expect(frozenset({401, 403}), refused=False)
#: What a port answers to the right token, whatever it thinks of the request.
_BEYOND_TOKEN: Final = frozenset(range(200, 600)) - {401, 403}


def direct_attacks(scene: Scene) -> tuple[Attack, ...]:
    """HTTP in clear, on every port of Ray that speaks it."""
    found = [*_dashboard(scene)]
    for number, node in enumerate(scene.ports.nodes):
        found += _agents(scene, node, f"node{number}")
    return (*found, *_metrics(scene))


def _bearer(token: str) -> tuple[tuple[str, str], ...]:
    return (("Authorization", f"Bearer {token}"),)


def _dashboard(scene: Scene) -> Iterator[Attack]:
    port = scene.ports.head.dashboard
    right = Control(
        "direct-dashboard",
        scene.plain(port, "GET", "/api/version", _bearer(scene.ray_token)),
        statuses=frozenset({200}),
        says=("ray_version",),
        reaches=False,
    )
    body = b'{"entrypoint":"true # rayfence-verify-attack"}'
    jwt = scene.token("direct")
    rows = (
        ("version", scene.plain(port, "GET", "/api/version"), _NO_TOKEN),
        ("submit", scene.plain(port, "POST", "/api/jobs/", (), body), _NO_TOKEN),
        ("list", scene.plain(port, "GET", "/api/jobs/"), _NO_TOKEN),
        ("nodes", scene.plain(port, "GET", "/api/v0/nodes"), _NO_TOKEN),
        ("gateway-token", scene.plain(port, "GET", "/api/version", _bearer(jwt)), _WRONG_TOKEN),
        ("wrong-token", scene.plain(port, "GET", "/api/version", _bearer("0" * 64)), _WRONG_TOKEN),
        ("cut-token", scene.plain(port, "GET", "/api/version", _bearer(scene.ray_token[:-1])), _WRONG_TOKEN),
        ("query", scene.plain(port, "GET", f"/api/version?token={scene.ray_token}"), _NO_TOKEN),
    )
    for name, shot, expect in rows:
        yield Attack(f"direct.dashboard-{name}", GROUP, f"dashboard {port}: {name}", (shot,), expect, right)


def _agents(scene: Scene, node: NodePorts, where: str) -> Iterator[Attack]:
    doors = (
        ("agent", node.agent_http, "POST", "/api/job_agent/jobs/", "GET", "/logs/"),
        ("agent-logs", node.agent_http, "GET", "/logs/", "GET", "/logs/"),
        ("runtime-env", node.runtime_env_agent, "POST", "/get_runtime_envs_info", "POST", "/get_runtime_envs_info"),
    )
    for name, port, method, path, right_method, right_path in doors:
        right = Control(
            f"direct-{name}-{where}",
            scene.plain(port, right_method, right_path, _bearer(scene.ray_token)),
            statuses=_BEYOND_TOKEN,
            reaches=False,
        )
        title = f"{where}: {name} {port}"
        for label, headers, expect in (
            ("nobody", (), _NO_TOKEN),
            ("wrong-token", _bearer("0" * 64), _WRONG_TOKEN),
        ):
            shot = scene.plain(port, method, path, headers)
            yield Attack(f"direct.{name}-{where}-{label}", GROUP, f"{title}, {label}", (shot,), expect, right)


def _metrics(scene: Scene) -> Iterator[Attack]:
    head = scene.ports.head
    doors = [("autoscaler", head.autoscaler_metrics), ("dashboard", head.dashboard_metrics)]
    doors += [(f"node{number}", node.metrics) for number, node in enumerate(scene.ports.nodes)]
    for name, port in doors:
        shot = scene.plain(port, "GET", "/metrics")
        closed = Expect(frozenset({401, 403}), refused=False, closed=True)
        right = Control(f"direct-metrics-{name}", shot, reaches=False)
        yield Attack(
            f"direct.metrics-{name}", GROUP, f"metrics of {name} {port}", (shot,), closed, right, known=METRICS_REASON
        )


def mutual_tls(scene: Scene, wire: Wire, listening: Collection[int]) -> Iterator[Evidence]:
    """gRPC ports: refused without a certificate and with one of the front authority; accepted with a node's.

    `listening`: ports of the instance's own processes; another program may use one of our range while we don't.
    """
    for name, port in grpc_ports(scene, listening):
        accepted = wire.greet(port, "node")
        yield door(f"direct.tls-{name}-nothing", f"{name} {port} without", wire.greet(port, "nothing"), accepted)
        yield door(f"direct.tls-{name}-front", f"{name} {port} with a front", wire.greet(port, "front"), accepted)


def door(attack: str, title: str, stranger: str, node: str) -> Evidence:
    """The verdict on one port."""
    fine = Verdict.PASS if node == "accepted" else Verdict.UNKNOWN
    return Evidence(
        attack=attack,
        group=GROUP,
        title=f"{title} certificate",
        verdict=fine if stranger == "refused" else Verdict.FAIL,
        expected="refused in the TLS handshake",
        seen=stranger,
        control=f"with a node's certificate: {node}",
    )


def grpc_ports(scene: Scene, listening: Collection[int]) -> Iterator[tuple[str, int]]:
    """Every port of Ray that speaks gRPC, those of workers included where one listens."""
    head = scene.ports.head
    yield "gcs", head.gcs
    yield "ray-client", head.client_server
    for number, node in enumerate(scene.ports.nodes):
        yield f"node-manager-{number}", node.node_manager
        yield f"object-manager-{number}", node.object_manager
        yield f"agent-grpc-{number}", node.agent_grpc
        for port in sorted(set(listening) & set(range(node.worker_min, node.worker_max + 1))):
            yield f"worker-{number}-{port}", port


def serve_port(scene: Scene, wire: Wire) -> Evidence:
    """Serve's data plane past the gateway."""
    port = scene.ports.head.serve
    answer = wire.send(scene.plain(port, "GET", "/-/routes"))
    closed = answer.status == 0
    return Evidence(
        attack="direct.serve",
        group=GROUP,
        title=f"Serve {port} without a token",
        verdict=Verdict.NOT_APPLICABLE if closed else Verdict.FAIL,
        expected="no answer",
        seen="nobody listens" if closed else f"{answer.status}",
        control="not started" if closed else "it answers",
        known="" if closed else SERVE_REASON,
    )
