"""Names of the place: references where we make something, literals where it exists."""

from dataclasses import replace

from rayfence.render.gcp import site
from tests.unit.render.gcp.settings import EXISTING_KEY, EXTERNAL, HSM, MADE_PROJECT, SHARED, STANDARD, pool


def test_the_projects_number_is_told_made_or_looked_up() -> None:
    assert site.project_number(STANDARD).template == "${local.project_number}"
    assert site.project_number(MADE_PROJECT).template == "${google_project.platform.number}"
    assert site.project_number(SHARED).template == "${data.google_project.platform.number}"
    assert site.project_number(SHARED).literal == site.UNKNOWN_NUMBER


def test_networks_of_others_are_named_not_referred_to() -> None:
    assert site.network(STANDARD).template == "${google_compute_network.platform.id}"
    assert site.network(SHARED).template == "projects/${local.network_project}/global/networks/ray"
    assert site.network(SHARED).literal == "projects/acme-host/global/networks/ray"
    assert site.subnetwork(SHARED).literal == "projects/acme-host/regions/us-central1/subnetworks/ray-nodes"
    assert site.shared(SHARED) and not site.shared(STANDARD)


def test_keys_and_their_grants() -> None:
    made, existing = site.key_name(STANDARD), site.key_name(EXISTING_KEY)
    assert made and made.template == "${google_kms_crypto_key.platform.id}"
    assert existing and existing.template == "${local.key}"
    assert site.key_name(replace(STANDARD, key=None)) is None
    assert site.grants(None) == ()
    assert len(site.grants(HSM)) == len(HSM.agents)
    assert "google_kms_crypto_key_version.external" in site.grants(EXTERNAL.key)


def test_agents_have_names_of_their_own_kind() -> None:
    member = site.agent_member(STANDARD, "compute-system").literal
    assert member == "serviceAccount:service-123456789@compute-system.iam.gserviceaccount.com"
    assert site.agent_member(STANDARD, "bigquery-encryption").literal.startswith("serviceAccount:bq-123456789@")


def test_accounts_that_exist_are_not_referred_to() -> None:
    made = pool("a")
    assert site.pool_account(STANDARD, made).template == "${google_service_account.ray-a.email}"
    theirs = replace(made, account="x@y.iam.gserviceaccount.com", account_made=False)
    assert site.pool_account(STANDARD, theirs).template == "x@y.iam.gserviceaccount.com"
    assert site.node_account(replace(STANDARD, account_made=False)).template == STANDARD.account


def test_a_tenant_is_a_principal_of_the_projects_pool() -> None:
    assert site.tenant_principal(STANDARD, "vision", "ray-worker").literal == (
        "principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-ml.svc.id.goog"
        "/subject/ns/vision/sa/ray-worker"
    )


def test_only_services_that_we_switch_on_are_waited_for() -> None:
    assert site.enabled(STANDARD, "compute", "unheard-of") == ("google_project_service.compute",)
    assert len(site.node_tag(replace(STANDARD, cluster="c" * 80))) <= 63
