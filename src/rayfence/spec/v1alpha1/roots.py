"""The whole file, once for each target: so a field that a target has no use for is an error there."""

from dataclasses import replace
from typing import Annotated, Literal

from pydantic import Field

from rayfence.model import gke as model
from rayfence.model.cluster_platform import ClusterPlatform, KubernetesTarget
from rayfence.spec.v1alpha1 import cloud
from rayfence.spec.v1alpha1.gke import GkeSpec
from rayfence.spec.v1alpha1.platform import (
    Identity,
    ImagesSpec,
    KubernetesSpec,
    LimitSpec,
    Metadata,
    OperatorSpec,
    OrganizationSpec,
    WaiverSpec,
    limits_of,
)
from rayfence.spec.v1alpha1.strict import Choice, Strict, no_items
from rayfence.spec.v1alpha1.tenants import GkeTenantSpec, TenantSpec


class TargetKubernetes(Choice):
    """An existing cluster."""

    kubernetes: KubernetesSpec


class TargetGke(Choice):
    """A GKE cluster that is made."""

    gke: GkeSpec


class ClusterRoot(Strict):
    """What both have."""

    api_version: Literal["rayfence.dev/v1alpha1"]
    kind: Literal["Platform"]
    metadata: Metadata = Field(default_factory=Metadata)
    images: ImagesSpec
    operator: OperatorSpec = Field(default_factory=OperatorSpec)
    identity: Identity = Field(default_factory=Identity)
    limits: LimitSpec = Field(default_factory=LimitSpec)
    waivers: list[WaiverSpec] = Field(
        default_factory=no_items, max_length=64, description="Accepted weaknesses, each with an owner and an end."
    )

    def _platform(
        self, target: KubernetesTarget | model.GkeTarget, tenants: list[TenantSpec] | list[GkeTenantSpec]
    ) -> ClusterPlatform:
        return ClusterPlatform(
            name=self.metadata.name,
            target=target,
            tenants=tuple(tenant.to_model() for tenant in tenants),
            images=self.images.to_model(),
            operator=self.operator.to_model(),
            waivers=tuple(waiver.to_model() for waiver in self.waivers),
            limits=limits_of(self.limits, self.identity.tokens),
        )


class KubernetesPlatform(ClusterRoot):
    """A platform on a cluster that exists."""

    target: TargetKubernetes
    tenants: Annotated[list[TenantSpec], Field(min_length=1, max_length=500)]

    def to_platform(self) -> ClusterPlatform:
        """The internal form."""
        return self._platform(self.target.kubernetes.to_model(), self.tenants)


class GkePlatform(ClusterRoot):
    """A platform on GKE, with everything it needs of Google Cloud."""

    target: TargetGke
    tenants: Annotated[list[GkeTenantSpec], Field(min_length=1, max_length=500)]
    organization: OrganizationSpec = Field(default_factory=OrganizationSpec)
    actors: cloud.ActorsSpec = Field(default_factory=cloud.ActorsSpec)
    encryption: cloud.EncryptionSpec | None = None
    exposure: cloud.ExposureSpec = Field(default_factory=cloud.ExposureSpec)
    observability: cloud.ObservabilitySpec = Field(default_factory=cloud.ObservabilitySpec)
    supply_chain: cloud.SupplyChainSpec = Field(default_factory=cloud.SupplyChainSpec)
    patching: cloud.PatchingSpec = Field(default_factory=cloud.PatchingSpec)
    perimeter: cloud.PerimeterSpec | None = None
    workbench: cloud.WorkbenchSpec | None = None

    def to_platform(self) -> ClusterPlatform:
        """The internal form."""
        platform = self._platform(self._target(), self.tenants)
        return replace(platform, organization=self.organization.to_model())

    def _target(self) -> model.GkeTarget:
        spec, exposure = self.target.gke, self.exposure
        return model.GkeTarget(
            project=spec.project,
            project_number=str(spec.project_number) if spec.project_number else None,
            location=spec.location,
            network=spec.network.to_model(),
            mode=model.GkeMode(spec.mode),
            make_project=spec.create.parent if spec.create else None,
            billing_account=spec.create.billing_account if spec.create else None,
            node_locations=tuple(spec.node_locations),
            control_plane=spec.control_plane.to_model(),
            pools=tuple(pool.to_model() for pool in spec.pools),
            encryption=self.encryption.to_model() if self.encryption else model.Encryption(),
            internal=exposure.internal.to_model() if exposure.internal else None,
            iap=exposure.iap.to_model() if exposure.iap else None,
            observability=self.observability.to_model(),
            supply_chain=self.supply_chain.to_model(),
            patching=self.patching.to_model(),
            perimeter=self.perimeter.to_model() if self.perimeter else None,
            workbench=self.workbench.to_model() if self.workbench else None,
            security_group=spec.security_group,
            service_account=spec.service_account,
            duties=self.actors.to_model(),
        )
