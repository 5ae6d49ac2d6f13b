"""Machines at their edges: unsent messages, families that can't, GPUs, notebooks, nodes that GKE makes itself."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.compute.nodes import CRITERIA
from tests.unit.policy.constraints.platforms import Made, autopilot, enforced, listed, made, workbench

SHIELDED = "compute.requireShieldedVm"
CONFIDENTIAL = "compute.restrictNonConfidentialComputing"
ADDRESS = "compute.vmExternalIpAccess"
IMAGES = "compute.trustedImageProjects"
FORWARD = "compute.vmCanIpForward"
COMPUTE, CONTAINER = "compute.googleapis.com", "container.googleapis.com"


def _notes(**setup: object) -> Made:
    return made().add("notebooks.googleapis.com/Instance", "notes", workbench(**setup), "google_workbench_instance")


def _shielded(platform: Made) -> Outcome:
    return platform.judge([enforced(SHIELDED)])[SHIELDED].outcome


def _confidential(platform: Made, *services: str) -> Outcome:
    return platform.judge([listed(CONFIDENTIAL, denied=services or (COMPUTE,))])[CONFIDENTIAL].outcome


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.constraint)
def test_nothing_is_violated_without_machines(criterion: object) -> None:
    name = str(getattr(criterion, "constraint", ""))
    platform = made()
    platform.resources = []
    for policy in (enforced(name), listed(name, deny_all=True)):
        assert platform.judge([policy])[name].outcome in {Outcome.NOT_RELEVANT, Outcome.SATISFIED, Outcome.UNKNOWN}


def test_shielded_nodes_of_the_cluster_do_not_start_securely() -> None:
    assert _shielded(made().each("NodePool", "config.shieldedInstanceConfig", None)) is Outcome.VIOLATED
    path = "config.shieldedInstanceConfig"
    assert _shielded(made().set("NodePool", path, {"enableSecureBoot": True})) is Outcome.VIOLATED
    assert _shielded(made().set("NodePool", f"{path}.enableIntegrityMonitoring", False)) is Outcome.VIOLATED
    assert _shielded(made().set("Cluster", "shieldedNodes.enabled", False)) is Outcome.VIOLATED


def test_the_pool_of_the_making_must_pass_too() -> None:
    assert _shielded(made().set("Cluster", "nodeConfig", None)) is Outcome.VIOLATED


def test_shielded_autopilot_and_notebooks() -> None:
    assert _shielded(autopilot()) is Outcome.SATISFIED_BY
    assert _shielded(autopilot().set("Cluster", "autoscaling", None)) is Outcome.SATISFIED
    assert _shielded(_notes()) is Outcome.SATISFIED_BY
    assert _shielded(_notes(shieldedInstanceConfig={})) is Outcome.VIOLATED
    assert _shielded(_notes(shieldedInstanceConfig={"enableSecureBoot": True, "enableVtpm": False})) is Outcome.VIOLATED


@pytest.mark.parametrize(
    ("machine", "technology", "outcome"),
    [
        ("n2d-standard-8", "SEV", Outcome.SATISFIED_BY),
        ("c3d-standard-8", "SEV", Outcome.SATISFIED_BY),
        ("n2d-standard-8", "SEV_SNP", Outcome.SATISFIED_BY),
        ("c3-standard-8", "TDX", Outcome.SATISFIED_BY),
        ("a3-highgpu-1g", "TDX", Outcome.SATISFIED_BY),
        ("n2d-standard-8", "TDX", Outcome.VIOLATED),
        ("e2-standard-8", "SEV", Outcome.VIOLATED),
        ("g2-standard-8", "SEV", Outcome.VIOLATED),
        ("z9-standard-8", "SEV", Outcome.UNKNOWN),
    ],
)
def test_machine_families(machine: str, technology: str, outcome: Outcome) -> None:
    platform = made().set("NodePool", "config.machineType", machine)
    platform.set("NodePool", "config.confidentialNodes.confidentialInstanceType", technology)
    assert _confidential(platform) is outcome


def test_confidential_by_the_cluster_and_by_service() -> None:
    bare = (
        made().each("NodePool", "config.confidentialNodes", None).set("Cluster", "nodeConfig.confidentialNodes", None)
    )
    assert _confidential(bare) is Outcome.VIOLATED
    whole = bare.set("Cluster", "confidentialNodes", {"enabled": True, "confidentialInstanceType": "SEV"})
    assert _confidential(whole) is Outcome.SATISFIED_BY
    typed = made().set("NodePool", "config.confidentialNodes", {"confidentialInstanceType": "SEV"})
    assert _confidential(typed) is Outcome.VIOLATED  # the type alone does not switch it on
    assert _confidential(typed, "dataproc.googleapis.com") is Outcome.SATISFIED
    assert _confidential(_notes(), CONTAINER) is Outcome.SATISFIED_BY
    assert _confidential(_notes(), COMPUTE) is Outcome.VIOLATED
    with_type = _notes(confidentialInstanceConfig={"confidentialInstanceType": "SEV"})
    assert _confidential(with_type, COMPUTE) is Outcome.SATISFIED_BY


def test_confidential_autopilot_is_not_verified() -> None:
    assert _confidential(autopilot()) is Outcome.VIOLATED
    assert _confidential(autopilot().set("Cluster", "confidentialNodes.enabled", True)) is Outcome.UNKNOWN


def test_a_list_whose_content_is_not_known() -> None:
    found = made().judge([listed(CONFIDENTIAL, "in:SOME_GROUP")])[CONFIDENTIAL]
    assert found.outcome is Outcome.UNKNOWN and "SOME_GROUP" in found.reason


def test_addresses_are_inherited_from_the_cluster() -> None:
    inherits = made().each("NodePool", "networkConfig", None)
    assert inherits.judge([listed(ADDRESS, deny_all=True)])[ADDRESS].outcome is Outcome.SATISFIED_BY
    public = inherits.set("Cluster", "networkConfig.defaultEnablePrivateNodes", None)
    assert public.judge([listed(ADDRESS, deny_all=True)])[ADDRESS].outcome is Outcome.VIOLATED
    legacy = public.set("Cluster", "privateClusterConfig.enablePrivateNodes", True)
    assert legacy.judge([listed(ADDRESS, deny_all=True)])[ADDRESS].outcome is Outcome.SATISFIED_BY


def test_nodes_can_not_be_listed_by_name() -> None:
    name = "projects/acme-ml/zones/us-central1-a/instances/gke-ray-1"
    public = made().set("NodePool", "networkConfig.enablePrivateNodes", False)
    assert public.judge([listed(ADDRESS, name)])[ADDRESS].outcome is Outcome.VIOLATED
    assert public.judge([listed(ADDRESS, denied=(name,))])[ADDRESS].outcome is Outcome.SATISFIED


def test_a_notebook_can_be_listed_by_name() -> None:
    open_notes = _notes(disablePublicIp=False)
    name = "projects/acme-ml/zones/us-central1-a/instances/notes"
    body = workbench(disablePublicIp=False)
    body["location"] = "us-central1-a"
    named = made().add("notebooks.googleapis.com/Instance", "notes", body, "google_workbench_instance")
    assert named.judge([listed(ADDRESS, name)])[ADDRESS].outcome is Outcome.SATISFIED_BY
    assert named.judge([listed(ADDRESS, denied=(name,))])[ADDRESS].outcome is Outcome.VIOLATED
    assert open_notes.judge([listed(ADDRESS, deny_all=True)])[ADDRESS].outcome is Outcome.VIOLATED
    twin = "compute.managed.vmExternalIpAccess"
    assert open_notes.judge([enforced(twin)])[twin].outcome is Outcome.VIOLATED


def test_an_instance_with_an_external_address() -> None:
    body: dict[str, object] = {"networkInterfaces": [{"accessConfigs": [{"type": "ONE_TO_ONE_NAT"}]}], "zone": "z"}
    platform = made().add("compute.googleapis.com/Instance", "bastion", body, "google_compute_instance")
    assert platform.judge([listed(ADDRESS, deny_all=True)])[ADDRESS].outcome is Outcome.VIOLATED


def test_forwarding_is_not_verified_for_vpc_native_nodes() -> None:
    found = made().judge([listed(FORWARD, deny_all=True)])[FORWARD]
    assert found.outcome is Outcome.UNKNOWN and "instance-templates describe" in found.reason
    assert made().judge([listed(FORWARD, "under:folders/2")])[FORWARD].outcome is Outcome.SATISFIED
    assert made().judge([listed(FORWARD, "under:folders/2")], ancestry={})[FORWARD].outcome is Outcome.UNKNOWN
    assert _notes(enableIpForwarding=True).judge([listed(FORWARD, deny_all=True)])[FORWARD].outcome is Outcome.VIOLATED


def test_images_need_their_project() -> None:
    policy = listed(IMAGES, "projects/gke-node-images")
    assert made().set("NodePool", "config.imageType", None).judge([policy])[IMAGES].outcome is Outcome.SATISFIED_BY
    assert made().set("NodePool", "config.imageType", "ODD").judge([policy])[IMAGES].outcome is Outcome.UNKNOWN
    assert _notes().judge([policy])[IMAGES].outcome is Outcome.UNKNOWN
    assert _notes(vmImage={"project": "cloud-notebooks"}).judge([policy])[IMAGES].outcome is Outcome.VIOLATED
