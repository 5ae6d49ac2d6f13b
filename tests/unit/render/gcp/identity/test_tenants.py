"""What tenants may use: on single resources, for their own principals."""

from dataclasses import replace

import pytest

from rayfence.errors import RenderError
from rayfence.model.tenancy import Grant, WorkloadIdentity
from rayfence.render.gcp.identity.tenants import (
    RAY_ACCOUNTS,
    full_role,
    google_account,
    grant_target,
    resource_project,
    tenant_members,
    tenant_resources,
)
from tests.unit.render.gcp.settings import ANNOTATED, GPU_POOL, KEY, STANDARD, VISION, pool


def test_each_grant_is_bound_on_its_resource_for_each_account_of_the_tenant() -> None:
    made = tenant_resources(STANDARD, (VISION,))
    assert len(made) == len(VISION.access) * len(RAY_ACCOUNTS)
    assert {item.block for item in made} == {
        "google_artifact_registry_repository_iam_member",
        "google_bigquery_dataset_iam_member",
        "google_kms_crypto_key_iam_member",
        "google_pubsub_topic_iam_member",
        "google_secret_manager_secret_iam_member",
        "google_storage_bucket_iam_member",
    }
    first = made[0]
    assert first.attributes["dataset_id"] == "images" and first.attributes["project"] == "acme-data"
    assert first.attributes["role"] == "roles/bigquery.dataViewer"
    assert str(first.attributes["member"]).endswith("/subject/ns/vision/sa/ray-head")
    assert first.attributes["depends_on"] == ["google_container_cluster.platform"]


def test_an_annotated_tenant_stands_behind_one_google_account() -> None:
    made = tenant_resources(STANDARD, (ANNOTATED,))
    account, *users = made[:4]
    assert account.attributes["account_id"] == google_account(ANNOTATED) == "ray-vision"
    assert [item.attributes["member"] for item in users] == [
        f"serviceAccount:acme-ml.svc.id.goog[vision/{name}]" for name in RAY_ACCOUNTS
    ]
    assert {item.attributes["member"] for item in made[4:]} == {
        "serviceAccount:${google_service_account.ray-vision.email}"
    }


@pytest.mark.parametrize("name", ["a", "a" * 27])
def test_a_name_that_google_takes_no_account_of_is_refused(name: str) -> None:
    with pytest.raises(RenderError, match="6 to 30 characters"):
        tenant_resources(STANDARD, (replace(ANNOTATED, name=name),))


def test_a_key_file_gets_an_account_but_never_a_key() -> None:
    made = tenant_resources(STANDARD, (replace(VISION, identity=WorkloadIdentity.KEY_FILE),))
    assert not {item.block for item in made} & {"google_service_account_key", "google_service_account_iam_member"}


def test_acting_as_the_node_binds_the_tenants_own_pools() -> None:
    settings = replace(STANDARD, pools=(pool("system"), replace(GPU_POOL, node_identity=True)))
    members = tenant_members(settings, replace(VISION, identity=WorkloadIdentity.NODE))
    assert [member.literal for _, member in members] == ["serviceAccount:ray-gpu@acme-ml.iam.gserviceaccount.com"]
    assert tenant_members(STANDARD, replace(VISION, identity=WorkloadIdentity.NODE)) == ()


def test_roles_and_resources_by_their_names() -> None:
    assert full_role(Grant("kms", KEY, "cryptoKeyDecrypter")) == "roles/cloudkms.cryptoKeyDecrypter"
    assert full_role(Grant("storage", "b", "organizations/1/roles/x")) == "organizations/1/roles/x"
    assert resource_project(STANDARD, Grant("kms", KEY, "x")) == "acme-kms"
    assert resource_project(STANDARD, Grant("storage", "bucket", "x")) == "acme-ml"
    assert resource_project(STANDARD, Grant("bigquery", "images", "x")) == "acme-ml"
    assert grant_target(STANDARD, Grant("artifactregistry", "models", "reader")).attributes["location"] == "us-central1"
    with pytest.raises(ValueError, match="compute"):
        grant_target(STANDARD, Grant("compute", "x", "y"))
