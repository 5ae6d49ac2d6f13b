"""Twin of rayfence.render.kubernetes.tenant.people: reading and restarting, never running code or reading Secrets."""

from dataclasses import replace

from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.tenant.people import people, reaching, subjects
from tests.unit.render.kubernetes.resolutions import GKE, VISION, at, existing, on_gke


def test_nobody_may_write_ray_objects_run_commands_or_read_secrets() -> None:
    for value in people(VISION, existing()):
        if value["kind"] == "Role":
            rules = at(value, "rules")
            assert isinstance(rules, list)
            for rule in rules:
                assert set(rule["verbs"]) <= {"get", "list", "watch", "delete"}
                assert not {"secrets", "pods/exec", "pods/portforward", "pods/proxy", "*"} & set(rule["resources"])
                assert "delete" not in rule["verbs"] or rule["resources"] == ["pods"]


def test_each_group_is_bound_as_far_as_its_role_goes() -> None:
    bound = {
        str(at(value, "roleRef", "name")): [subject["name"] for subject in at(value, "subjects")]  # type: ignore[attr-defined]
        for value in people(VISION, existing())
        if value["kind"] == "RoleBinding"
    }
    assert bound == {
        "viewer": ["audit@acme.com", "vision@acme.com", "leads@acme.com"],
        "operator": ["leads@acme.com"],
    }
    assert people(replace(VISION, roles=Roles()), existing()) == ()


def test_forms_of_members() -> None:
    group = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Group"}
    user = {"apiGroup": "rbac.authorization.k8s.io", "kind": "User"}
    pool = "principalSet://iam.googleapis.com/locations/global/workforcePools/p/group/g"
    members = [
        "group:a@b.c",
        "group:a@b.c",
        "serviceAccount:x@p.iam.gserviceaccount.com",
        "serviceAccount:ci/bot",
        pool,
    ]
    assert subjects(members, existing()) == [
        {**group, "name": "a@b.c"},
        {**user, "name": "x@p.iam.gserviceaccount.com"},
        {"kind": "ServiceAccount", "name": "bot", "namespace": "ci"},
        {**group, "name": pool},
    ]
    assert subjects(["allUsers", "user:mallory@evil.example", "group:", "domain:acme.com"], existing()) == []


def test_groups_mean_nothing_to_gke_without_groups_for_rbac() -> None:
    assert subjects(["group:a@b.c"], on_gke(gke=replace(GKE, security_group=None))) == []
    assert len(subjects(["group:a@b.c"], on_gke())) == 1


def test_who_holds_anything_may_reach_the_gateway_where_nothing_else_leads_to_it() -> None:
    role, binding = reaching(VISION, existing())
    assert at(role, "metadata", "namespace") == "vision-gateway"
    rules = at(role, "rules")
    assert isinstance(rules, list)
    assert {resource: tuple(rule["verbs"]) for rule in rules for resource in rule["resources"]} == {
        "pods": ("get", "list"),
        "pods/portforward": ("get", "create"),
        "configmaps": ("get",),
    }
    assert [rule["resourceNames"] for rule in rules if "resourceNames" in rule] == [["gateway-authority"]]
    names = [subject["name"] for subject in at(binding, "subjects")]  # type: ignore[attr-defined]
    assert names[:3] == ["audit@acme.com", "vision@acme.com", "leads@acme.com"]
    assert reaching(replace(VISION, roles=Roles()), existing()) == ()
    assert reaching(VISION, on_gke()) == ()
