"""Flags and environment of Ray nodes on loopback.

Covers Ray 2.60: every port pinned, token and mutual TLS by environment. Leaves out how a node is started and walled in
(`adapters/ray/node.py`, `adapters/processes/sandbox.py`) and whether Ray obeyed: listeners are read from the kernel.
"""

from rayfence.model.frozen import dataclass
from rayfence.model.host import HeadPorts, NodePorts


@dataclass(frozen=True, slots=True)
class NodeFiles:
    """Absolute paths that one node reads, all owned by Ray's account."""

    session: str  # Ray's temp-dir; short, because Ray's socket paths end at 107 bytes
    token: str
    ca: str
    certificate: str
    key: str
    home: str


def head_flags(
    head: HeadPorts, node: NodePorts, files: NodeFiles, cpus: int, object_store_bytes: int
) -> tuple[str, ...]:
    """`ray start --head` without `--block`; every listener pinned to a port of ours on 127.0.0.1."""
    return (
        "--head",
        f"--port={head.gcs}",
        "--dashboard-host=127.0.0.1",
        f"--dashboard-port={head.dashboard}",
        f"--ray-client-server-port={head.client_server}",
        f"--temp-dir={files.session}",
        *_node_flags(node, cpus, object_store_bytes),
    )


def worker_flags(head: HeadPorts, node: NodePorts, cpus: int, object_store_bytes: int) -> tuple[str, ...]:
    """`ray start --address` of a separate node on the same machine."""
    return (f"--address=127.0.0.1:{head.gcs}", *_node_flags(node, cpus, object_store_bytes))


def node_environment(head: HeadPorts, files: NodeFiles, path: str, account: str) -> tuple[tuple[str, str], ...]:
    """Environment of a node and, inherited, of its jobs. Secrets are named by file, never by value."""
    return (
        ("AUTOSCALER_METRIC_PORT", str(head.autoscaler_metrics)),
        ("DASHBOARD_METRIC_PORT", str(head.dashboard_metrics)),
        ("HOME", files.home),
        ("LANG", "C.UTF-8"),
        ("LOGNAME", account),
        ("PATH", path),
        ("RAY_AUTH_MODE", "token"),
        ("RAY_AUTH_TOKEN_PATH", files.token),
        ("RAY_TLS_CA_CERT", files.ca),
        ("RAY_TLS_SERVER_CERT", files.certificate),
        ("RAY_TLS_SERVER_KEY", files.key),
        ("RAY_USAGE_STATS_ENABLED", "0"),
        ("RAY_USE_TLS", "1"),
        ("USER", account),
    )


def _node_flags(node: NodePorts, cpus: int, object_store_bytes: int) -> tuple[str, ...]:
    return (
        "--node-ip-address=127.0.0.1",
        f"--node-manager-port={node.node_manager}",
        f"--object-manager-port={node.object_manager}",
        f"--dashboard-agent-listen-port={node.agent_http}",
        f"--dashboard-agent-grpc-port={node.agent_grpc}",
        f"--runtime-env-agent-port={node.runtime_env_agent}",
        f"--metrics-export-port={node.metrics}",
        f"--min-worker-port={node.worker_min}",
        f"--max-worker-port={node.worker_max}",
        f"--num-cpus={cpus}",
        f"--object-store-memory={object_store_bytes}",
        "--disable-usage-stats",
        "--log-color=false",
    )
