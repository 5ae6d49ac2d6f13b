"""A platform on Kubernetes or GKE as specified: the one internal form, whatever version it was written in."""

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from rayfence.model.frozen import dataclass
from rayfence.model.gateway import Limits
from rayfence.model.gke import GkeTarget
from rayfence.model.tenancy import ClusterTenant


class Datapath(StrEnum):
    """What enforces network policies on a cluster that we do not make; NONE makes them a named failure."""

    CILIUM = "cilium"
    CALICO = "calico"
    OTHER = "other"  # enforces the standard API
    NONE = "none"


@dataclass(frozen=True, slots=True)
class KubernetesTarget:
    """An existing cluster with KubeRay. `context` of the kubeconfig; None: the current one."""

    context: str | None = None
    datapath: Datapath = Datapath.OTHER
    storage_class: str | None = None
    api_server_cidrs: tuple[str, ...] = ()  # where pods reach the API server, for egress rules


class OperatorSource(StrEnum):
    """Where the KubeRay operator comes from."""

    ADDON = "addon"  # GKE's own: its version is Google's choice
    MANIFESTS = "manifests"  # pinned, with feature gates
    EXISTING = "existing"  # somebody else's


@dataclass(frozen=True, slots=True)
class Operator:
    """KubeRay. `version` as released, e.g. `1.7.0`; `gates` are feature gates that must be on."""

    source: OperatorSource = OperatorSource.MANIFESTS
    version: str = "1.7.0"
    namespace: str = "ray-system"
    image: str | None = None  # by digest; needed with MANIFESTS
    gates: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Images:
    """Where images may come from, by prefix (`europe-docker.pkg.dev/p/ray/`), and the gateway's own by digest."""

    registries: tuple[str, ...]
    gateway: str | None = None
    pip_index: str | None = None  # the organisation's mirror; needed where there is no NAT


@dataclass(frozen=True, slots=True)
class OrganizationInput:
    """Where the organisation's policies are read: a file or folder relative to the spec, or live; neither: none.

    `tags`: tag bindings of the project as `123/env=prod`, for conditions in files. `ancestors` of the project, nearest
    first. `owner`: to whom requests for exceptions are addressed.
    """

    policies: str | None = None
    live: bool = False
    tags: tuple[str, ...] = ()
    ancestors: tuple[str, ...] = ()
    owner: str = "the organisation policy administrators"


@dataclass(frozen=True, slots=True)
class Waiver:
    """An accepted, owned, expiring weakening. `control`: what is waived, e.g. `node-image`. `expires`: ISO date."""

    control: str
    reason: str
    owner: str
    expires: str


@dataclass(frozen=True, slots=True)
class ClusterPlatform:
    """One platform on a cluster. `places`: where each part of the spec stands, by dotted path (`file:line:column`)."""

    name: str
    target: KubernetesTarget | GkeTarget
    tenants: tuple[ClusterTenant, ...]
    images: Images
    operator: Operator = Operator()
    organization: OrganizationInput = OrganizationInput()
    waivers: tuple[Waiver, ...] = ()
    limits: Limits = field(default_factory=Limits)
    places: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def place(self, path: str) -> str:
        """Where `path` (`tenants.0.name` or `tenants[0].name`) stands in the spec, else its nearest parent.

        Empty: unknown.
        """
        path = path.replace("[", ".").replace("]", "")
        while path and path not in self.places:
            path = path.rpartition(".")[0]
        return self.places.get(path, "")

    def waiver(self, control: str) -> Waiver | None:
        """The waiver of `control`, if the spec has one."""
        return next((waiver for waiver in self.waivers if waiver.control == control), None)
