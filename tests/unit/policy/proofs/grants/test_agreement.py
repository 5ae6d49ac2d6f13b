from dataclasses import replace

from rayfence.catalog.actors import load_actors
from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.proofs import ActorGrant
from rayfence.model.tenancy import Grant
from rayfence.policy.proofs.grants.agreement import disagreements, plain, rendered_bindings, unexplained
from rayfence.policy.proofs.grants.machines import machine_grants
from tests.unit.policy.proofs.made import GKE, resolution, tenant

TENANT = replace(tenant(), access=(Grant("storage", "models", "objectViewer"),))


def grants() -> list[ActorGrant]:
    return list(machine_grants(resolution(GKE, TENANT), GKE, load_actors()))


def bound(role: str, member: str, block: str, attributes: dict[str, object]) -> CloudResource:
    body: dict[str, object] = {"bindings": [{"role": role, "members": [member]}]}
    return CloudResource("iam.googleapis.com/AllowPolicy", "n", block, "x", "identity", body, attributes)


def rendered() -> list[CloudResource]:
    """What a renderer would bind for these grants, with Terraform's references where it uses them."""
    made = []
    for grant in grants():
        attributes: dict[str, object] = (
            {"bucket": "models"} if "storage" in grant.on else {"project": "${local.project}"}
        )
        member = grant.members[0].replace("/projects/123/", "/projects/N/")
        block = "google_project_iam_member" if grant.on == "projects/acme-ml" else "google_x_iam_member"
        made.append(bound(grant.role, member, block, attributes))
    return made


def test_the_same_on_both_sides_agrees() -> None:
    assert disagreements(grants(), CloudDesired(tuple(rendered()))) == ()


def test_a_binding_too_many_or_too_few_is_named() -> None:
    made = rendered()
    assert "is bound by nothing" in disagreements(grants(), CloudDesired(tuple(made[1:])))[0]
    secret = bound("roles/editor", "user:eve@acme.com", "google_project_iam_member", {"project": "acme-ml"})
    found = disagreements(grants(), CloudDesired((*made, secret)))
    assert found == ("google_project_iam_member.x: roles/editor for user:eve@acme.com is explained by no grant",)
    assert unexplained(grants(), CloudDesired((secret,)))[0].target == "acme-ml"


def test_the_same_role_on_another_bucket_is_not_the_same() -> None:
    made = rendered()
    other = replace(made[-1], attributes={"bucket": "secrets"})
    assert len(disagreements(grants(), CloudDesired((*made[:-1], other)))) == 2


def test_numbers_of_projects_do_not_matter_and_names_do() -> None:
    assert plain("serviceAccount:service-1@compute-system.iam.gserviceaccount.com") == plain(
        "serviceAccount:service-the number@compute-system.iam.gserviceaccount.com"
    )
    assert plain("serviceAccount:1@cloudservices.gserviceaccount.com") == plain(
        "serviceAccount:N@cloudservices.gserviceaccount.com"
    )
    assert plain("serviceAccount:a@p.iam.gserviceaccount.com") != plain("serviceAccount:b@p.iam.gserviceaccount.com")


def test_other_objects_and_odd_bodies_are_passed_over() -> None:
    odd = CloudResource("iam.googleapis.com/AllowPolicy", "n", "b", "l", "g", {"bindings": ["x"]}, {})
    other = replace(odd, kind="compute.googleapis.com/Firewall")
    assert list(rendered_bindings(CloudDesired((odd, other)))) == []


def test_a_grant_on_a_bucket_never_explains_a_binding_on_the_project() -> None:
    made = rendered()
    wide = replace(made[-1], block="google_project_iam_member", attributes={"project": "${local.project}"})
    assert len(disagreements(grants(), CloudDesired((*made[:-1], wide)))) == 2
