"""Ray's own ports."""

import pytest

from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer
from rayfence.verify.attacks.direct import direct_attacks, door, grpc_ports, mutual_tls, serve_port
from tests.sim.scene import SimWire, make_scene

SCENE = make_scene()


def test_every_http_port_is_tried() -> None:
    ports = {attack.shots[0].port for attack in direct_attacks(SCENE)}
    head, nodes = SCENE.ports.head, SCENE.ports.nodes
    assert ports == {
        *(head.dashboard, head.autoscaler_metrics, head.dashboard_metrics),
        *(port for node in nodes for port in (node.agent_http, node.runtime_env_agent, node.metrics)),
    }
    assert not any(attack.shots[0].tls for attack in direct_attacks(SCENE))


def test_a_failure_of_the_metrics_has_a_name_and_no_other_has() -> None:
    assert {attack.id.startswith("direct.metrics") for attack in direct_attacks(SCENE) if attack.known} == {True}


def test_only_ports_where_our_processes_listen_are_tried_of_a_range() -> None:
    first = SCENE.ports.nodes[0].worker_min
    names = dict(grpc_ports(SCENE, {first, 9}))
    assert [name for name in names if name.startswith("worker")] == [f"worker-0-{first}"]
    assert {"gcs", "ray-client", "node-manager-1", "agent-grpc-0"} <= set(names)


@pytest.mark.parametrize(
    ("stranger", "node", "verdict"),
    [
        ("refused", "accepted", Verdict.PASS),
        ("accepted", "accepted", Verdict.FAIL),
        ("not TLS", "not TLS", Verdict.FAIL),
        ("refused", "unreachable", Verdict.UNKNOWN),
        ("refused", "refused", Verdict.UNKNOWN),
    ],
)
def test_a_door_must_refuse_strangers_and_take_nodes(stranger: str, node: str, verdict: Verdict) -> None:
    assert door("a", "t", stranger, node).verdict is verdict


def test_one_open_door_is_found() -> None:
    wire = SimWire(lambda _: Answer(0), {(SCENE.ports.head.gcs, "nothing"): "accepted"})
    rows = {row.attack: row.verdict for row in mutual_tls(SCENE, wire, ())}
    assert rows.pop("direct.tls-gcs-nothing") is Verdict.FAIL
    assert set(rows.values()) == {Verdict.PASS}


def test_serve_is_a_named_failure_where_it_runs() -> None:
    assert serve_port(SCENE, SimWire(lambda _: Answer(0))).verdict is Verdict.NOT_APPLICABLE
    running = serve_port(SCENE, SimWire(lambda _: Answer(200)))
    assert (running.verdict, bool(running.known)) == (Verdict.FAIL, True)
