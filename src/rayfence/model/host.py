"""Facts about this machine that decisions need; gathered by adapters, never guessed by pure code."""

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class NodePorts:
    """TCP ports of one Ray node, all loopback. `worker_min`..`worker_max` inclusive."""

    node_manager: int
    object_manager: int
    agent_http: int
    agent_grpc: int
    runtime_env_agent: int
    metrics: int
    worker_min: int
    worker_max: int

    def fixed(self) -> tuple[int, ...]:
        """Every port but the workers' range."""
        return (
            self.node_manager,
            self.object_manager,
            self.agent_http,
            self.agent_grpc,
            self.runtime_env_agent,
            self.metrics,
        )


@dataclass(frozen=True, slots=True)
class HeadPorts:
    """TCP ports that only the head has."""

    gcs: int
    dashboard: int
    client_server: int
    autoscaler_metrics: int
    dashboard_metrics: int
    serve: int

    def all(self) -> tuple[int, ...]:
        """Every port of the head but those of `NodePorts`."""
        return (
            self.gcs,
            self.dashboard,
            self.client_server,
            self.autoscaler_metrics,
            self.dashboard_metrics,
            self.serve,
        )


@dataclass(frozen=True, slots=True)
class Ports:
    """All ports of one instance, chosen once and recorded. `nodes[0]` is the head's."""

    gateway: int
    ray_client: int
    head: HeadPorts
    nodes: tuple[NodePorts, ...]


@dataclass(frozen=True, slots=True)
class Places:
    """Folders of one instance, absolute. See `render/local/layout.py` for what lies in them."""

    state: str  # 0700, operator: keys, configuration, trail
    heads: str  # 0700, operator: signed heads of the trail, apart from `state`
    runtime: str  # 0700, operator: unix sockets; short
    ray: str  # 0700, Ray's account: session folder, node certificates, token; short (Ray's socket paths)


@dataclass(frozen=True, slots=True)
class HostFacts:
    """What this machine is and has."""

    system: str  # "linux", "darwin"
    uid: int
    user: str
    cpus: int
    memory_bytes: int
    python: str  # interpreter that runs rayfence and Ray
    ray_version: str | None  # installed; None: not installed
    envoy_path: str | None
    envoy_version: str | None
    watchers: int | None  # free inotify instances, counted no further than needed; None: none are needed, or unknown
    ray_uid: int | None  # a uid for Ray apart from ours; None: none can be had
    namespaces: bool  # mount and pid namespaces can be made
    walls_reason: str  # why `ray_uid` or `namespaces` is missing; empty if both are there
    expose: tuple[str, ...]  # folders Ray's account must read: interpreter, packages, rayfence itself
    hide: tuple[str, ...]  # folders Ray's account must not even see
    places: Places
    ports: Ports
