"""Every listener of a node is pinned, and to loopback."""

from rayfence.render.ray.node import NodeFiles, head_flags, node_environment, worker_flags
from tests.sim.host import sim_host

PORTS = sim_host().ports
FILES = NodeFiles("/r/s", "/r/token", "/r/ca.pem", "/r/head.crt", "/r/head.key", "/r/home")


def test_head_pins_each_of_its_ports() -> None:
    flags = head_flags(PORTS.head, PORTS.nodes[0], FILES, cpus=2, object_store_bytes=100)
    text = " ".join(flags)
    for port in (9001, 9002, 9003, *PORTS.nodes[0].fixed(), 10_100, 10_199):
        assert f"={port}" in text
    assert "--node-ip-address=127.0.0.1" in flags
    assert "--dashboard-host=127.0.0.1" in flags


def test_a_worker_joins_the_head_on_loopback_and_opens_no_dashboard() -> None:
    flags = worker_flags(PORTS.head, PORTS.nodes[1], cpus=1, object_store_bytes=100)
    assert flags[0] == "--address=127.0.0.1:9001"
    assert not any(flag.startswith(("--head", "--dashboard-port", "--ray-client")) for flag in flags)


def test_head_and_worker_share_no_port() -> None:
    head = set(head_flags(PORTS.head, PORTS.nodes[0], FILES, 1, 1))
    worker = set(worker_flags(PORTS.head, PORTS.nodes[1], 1, 1))
    assert not {flag for flag in head & worker if "port" in flag}


def test_no_secret_is_in_the_environment_only_its_file() -> None:
    environment = dict(node_environment(PORTS.head, FILES, "/bin", "ray"))
    assert environment["RAY_AUTH_TOKEN_PATH"] == "/r/token"
    assert environment["AUTOSCALER_METRIC_PORT"] == "9004"
    assert environment["DASHBOARD_METRIC_PORT"] == "9005"
