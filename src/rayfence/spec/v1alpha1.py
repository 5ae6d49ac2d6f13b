"""`rayfence.dev/v1alpha1`: the spec as people write it.

Strict: unknown keys are errors. Every field has a secure default, so the shortest legal spec is the safest. Leaves out
targets other than `local`, organisation policies and identity providers other than local accounts: they come with
their rooms.
"""

import re
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator
from pydantic.alias_generators import to_camel

from rayfence.model.gateway import Limits as GatewayLimits
from rayfence.model.platform import LocalPlatform, LocalTarget, RayCluster, Tenant, WorkerGroup

API_VERSION = "rayfence.dev/v1alpha1"

Name = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$")]
Port = Annotated[int, Field(ge=1024, le=65535)]
Cpus = Annotated[int, Field(ge=0, le=1024)]
_HOST = re.compile(r"^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", alias_generator=to_camel, frozen=True, strict=True)


class Metadata(_Strict):
    """Name of the platform: lower-case letters, digits and dashes; it becomes part of host names."""

    name: Name = "default"


class Gateway(_Strict):
    """Where people reach Ray. Ports left out are chosen free once and then kept."""

    port: Port | None = None
    ray_client_port: Port | None = None
    api_hosts: list[str] = Field(default_factory=list, max_length=16)

    @field_validator("api_hosts")
    @classmethod
    def _plain_host_names(cls, value: list[str]) -> list[str]:
        for host in value:
            if not _HOST.match(host):
                raise ValueError(f"{host!r} is not a host name (lower case, no port, no wildcard)")
        return value


class Local(_Strict):
    """This machine: a laptop, a CI runner, the quick start."""

    gateway: Gateway = Field(default_factory=Gateway)


class Target(_Strict):
    """Exactly one target. `kubernetes` and `gke` are not built yet."""

    local: Local = Field(default_factory=Local)

    @model_validator(mode="before")
    @classmethod
    def _null_means_empty(cls, value: object) -> object:
        return {"local": {}} if value == {"local": None} else value


class Ray(_Strict):
    """Ray itself. The version must be one whose routes and listeners the catalogue knows."""

    version: Annotated[str, StringConstraints(pattern=r"^\d+\.\d+\.\d+$")] = "2.60.0"


class Head(_Strict):
    """The head node. `cpus` are offered to jobs; 0 keeps jobs' tasks off the head."""

    cpus: Cpus = 1


class Workers(_Strict):
    """A group of equal workers: separate Ray nodes with ports and a store of their own."""

    name: Name = "workers"
    replicas: Annotated[int, Field(ge=0, le=16)] = 1
    cpus: Cpus = 1


class Cluster(_Strict):
    """One Ray cluster."""

    name: Name = "ray"
    ray: Ray = Field(default_factory=Ray)
    head: Head = Field(default_factory=Head)
    workers: list[Workers] = Field(default_factory=lambda: [Workers()], max_length=8)
    object_store_mib: Annotated[int, Field(ge=80, le=1024 * 1024)] = 256

    @model_validator(mode="after")
    def _has_cpus(self) -> "Cluster":
        names = [group.name for group in self.workers]
        if len(set(names)) != len(names):
            raise ValueError("two worker groups have the same name")
        if self.head.cpus + sum(group.replicas * group.cpus for group in self.workers) == 0:
            raise ValueError("no node offers a CPU: no job could ever run")
        return self


class TenantSpec(_Strict):
    """A trust boundary: its users share one Ray, and with it everything Ray's processes may do."""

    name: Name = "local"
    clusters: Annotated[list[Cluster], Field(min_length=1, max_length=1)] = Field(default_factory=lambda: [Cluster()])


class Tokens(_Strict):
    """How long what the gateway issues may live; whole minutes."""

    token_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 60
    max_token_minutes: Annotated[int, Field(ge=1, le=24 * 60)] = 12 * 60
    session_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 8 * 60

    @model_validator(mode="after")
    def _ordered(self) -> "Tokens":
        if self.token_minutes > self.max_token_minutes:
            raise ValueError("tokenMinutes is above maxTokenMinutes")
        return self


class Identity(_Strict):
    """Who may log in: local accounts, made with `rayfence user add`."""

    tokens: Tokens = Field(default_factory=Tokens)


class LimitSpec(_Strict):
    """Bounds on what one caller may do."""

    submits_per_minute: Annotated[int, Field(ge=1, le=100_000)] = 60
    max_package_mib: Annotated[int, Field(ge=1, le=100)] = 100
    max_connections: Annotated[int, Field(ge=10, le=100_000)] = 2000


class PlatformSpec(_Strict):
    """The whole file."""

    api_version: Literal["rayfence.dev/v1alpha1"]
    kind: Literal["Platform"]
    metadata: Metadata = Field(default_factory=Metadata)
    target: Target = Field(default_factory=Target)
    identity: Identity = Field(default_factory=Identity)
    tenants: Annotated[list[TenantSpec], Field(min_length=1, max_length=1)] = Field(
        default_factory=lambda: [TenantSpec()]
    )
    limits: LimitSpec = Field(default_factory=LimitSpec)

    def to_platform(self) -> LocalPlatform:
        """The internal form."""
        gateway, tokens = self.target.local.gateway, self.identity.tokens
        return LocalPlatform(
            name=self.metadata.name,
            target=LocalTarget(gateway.port, gateway.ray_client_port, tuple(gateway.api_hosts)),
            tenant=_tenant(self.tenants[0]),
            limits=GatewayLimits(
                max_package_bytes=self.limits.max_package_mib * 1024 * 1024,
                max_connections=self.limits.max_connections,
                submits_per_minute=self.limits.submits_per_minute,
                token_seconds=tokens.token_minutes * 60,
                max_token_seconds=tokens.max_token_minutes * 60,
                session_seconds=tokens.session_minutes * 60,
            ),
        )


def _tenant(spec: TenantSpec) -> Tenant:
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
