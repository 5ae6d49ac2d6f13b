from dataclasses import replace

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.model.gke import NetworkKind, Observability, Protection, Sink
from rayfence.model.gke_settings import GkeSettings, KeySettings
from rayfence.model.proofs import ActorGrant
from rayfence.model.tenancy import ClusterTenant, Grant, WorkloadIdentity
from rayfence.policy.proofs.grants.machines import agent_member, full_role, granted_resource, machine_grants, principal
from tests.unit.policy.proofs.made import ACCOUNT, GKE, IAP, NETWORK, POOL, resolution, tenant

ACCESS = (Grant("bigquery", "acme-data.images", "dataViewer"), Grant("storage", "models", "objectViewer"))


def granted(gke: GkeSettings = GKE, *tenants: ClusterTenant) -> list[ActorGrant]:
    return list(machine_grants(resolution(gke, *tenants), gke, load_actors()))


def test_nodes_write_logs_and_pull_images_and_no_more() -> None:
    assert [(item.actor, item.role, item.on) for item in granted()] == [
        ("node", "roles/container.defaultNodeServiceAccount", "projects/acme-ml"),
        ("node", "roles/artifactregistry.reader", "projects/acme-ml/locations/us-central1/repositories/ray"),
    ]
    assert granted()[0].members == (f"serviceAccount:{ACCOUNT}",) and granted()[0].bound
    existing = replace(GKE, account_made=False, pools=(replace(POOL, account_made=False),))
    assert not granted(existing)[0].bound


def test_access_is_bound_on_single_resources_for_single_accounts() -> None:
    found = [item for item in granted(GKE, replace(tenant(), access=ACCESS)) if item.actor != "node"]
    assert {item.on for item in found} == {
        "//bigquery.googleapis.com/projects/acme-data/datasets/images",
        "//storage.googleapis.com/buckets/models",
    }
    assert {item.actor for item in found} == {"ray-head", "ray-worker", "autoscaler"}
    assert all(len(item.members) == 1 and "subject/ns/vision/sa/ray-" in item.members[0] for item in found)


@pytest.mark.parametrize("identity", list(WorkloadIdentity))
def test_each_identity_acts_as_what_it_is(identity: WorkloadIdentity) -> None:
    gke = replace(GKE, pools=(POOL, replace(POOL, name="v", tenant="vision", node_identity=True, account="v@x.iam")))
    found = granted(gke, replace(tenant(), access=ACCESS[:1], identity=identity))
    members = {member for item in found if item.role == "roles/bigquery.dataViewer" for member in item.members}
    email = "serviceAccount:ray-vision@acme-ml.iam.gserviceaccount.com"
    expected = {
        WorkloadIdentity.PRINCIPAL: {
            principal(gke, "vision", f"ray-{name}") for name in ("head", "worker", "autoscaler")
        },
        WorkloadIdentity.ANNOTATED: {email},
        WorkloadIdentity.KEY_FILE: {email},
        WorkloadIdentity.NODE: {"serviceAccount:v@x.iam"},
    }
    assert members == expected[identity]
    impersonates = any(item.role == "roles/iam.workloadIdentityUser" for item in found)
    assert impersonates is (identity is WorkloadIdentity.ANNOTATED)


def test_agents_use_the_key_and_the_shared_subnet() -> None:
    key = KeySettings("k", True, "p", "l", "r", "k", Protection.HSM, 90, None, None, ("compute-system",))
    shared = replace(NETWORK, kind=NetworkKind.SHARED_VPC, project="host")
    found = [item for item in granted(replace(GKE, key=key, network=shared)) if item.actor == "google-agent"]
    assert found[0].members == ("serviceAccount:service-123@compute-system.iam.gserviceaccount.com",)
    assert [item.on for item in found[1:]] == ["projects/host/regions/us-central1/subnetworks/ml-nodes"] * 2 + [
        "projects/host"
    ]
    assert agent_member(replace(GKE, project_number=None), "compute-system").startswith(
        "serviceAccount:service-PROJECT"
    )


def test_users_of_the_proxy_and_sinks() -> None:
    sinks = (Sink("a", "storage.googleapis.com/logs"), Sink("b", "odd.example/x"))
    found = granted(replace(GKE, iap=IAP, observability=Observability(sinks=sinks)))
    assert [item.members for item in found if item.actor == "iap-user"] == [("group:ml@acme.com",)]
    assert [item.on for item in found if item.actor == "log-sink"] == ["//storage.googleapis.com/logs"]


def test_names_of_roles_and_resources() -> None:
    assert full_role(Grant("kms", "k", "cryptoKeyDecrypter")) == "roles/cloudkms.cryptoKeyDecrypter"
    assert full_role(Grant("storage", "b", "roles/storage.objectUser")) == "roles/storage.objectUser"
    assert granted_resource(Grant("bigquery", "images", "x"), GKE).endswith("projects/acme-ml/datasets/images")
    secret = "projects/p/secrets/s"
    assert granted_resource(Grant("secretmanager", secret, "x"), GKE) == f"//secretmanager.googleapis.com/{secret}"
