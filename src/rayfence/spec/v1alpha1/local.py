"""Target `local`: this machine. A laptop, a CI runner, the quick start."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from rayfence.model.platform import LocalPlatform, LocalTarget, RayCluster, Tenant, WorkerGroup
from rayfence.spec.v1alpha1 import fields
from rayfence.spec.v1alpha1.platform import Identity, LimitSpec, Metadata, limits_of
from rayfence.spec.v1alpha1.strict import Choice, Strict, no_items

Port = Annotated[int, Field(ge=1024, le=65535)]
Cpus = Annotated[int, Field(ge=0, le=1024)]


class LocalGateway(Strict):
    """Where people reach Ray. Ports left out are chosen free once and then kept."""

    port: Port | None = None
    ray_client_port: Port | None = None
    api_hosts: list[fields.ApiHost] = Field(
        default_factory=no_items,
        max_length=16,
        description="Names besides localhost under which the API may be called.",
    )


class Local(Strict):
    """This machine: a laptop, a CI runner, the quick start."""

    gateway: LocalGateway = Field(default_factory=LocalGateway)


class TargetLocal(Choice):
    """This machine."""

    local: Local = Field(default_factory=Local)


class LocalRay(Strict):
    """Ray itself. The version must be one whose routes and listeners the catalogue knows."""

    version: fields.Version = "2.60.0"


class LocalHead(Strict):
    """The head node. `cpus` are offered to jobs; 0 keeps jobs' tasks off the head."""

    cpus: Cpus = 1


class LocalWorkers(Strict):
    """A group of equal workers: separate Ray nodes with ports and a store of their own."""

    name: fields.Name = "workers"
    replicas: Annotated[int, Field(ge=0, le=16)] = 1
    cpus: Cpus = 1


class LocalCluster(Strict):
    """One Ray cluster."""

    name: fields.Name = "ray"
    ray: LocalRay = Field(default_factory=LocalRay)
    head: LocalHead = Field(default_factory=LocalHead)
    workers: list[LocalWorkers] = Field(default_factory=lambda: [LocalWorkers()], max_length=8)
    object_store_mib: Annotated[int, Field(ge=80, le=1024 * 1024)] = 256

    @model_validator(mode="after")
    def _has_cpus(self) -> "LocalCluster":
        names = [group.name for group in self.workers]
        if len(set(names)) != len(names):
            raise ValueError("two worker groups have the same name")
        if self.head.cpus + sum(group.replicas * group.cpus for group in self.workers) == 0:
            raise ValueError("no node offers a CPU: no job could ever run")
        return self


class LocalTenant(Strict):
    """A trust boundary: its users share one Ray, and with it everything Ray's processes may do."""

    name: fields.Name = "local"
    clusters: Annotated[list[LocalCluster], Field(min_length=1, max_length=1)] = Field(
        default_factory=lambda: [LocalCluster()]
    )


class LocalRoot(Strict):
    """The whole file."""

    api_version: Literal["rayfence.dev/v1alpha1"]
    kind: Literal["Platform"]
    metadata: Metadata = Field(default_factory=Metadata)
    target: TargetLocal = Field(default_factory=lambda: TargetLocal(local=Local()))
    identity: Identity = Field(default_factory=Identity)
    tenants: Annotated[list[LocalTenant], Field(min_length=1, max_length=1)] = Field(
        default_factory=lambda: [LocalTenant()]
    )
    limits: LimitSpec = Field(default_factory=LimitSpec)

    def to_platform(self) -> LocalPlatform:
        """The internal form."""
        gateway = self.target.local.gateway
        return LocalPlatform(
            name=self.metadata.name,
            target=LocalTarget(gateway.port, gateway.ray_client_port, tuple(gateway.api_hosts)),
            tenant=_tenant(self.tenants[0]),
            limits=limits_of(self.limits, self.identity.tokens),
        )


def _tenant(spec: LocalTenant) -> Tenant:
    cluster = spec.clusters[0]
    return Tenant(
        name=spec.name,
        cluster=RayCluster(
            name=cluster.name,
            version=cluster.ray.version,
            head_cpus=cluster.head.cpus,
            object_store_bytes=cluster.object_store_mib * 1024 * 1024,
            workers=tuple(WorkerGroup(group.name, group.replicas, group.cpus) for group in cluster.workers),
        ),
    )
