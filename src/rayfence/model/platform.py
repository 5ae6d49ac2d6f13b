"""The one internal form of a spec, whatever version it was written in. Every default is already filled in."""

from rayfence.model.frozen import dataclass
from rayfence.model.gateway import Limits


@dataclass(frozen=True, slots=True)
class WorkerGroup:
    """Workers of one shape. `replicas` may be 0; `cpus` is what each offers to Ray's scheduler."""

    name: str
    replicas: int
    cpus: int


@dataclass(frozen=True, slots=True)
class RayCluster:
    """One Ray cluster of a tenant. `object_store_bytes` is per node."""

    name: str
    version: str
    head_cpus: int
    object_store_bytes: int
    workers: tuple[WorkerGroup, ...]


@dataclass(frozen=True, slots=True)
class Tenant:
    """A trust boundary.

    Every job of a tenant can act as the tenant's Ray, so a tenant is never shared between boundaries.
    """

    name: str
    cluster: RayCluster


@dataclass(frozen=True, slots=True)
class LocalTarget:
    """This machine. A port of None is chosen free and then kept. `api_hosts` are names besides localhost."""

    port: int | None
    ray_client_port: int | None
    api_hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LocalPlatform:
    """What `spec.load` returns: one platform on one target."""

    name: str
    target: LocalTarget
    tenant: Tenant
    limits: Limits
