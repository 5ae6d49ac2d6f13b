"""Who may do what, of every example and every option: nothing broad, every actor named, as `plan --json` says it."""

from pathlib import Path
from typing import Final

import pytest

from rayfence.api.cluster import ClusterPlanned
from rayfence.model.proofs import Plane
from rayfence.policy.proofs import refuse_broad
from tests.sim.planning import NAMES, VARIANTS, based_on, example, plan_by_command, variant

ACTORS: Final = {
    "platform-admin",
    "developer",
    "operator-installer",
    "ci",
    "node",
    "ray-head",
    "ray-worker",
    "autoscaler",
    "gateway",
    "scanner",
}
BASIC: Final = {"roles/owner", "roles/editor", "roles/viewer"}


def check(planned: ClusterPlanned) -> None:
    """Nothing broad in the list, nor in what is rendered."""
    assert refuse_broad(planned.plan.grants) == ()
    bound = [
        (binding["role"], member)
        for item in planned.cloud.resources
        for binding in item.body.get("bindings", ())  # type: ignore[attr-defined]
        for member in binding["members"]
    ]
    assert not {role for role, _ in bound} & BASIC
    members = {member for _, member in bound}
    members |= {member for grant in planned.plan.grants if grant.plane is Plane.IAM for member in grant.members}
    assert not [name for name in members if name.startswith(("user:", "domain:", "all"))]
    assert not [name for name in members if "-compute@developer" in name or "@appspot" in name]


@pytest.mark.parametrize("name", NAMES)
def test_no_grant_of_an_example_is_broad(name: str) -> None:
    check(example(name))


@pytest.mark.parametrize("name", VARIANTS)
def test_no_grant_of_any_option_is_broad(name: str, tmp_path: Path) -> None:
    check(variant(name, tmp_path))


@pytest.mark.parametrize("name", ["article", "autopilot", "shared-vpc", "gpu-tenants"])
def test_every_actor_is_in_the_plan_with_exact_roles(name: str, tmp_path: Path) -> None:
    _, plan, _ = plan_by_command(tmp_path, based_on(name))
    grants = plan["grants"]
    # Of the add-on nobody is the installer but Google.
    spared = {"operator-installer"} if name == "autopilot" else set()
    assert ACTORS - {grant["actor"] for grant in grants} == spared
    for grant in grants:
        assert grant["role"] and grant["on"] and grant["why"] and grant["worst"] and grant["meaning"]
        assert grant["members"] or grant["to_name"] or grant["plane"] == "kubernetes", grant
        assert grant["plane"] == "iam" or grant["rules"] or grant["role"].startswith("ClusterRole "), grant
    assert len({grant["article"] for grant in grants} - {""}) == 3 - len(spared)


#: Terraform's types -> roles of which one makes them. `OWNER`: bound on a resource of others, by whoever owns it.
OWNER: Final = "its owner"
MAKERS: Final = {
    "google_access_context_manager_service_perimeter": "roles/accesscontextmanager.policyAdmin",
    "google_artifact_registry_repository": "roles/artifactregistry.admin",
    "google_artifact_registry_repository_iam_member": "roles/artifactregistry.admin",
    "google_bigquery_dataset_iam_member": OWNER,
    "google_binary_authorization_attestor": "roles/binaryauthorization.attestorsEditor",
    "google_binary_authorization_policy": "roles/binaryauthorization.policyEditor",
    "google_certificate_manager_certificate": "roles/certificatemanager.editor",
    "google_certificate_manager_certificate_map": "roles/certificatemanager.editor",
    "google_certificate_manager_certificate_map_entry": "roles/certificatemanager.editor",
    "google_certificate_manager_dns_authorization": "roles/certificatemanager.editor",
    "google_compute_address": "roles/compute.loadBalancerAdmin",
    "google_compute_firewall": "roles/compute.securityAdmin",
    "google_compute_global_address": "roles/compute.loadBalancerAdmin",
    "google_compute_network": "roles/compute.networkAdmin",
    "google_compute_network_peering": "roles/compute.networkAdmin",
    "google_compute_region_ssl_policy": "roles/compute.loadBalancerAdmin",
    "google_compute_route": "roles/compute.networkAdmin",
    "google_compute_router": "roles/compute.networkAdmin",
    "google_compute_router_nat": "roles/compute.networkAdmin",
    "google_compute_shared_vpc_service_project": OWNER,
    "google_compute_ssl_policy": "roles/compute.loadBalancerAdmin",
    "google_compute_subnetwork": "roles/compute.networkAdmin",
    "google_compute_subnetwork_iam_member": OWNER,
    "google_container_analysis_note": "roles/containeranalysis.notes.editor",
    "google_container_analysis_note_iam_member": OWNER,
    "google_container_cluster": "roles/container.clusterAdmin",
    "google_container_node_pool": "roles/container.clusterAdmin",
    "google_dns_managed_zone": "roles/dns.admin",
    "google_dns_record_set": "roles/dns.admin",
    "google_iap_web_backend_service_iam_member": "roles/iap.admin",
    "google_iap_web_region_backend_service_iam_member": "roles/iap.admin",
    "google_kms_crypto_key": "roles/cloudkms.admin",
    "google_kms_crypto_key_iam_member": "roles/cloudkms.admin",
    "google_kms_crypto_key_version": "roles/cloudkms.admin",
    "google_kms_key_ring": "roles/cloudkms.admin",
    "google_logging_metric": "roles/logging.configWriter",
    "google_logging_project_sink": "roles/logging.configWriter",
    "google_monitoring_alert_policy": "roles/monitoring.alertPolicyEditor",
    "google_network_connectivity_spoke": "roles/networkconnectivity.spokeAdmin",
    "google_project": "roles/resourcemanager.projectCreator",
    "google_project_iam_audit_config": "roles/resourcemanager.projectIamAdmin",
    "google_project_iam_member": "roles/resourcemanager.projectIamAdmin",
    "google_project_service": "roles/serviceusage.serviceUsageAdmin",
    "google_pubsub_topic": "roles/pubsub.editor",
    "google_pubsub_topic_iam_member": OWNER,
    "google_secret_manager_secret_iam_member": OWNER,
    "google_service_account": "roles/iam.serviceAccountCreator",
    "google_service_account_iam_member": "roles/iam.serviceAccountAdmin",
    "google_storage_bucket_iam_member": OWNER,
    "google_workbench_instance": "roles/notebooks.admin",
}


def makers(planned: ClusterPlanned) -> None:
    """Whoever applies holds a role for each type of object; people's own roles are the project owner's to give."""
    held = {grant.role for grant in planned.plan.grants if grant.actor == "platform-admin"} | {OWNER}
    made = {item.block for item in planned.cloud.resources if item.group != "people"}
    assert {block: MAKERS[block] for block in made if MAKERS[block] not in held} == {}
    limit = "".join(item.condition for item in planned.plan.grants if item.role.endswith(".projectIamAdmin"))
    given = {
        str(item.attributes["role"])
        for item in planned.cloud.resources
        if item.block == "google_project_iam_member" and item.group != "people"
    }
    host = {"roles/container.hostServiceAgentUser"}  # on the host project, by its owner
    assert all(f"'{role}'" in limit for role in given - host)


@pytest.mark.parametrize("name", NAMES)
def test_administrators_can_make_every_object_of_an_example(name: str) -> None:
    makers(example(name))


@pytest.mark.parametrize("name", VARIANTS)
def test_administrators_can_make_every_object_of_any_option(name: str, tmp_path: Path) -> None:
    makers(variant(name, tmp_path))
