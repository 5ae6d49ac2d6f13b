"""`target.gke`: the project, its network, the cluster's control plane and node pools."""

from typing import Annotated, Literal

from pydantic import Field

from rayfence.model import gke as model
from rayfence.spec.v1alpha1 import fields
from rayfence.spec.v1alpha1.parsed import Cidr, SourceRange
from rayfence.spec.v1alpha1.strict import Choice, Strict, no_items


class AnyNetwork(Strict):
    """What all kinds of network have."""

    pods_range: fields.ResourceName = Field(default="pods", description="Name of the pods' secondary range.")
    services_range: fields.ResourceName = Field(
        default="services", description="Name of the Services' secondary range."
    )
    proxy_only_cidr: Cidr | None = Field(
        default=None, description="Proxy-only subnet of regional and internal load balancers."
    )
    nat: bool = Field(default=False, description="Cloud NAT: what runs here may reach the internet.")
    flow_logs: bool = Field(default=True, description="VPC flow logs; off only with waiver `flow-logs`.")
    manage_firewall: bool = Field(
        default=True, description="false: the rules are printed for the network's owner instead of made."
    )
    iap_ssh: bool = Field(
        default=False, description="Nodes and notebooks may be reached by SSH through IAP's TCP forwarding."
    )


class OwnNetwork(AnyNetwork):
    """A VPC made for this platform."""

    network: fields.ResourceName | None = Field(default=None, description="Its name; else made of the platform's.")
    subnetwork: fields.ResourceName | None = Field(default=None, description="Its subnet's name; else the same.")
    nodes_cidr: Cidr = Field(description="Nodes: one address each.")
    pods_cidr: Cidr = Field(description="Pods: a /24 for each node.")
    services_cidr: Cidr = Field(description="Services of the cluster: /16 to /27.")


class SpokeNetwork(OwnNetwork):
    """A VPC made for this platform and joined to a hub."""

    hub: fields.Hub = Field(description="A connectivity hub to join, or a network to peer with.")


class ExistingNetwork(AnyNetwork):
    """A VPC of the same project that exists. Its ranges are needed to prove capacity and to write firewall rules."""

    network: fields.ResourceName = Field(description="Its name.")
    subnetwork: fields.ResourceName = Field(description="The subnet of nodes.")
    nodes_cidr: Cidr | None = Field(default=None, description="The subnet's primary range.")
    pods_cidr: Cidr | None = Field(default=None, description="The secondary range of pods.")
    services_cidr: Cidr | None = Field(default=None, description="The secondary range of Services.")


class SharedVpcNetwork(ExistingNetwork):
    """A VPC of a host project that exists."""

    host_project: fields.ProjectId = Field(description="The project that holds the network.")


class NetworkSpec(Choice):
    """Whose network the cluster lives in."""

    own: OwnNetwork | None = Field(default=None, description="A VPC made for this platform.")
    existing: ExistingNetwork | None = Field(default=None, description="A VPC of the same project.")
    shared_vpc: SharedVpcNetwork | None = Field(default=None, description="A VPC of a host project.")
    spoke: SpokeNetwork | None = Field(default=None, description="A VPC made here and joined to a hub.")

    def to_model(self) -> model.Network:
        """The internal form."""
        (name,) = self.model_fields_set
        chosen = getattr(self, name)
        kind = model.NetworkKind.SHARED_VPC if name == "shared_vpc" else model.NetworkKind(name)
        return model.Network(kind=kind, **chosen.model_dump())


class ControlPlaneSpec(Strict):
    """How the API server is reached; never by an address that is open to all."""

    access: Literal["dns", "private", "authorizedNetworks"] = Field(
        default="dns", description="dns: by name, guarded by IAM. private: an address in the VPC. Else: listed ranges."
    )
    authorized: list[SourceRange] = Field(
        default_factory=no_items, max_length=50, description="Ranges that may reach an address; unused with dns."
    )

    def to_model(self) -> model.ControlPlane:
        """The internal form."""
        return model.ControlPlane(model.ControlPlaneAccess(self.access), tuple(self.authorized))


class GpuSpec(Strict):
    """Accelerators of each node."""

    kind: fields.GpuKind = Field(description="As the API writes it, as in `nvidia-l4`.")
    count: Literal[1, 2, 4, 8, 16] = Field(default=1, description="How many in each node.")

    def to_model(self) -> model.Gpu:
        """The internal form."""
        return model.Gpu(self.kind, self.count)


class PoolSpec(Strict):
    """Nodes of one shape; counts are of the whole pool."""

    name: fields.PoolName
    machine_type: fields.MachineType | None = Field(default=None, description="Left out: chosen to fit the pods.")
    min_nodes: Annotated[int, Field(ge=0, le=5000, description="Nodes that always run.")] = 0
    max_nodes: Annotated[int, Field(ge=1, le=5000, description="Nodes the autoscaler may run.")] = 4
    disk_gib: Annotated[int, Field(ge=30, le=65536, description="Boot disk.")] = 100
    gpu: GpuSpec | None = None
    confidential: Literal["SEV", "SEV_SNP", "TDX"] | None = Field(
        default=None, description="Memory encryption by the processor; left out: as the organisation demands."
    )
    image_type: Literal["COS_CONTAINERD", "UBUNTU_CONTAINERD"] = Field(
        default="COS_CONTAINERD", description="Another than COS_CONTAINERD only with waiver `node-image`."
    )
    spot: bool = Field(default=False, description="Cheaper nodes that may vanish.")
    sandbox: bool = Field(default=False, description="gVisor between pods and the kernel.")
    tenant: fields.Name | None = Field(default=None, description="Only this tenant's pods; left out: shared.")
    service_account: fields.ServiceAccount | None = Field(
        default=None, description="An existing account of the nodes; left out: one is made with the least roles."
    )
    node_identity: bool = Field(
        default=False, description="Pods may act as the node: with waiver `node-identity`, on a tenant's pool."
    )

    def to_model(self) -> model.NodePool:
        """The internal form."""
        return model.NodePool(
            name=self.name,
            machine_type=self.machine_type,
            min_nodes=self.min_nodes,
            max_nodes=self.max_nodes,
            disk_gib=self.disk_gib,
            gpu=self.gpu.to_model() if self.gpu else None,
            confidential=model.Confidential(self.confidential) if self.confidential else None,
            image_type=self.image_type,
            spot=self.spot,
            sandbox=self.sandbox,
            tenant=self.tenant,
            service_account=self.service_account,
            node_identity=self.node_identity,
        )


class NewProject(Strict):
    """The project is made."""

    parent: fields.Parent = Field(description="Where it is made, as in `folders/123`.")
    billing_account: fields.BillingAccount = Field(description="Who pays.")


class GkeSpec(Strict):
    """A GKE cluster in a Google Cloud project."""

    project: fields.ProjectId
    project_number: Annotated[int, Field(ge=1, lt=10**18)] | None = Field(
        default=None, description="The project's number; needed to name Google's service agents in a plan."
    )
    create: NewProject | None = Field(default=None, description="Make the project; left out: it exists.")
    location: fields.Location = Field(description="A region; a zone only with waiver `zonal-cluster`.")
    node_locations: list[fields.Zone] = Field(
        default_factory=no_items, max_length=8, description="Zones of the nodes; left out: the region's."
    )
    mode: Literal["standard", "autopilot"] = Field(default="standard", description="Who manages the nodes.")
    network: NetworkSpec
    control_plane: ControlPlaneSpec = Field(default_factory=ControlPlaneSpec)
    pools: list[PoolSpec] = Field(
        default_factory=no_items,
        max_length=100,
        description="Node pools (standard mode); left out: chosen to fit the pods.",
    )
    service_account: fields.ServiceAccount | None = Field(
        default=None,
        description="An existing account for nodes that GKE makes itself (Autopilot); left out: one is made.",
    )
    security_group: fields.SecurityGroup | None = Field(
        default=None, description="Google Groups for RBAC: `gke-security-groups@DOMAIN`."
    )
