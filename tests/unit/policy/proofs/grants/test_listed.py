from dataclasses import replace

from rayfence.catalog.actors import OCCASIONS, PLACES, load_actors
from rayfence.model.gke import Duty, GkeTarget, Perimeter, Protection, Workbench
from rayfence.model.gke_settings import BinaryAuthorization, GkeSettings, KeySettings, Repository
from rayfence.model.proofs import ActorGrant
from rayfence.model.tenancy import WorkloadIdentity
from rayfence.policy.proofs.grants.listed import listed_grants, needed, place_name, places, role_grants
from tests.unit.policy.proofs.made import GKE, IAP, NETWORK, resolution

KEY = KeySettings("projects/kms/k", True, "kms", "us-central1", "r", "k", Protection.HSM, 90, None, None, ())


def listed(gke: GkeSettings = GKE) -> list[ActorGrant]:
    return list(listed_grants(resolution(gke).platform, gke, load_actors()))


def test_every_occasion_and_place_of_the_list_is_known() -> None:
    for when in OCCASIONS:
        assert needed(when, resolution().platform, GKE) in (True, False)
    signed = BinaryAuthorization(True, ("projects/acme-ml/attestors/ml-built",), True, None)
    full = replace(GKE, key=KEY, perimeter=Perimeter("77"), binary_authorization=signed)
    for on in sorted(PLACES - {"parent", "billing-account", "workbench-account", "tenant-accounts"}):
        assert places(on, resolution().platform, full)


def test_what_is_not_used_needs_nobody() -> None:
    roles = {grant.role for grant in listed()}
    assert not roles & {"roles/cloudkms.admin", "roles/iap.admin", "roles/accesscontextmanager.policyAdmin"}
    full = replace(GKE, key=KEY, iap=IAP, perimeter=Perimeter("77"))
    on = {grant.role: grant.on for grant in listed(full)}
    assert on["roles/cloudkms.admin"] == "projects/kms"
    assert on["roles/accesscontextmanager.policyAdmin"] == "accessPolicies/77"
    hosted = replace(GKE, network=replace(NETWORK, made=False, manage_firewall=False))
    assert not {"roles/compute.networkAdmin", "roles/compute.securityAdmin"} & {item.role for item in listed(hosted)}


def test_the_articles_roles_are_explained() -> None:
    found = {grant.actor: grant.article for grant in listed() if grant.article}
    assert found["platform-admin"].startswith("is Kubernetes Engine Cluster Admin")
    assert found["developer"].startswith("replaces Kubernetes Engine Developer")
    assert found["operator-installer"].startswith("is Kubernetes Engine Admin")


def test_with_the_add_on_nobody_installs() -> None:
    assert "operator-installer" not in {grant.actor for grant in listed(replace(GKE, operator_addon=True))}


def test_developers_are_the_groups_of_tenants_and_admins_are_to_be_named() -> None:
    developer = next(grant for grant in listed() if grant.actor == "developer")
    assert developer.members == ("group:audit@acme.com", "group:vision@acme.com", "group:vision-leads@acme.com")
    admin = next(grant for grant in listed() if grant.actor == "platform-admin")
    assert admin.members == () and "group" in admin.to_name and not admin.bound
    assert developer.bound


def test_who_is_named_is_bound_by_us_on_resources_of_ours_alone() -> None:
    duties = (Duty("platform-admin", ("group:a@acme.com",)), Duty("operator-installer", ("group:i@acme.com",)))
    platform = resolution().platform
    target = platform.target
    assert isinstance(target, GkeTarget)
    named = replace(platform, target=replace(target, duties=duties))
    full = replace(GKE, key=KEY, perimeter=Perimeter("77"))
    granted = list(listed_grants(named, full, load_actors()))
    found = {grant.role: grant for grant in granted if grant.actor != "auditor"}
    assert found["roles/container.clusterAdmin"].bound
    for role in ("roles/cloudkms.admin", "roles/accesscontextmanager.policyAdmin"):
        assert found[role].members == ("group:a@acme.com",) and not found[role].bound, "its owner binds it"
    assert not found["roles/container.admin"].bound, "a right without end is not given"
    bound = [grant.role for grant in granted if grant.bound]
    assert [grant.role for grant in role_grants(named, full, load_actors())] == bound


def test_the_note_is_the_attestors() -> None:
    made = replace(GKE, binary_authorization=BinaryAuthorization(True, ("projects/p/attestors/ml-built",), True, None))
    assert places("attestor-note", resolution().platform, made) == ("projects/p/notes/ml-built",)


def test_a_signing_key_is_bound_as_a_key() -> None:
    version = "projects/p/locations/l/keyRings/r/cryptoKeys/s/cryptoKeyVersions/1"
    gke = replace(GKE, binary_authorization=BinaryAuthorization(True, (), True, version))
    assert "projects/p/locations/l/keyRings/r/cryptoKeys/s" in [grant.on for grant in listed(gke)]


def test_a_repository_has_a_full_name() -> None:
    assert place_name(Repository("p", "us", "r")) == "projects/p/locations/us/repositories/r"


def test_what_is_made_once_needs_rights_where_it_is_made() -> None:
    made = replace(
        GKE, make_project="folders/7", billing_account="A-B-C", workbench=Workbench("nb", "z", "ada@acme.com")
    )
    found = {grant.role: grant.on for grant in listed(made)}
    assert found["roles/resourcemanager.projectCreator"] == "folders/7"
    assert found["roles/billing.user"] == "billingAccounts/A-B-C"
    platform = resolution().platform
    assert places("workbench-account", platform, made) == (
        "projects/acme-ml/serviceAccounts/workbench-nb@acme-ml.iam.gserviceaccount.com",
    )
    annotated = replace(platform.tenants[0], identity=WorkloadIdentity.ANNOTATED)
    (account,) = places("tenant-accounts", replace(platform, tenants=(annotated,)), made)
    assert account.endswith(f"/ray-{annotated.name}@acme-ml.iam.gserviceaccount.com")
