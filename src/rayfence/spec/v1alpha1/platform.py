"""Sections that platforms on Kubernetes and on GKE share: operator, images, organisation, waivers, limits."""

from typing import Annotated, Literal

from pydantic import Field

from rayfence.model import cluster_platform as model
from rayfence.model.gateway import Limits
from rayfence.spec.v1alpha1 import fields
from rayfence.spec.v1alpha1.parsed import Cidr, Day
from rayfence.spec.v1alpha1.strict import Strict, no_items


class Metadata(Strict):
    """Name of the platform: lower-case letters, digits and dashes; it becomes part of host and resource names."""

    name: fields.Name = "default"


class Tokens(Strict):
    """How long what the gateway issues may live; whole minutes."""

    token_minutes: Annotated[int, Field(ge=1, le=24 * 60, description="A token's life if nothing else is asked.")] = 60
    max_token_minutes: Annotated[int, Field(ge=1, le=24 * 60, description="The longest that may be asked for.")] = (
        12 * 60
    )
    session_minutes: Annotated[int, Field(ge=5, le=24 * 60, description="A browser session's life.")] = 8 * 60


class Identity(Strict):
    """How people prove who they are, and for how long that holds."""

    tokens: Tokens = Field(default_factory=Tokens)


class LimitSpec(Strict):
    """Bounds on what one caller may do."""

    submits_per_minute: Annotated[int, Field(ge=1, le=100_000, description="Jobs that one user may submit.")] = 60
    max_package_mib: Annotated[int, Field(ge=1, le=100, description="Size of an uploaded package.")] = 100
    max_connections: Annotated[int, Field(ge=10, le=100_000, description="Open connections of one gateway.")] = 2000


def limits_of(limits: LimitSpec, tokens: Tokens) -> Limits:
    """The gateway's limits."""
    return Limits(
        max_package_bytes=limits.max_package_mib * 1024 * 1024,
        max_connections=limits.max_connections,
        submits_per_minute=limits.submits_per_minute,
        token_seconds=tokens.token_minutes * 60,
        max_token_seconds=tokens.max_token_minutes * 60,
        session_seconds=tokens.session_minutes * 60,
    )


class OperatorSpec(Strict):
    """The KubeRay operator."""

    source: Literal["addon", "manifests", "existing"] = Field(
        default="manifests",
        description="manifests: pinned, with feature gates. addon: GKE's own (no gates). existing: somebody else's.",
    )
    version: fields.Version = Field(default="1.7.0", description="KubeRay's release.")
    namespace: fields.KubernetesName = Field(default="ray-system", description="Where the operator runs.")
    image: fields.Image | None = Field(default=None, description="The operator's image, by digest.")
    gates: list[fields.Gate] = Field(
        default_factory=no_items, max_length=32, description="Feature gates that must be on, as in `RayClusterMTLS`."
    )

    def to_model(self) -> model.Operator:
        """The internal form."""
        source = model.OperatorSource(self.source)
        return model.Operator(source, self.version, self.namespace, self.image, tuple(self.gates))


class ImagesSpec(Strict):
    """Where images may come from; admission refuses every other."""

    registries: Annotated[list[fields.Registry], Field(min_length=1, max_length=32)] = Field(
        description="Registries with their path; images must lie below one of them."
    )
    gateway: fields.Image | None = Field(default=None, description="The gateway's image, by digest.")
    pip_index: fields.HttpsUrl | None = Field(
        default=None, description="The organisation's mirror of PyPI; needed where there is no NAT."
    )

    def to_model(self) -> model.Images:
        """The internal form; every registry ends in a slash, or `…/ray` would also let `…/ray-of-others` in."""
        registries = tuple(prefix.rstrip("/") + "/" for prefix in self.registries)
        return model.Images(registries, self.gateway, self.pip_index)


class OrganizationSpec(Strict):
    """Whose policies hold. They are read and obeyed, never written."""

    policies: fields.FilePath | None = Field(
        default=None, description="File or folder of exported policies, relative to this file."
    )
    live: bool = Field(default=False, description="Read the policies from Google Cloud instead.")
    tags: list[fields.Tag] = Field(
        default_factory=no_items, max_length=64, description="The project's tag bindings, for conditions in files."
    )
    ancestors: list[fields.Parent] = Field(
        default_factory=no_items, max_length=12, description="The project's folders and organisation, nearest first."
    )
    owner: fields.Line = Field(
        default="the organisation policy administrators", description="To whom requests for exceptions are addressed."
    )

    def to_model(self) -> model.OrganizationInput:
        """The internal form."""
        return model.OrganizationInput(self.policies, self.live, tuple(self.tags), tuple(self.ancestors), self.owner)


class WaiverSpec(Strict):
    """An accepted weakening: what, why, who answers for it, until when."""

    control: fields.Line = Field(description="What is waived, as in `node-image`.")
    reason: fields.Line = Field(description="Why, for the plan and the auditor.")
    owner: fields.Line = Field(description="Who answers for it.")
    expires: Day = Field(description="The last day on which it holds.")

    def to_model(self) -> model.Waiver:
        """The internal form."""
        return model.Waiver(self.control, self.reason, self.owner, self.expires)


class KubernetesSpec(Strict):
    """An existing cluster. Everything that only Google Cloud has is left out there."""

    context: fields.ContextName | None = Field(default=None, description="Context of the kubeconfig; else the current.")
    datapath: Literal["cilium", "calico", "other", "none"] = Field(
        default="other",
        description="What enforces network policies. none: nothing does, which needs waiver `network-policy`.",
    )
    storage_class: fields.KubernetesName | None = Field(default=None, description="StorageClass of spill volumes.")
    api_server_cidrs: list[Cidr] = Field(
        default_factory=no_items, max_length=16, description="Where pods reach the API server, for egress rules."
    )

    def to_model(self) -> model.KubernetesTarget:
        """The internal form."""
        datapath = model.Datapath(self.datapath)
        return model.KubernetesTarget(self.context, datapath, self.storage_class, tuple(self.api_server_cidrs))
