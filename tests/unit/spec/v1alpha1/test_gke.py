"""`target.gke`: kinds of network and pools."""

import pytest

from rayfence.model.gke import Confidential, ControlPlaneAccess, Gpu, NetworkKind
from rayfence.spec.v1alpha1.gke import ControlPlaneSpec, NetworkSpec, PoolSpec

RANGES = {"nodesCidr": "10.0.0.0/22", "podsCidr": "10.4.0.0/16", "servicesCidr": "10.8.0.0/20"}
NAMES = {"network": "corp", "subnetwork": "nodes"}


@pytest.mark.parametrize(
    ("spec", "kind"),
    [
        ({"own": RANGES}, NetworkKind.OWN),
        ({"existing": NAMES}, NetworkKind.EXISTING),
        ({"sharedVpc": {**NAMES, **RANGES, "hostProject": "acme-host"}}, NetworkKind.SHARED_VPC),
        ({"spoke": {**RANGES, "hub": "projects/acme-net/global/networks/hub"}}, NetworkKind.SPOKE),
    ],
)
def test_networks(spec: dict[str, object], kind: NetworkKind) -> None:
    network = NetworkSpec.model_validate(spec).to_model()
    assert network.kind is kind
    assert (network.nat, network.flow_logs, network.manage_firewall) == (False, True, True)
    assert (network.host_project == "acme-host") == (kind is NetworkKind.SHARED_VPC)
    assert (network.hub is not None) == (kind is NetworkKind.SPOKE)
    assert network.nodes_cidr == (None if kind is NetworkKind.EXISTING else "10.0.0.0/22")


def test_pools_and_control_plane() -> None:
    pool = PoolSpec.model_validate(
        {"name": "a", "gpu": {"kind": "nvidia-l4", "count": 2}, "confidential": "TDX", "tenant": "vision"}
    ).to_model()
    assert (pool.gpu, pool.confidential, pool.tenant) == (Gpu("nvidia-l4", 2), Confidential.TDX, "vision")
    assert (pool.image_type, pool.node_identity, pool.machine_type) == ("COS_CONTAINERD", False, None)
    plane = ControlPlaneSpec.model_validate({"access": "authorizedNetworks", "authorized": ["10.0.0.0/24"]}).to_model()
    assert plane.access is ControlPlaneAccess.AUTHORIZED and plane.authorized == ("10.0.0.0/24",)
