"""Roles of people and pipelines."""

from dataclasses import replace

from rayfence.model.gke_settings import RoleGrant
from rayfence.render.gcp.identity.people import people_resources
from rayfence.render.gcp.resource import address_of
from tests.unit.render.gcp.settings import PROJECT, STANDARD

GROUP = ("group:admins@acme.com",)
PLACES = {
    "project": (f"projects/{PROJECT}", "google_project_iam_member"),
    "registries": (
        f"projects/{PROJECT}/locations/us-central1/repositories/ray-images",
        "google_artifact_registry_repository_iam_member",
    ),
    "node-accounts": (
        f"projects/{PROJECT}/serviceAccounts/ray-nodes@{PROJECT}.iam.gserviceaccount.com",
        "google_service_account_iam_member",
    ),
    "attestor-key": (
        f"projects/{PROJECT}/locations/us-central1/keyRings/r/cryptoKeys/s",
        "google_kms_crypto_key_iam_member",
    ),
    "existing-key": (
        f"projects/{PROJECT}/locations/us-central1/keyRings/r/cryptoKeys/k",
        "google_kms_crypto_key_iam_member",
    ),
    "workbench-account": (
        f"projects/{PROJECT}/serviceAccounts/workbench-nb@{PROJECT}.iam.gserviceaccount.com",
        "google_service_account_iam_member",
    ),
    "attestor-note": (f"projects/{PROJECT}/notes/ray-built", "google_container_analysis_note_iam_member"),
    "backend-services": (f"projects/{PROJECT}/iap_web/compute/services", "google_iap_web_type_compute_iam_member"),
}


def test_each_place_has_its_binding() -> None:
    grants = tuple(RoleGrant("ci", "roles/x.y", place, on, GROUP) for place, (on, _) in PLACES.items())
    made = people_resources(replace(STANDARD, role_grants=grants))
    assert [item.block for item in made] == [block for _, block in PLACES.values()]
    assert all(item.attributes["member"] == GROUP[0] and "condition" not in item.attributes for item in made)
    assert made[1].attributes["repository"] == "${google_artifact_registry_repository.ray-images.name}"
    assert made[2].attributes["service_account_id"] == "${google_service_account.ray-nodes.name}"
    theirs = replace(grants[2], on=f"projects/{PROJECT}/serviceAccounts/own@{PROJECT}.iam.gserviceaccount.com")
    (other,) = people_resources(replace(STANDARD, role_grants=(theirs,)))
    assert other.attributes["service_account_id"] == theirs.on


def test_a_condition_is_bound_with_the_role() -> None:
    grant = RoleGrant("operator-installer", "roles/container.admin", "project", f"projects/{PROJECT}", GROUP, "a < b")
    (made,) = people_resources(replace(STANDARD, role_grants=(grant,)))
    condition = made.attributes["condition"]
    assert isinstance(condition, dict) and condition["expression"] == "a < b"
    assert str(made.body["bindings"]).count("a < b") == 1


def test_who_is_two_actors_is_bound_once() -> None:
    viewer = RoleGrant("developer", "roles/x.viewer", "project", f"projects/{PROJECT}", (*GROUP, *GROUP))
    both = (viewer, replace(viewer, actor="auditor"))
    assert len(people_resources(replace(STANDARD, role_grants=both))) == 1
    other = replace(viewer, actor="auditor", condition="a < b")
    made = people_resources(replace(STANDARD, role_grants=(viewer, other)))
    assert len({address_of(item) for item in made}) == 2
