"""Hosts outside the cluster that its pods must reach by the spec's own word: Redis of a head, a mirror of packages.

Leaves out: Google's APIs, which have rules of their own; Services inside the cluster.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.gke_settings import Destination
from rayfence.policy.basis import Case

REDIS_PORT: Final = 6379
GOOGLE_HOSTS: Final = ("pkg.dev", "gcr.io", "googleapis.com", "goog")


def destinations(case: Case) -> tuple[Destination, ...]:
    """Each once, in the order of the spec."""
    found = tuple(dict.fromkeys((*_stores(case), *_mirror(case))))
    named = tuple(f"{one.host}:{one.port}" for one in found)
    case.decide("gke.destinations", named, "the firewall lets nodes out to these" if found else "the spec names none")
    return found


def host_and_port(address: str, default: int) -> tuple[str, int]:
    """Host and port of `host`, `host:port` or a URL; an unreadable port becomes the default."""
    rest = address.partition("://")[2] or address
    authority = rest.partition("/")[0].rpartition("@")[2]
    host, _, port = authority.partition(":")
    return host, int(port) if port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65536 else default


def in_cluster(host: str) -> bool:
    """Whether a host is certainly a Service: `redis`, `redis.data.svc`. `redis.data` may be a name of the company's."""
    return "." not in host or host.endswith((".svc", ".svc.cluster.local"))


def at_google(host: str) -> bool:
    """Whether a host is one of Google's APIs or registries."""
    return any(host == name or host.endswith(f".{name}") for name in GOOGLE_HOSTS)


def _stores(case: Case) -> Iterator[Destination]:
    for tenant in case.platform.tenants:
        pods = [cluster.pods for cluster in tenant.clusters]
        pods += [service.pods for service in tenant.services]
        pods += [job.pods for job in tenant.jobs]
        for made in pods:
            if made.fault_tolerance is not None:
                host, port = host_and_port(made.fault_tolerance.redis, REDIS_PORT)
                if not in_cluster(host):
                    yield Destination("redis", host, port)


def _mirror(case: Case) -> Iterator[Destination]:
    index = case.platform.images.pip_index
    if index is not None:
        host, port = host_and_port(index, 443)
        if not at_google(host):
            yield Destination("packages", host, port)
