"""Members: groups, known to be allowed or told to be unknown; never everybody."""

from dataclasses import replace

import pytest

from rayfence.model.gke import Duty, IapExposure
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.model.tenancy import Roles
from rayfence.policy.identity.members import bound_members
from tests.unit.policy.platforms import VISION, allow, case, deny, minimal, on, open_question, refused, resolved, waiver

DOMAINS = "iam.allowedPolicyMemberDomains"
MEMBERS = "iam.managed.allowedPolicyMembers"
RBAC = "container.managed.enableGoogleGroupsRBAC"


def managed(**parameters: object) -> EffectivePolicy:
    return replace(on(MEMBERS), parameters=parameters)


def test_every_named_member_has_its_field() -> None:
    installers = Duty("operator-installer", ("group:i@acme.com",))
    platform = minimal(iap=IapExposure("h", ("group:a@acme.com",)), duties=(installers,))
    assert dict(bound_members(case(platform))) == {
        "group:a@acme.com": "exposure.iap.allow[0]",
        "group:i@acme.com": "actors.operatorInstaller.groups[0]",
        "group:audit@acme.com": "tenants[0].roles.viewer[0]",
        "group:vision@acme.com": "tenants[0].roles.submitter[0]",
    }


@pytest.mark.parametrize(
    "policy",
    [
        allow(DOMAINS, "is:C03xgje4y"),
        open_question(DOMAINS),
        managed(allowedPrincipalSets=["//cloudresourcemanager.googleapis.com/organizations/1"]),
    ],
)
def test_who_owns_a_domain_is_told_to_be_unknown(policy: EffectivePolicy) -> None:
    resolution = resolved(minimal(), policy)
    assert resolution.conflicts == ()
    assert any(text.startswith(policy.constraint) and "evidence" in text for text in resolution.warnings)


def test_listed_subjects_decide() -> None:
    listed = managed(allowedMemberSubjects=["group:audit@acme.com", "group:vision@acme.com"])
    assert resolved(minimal(), listed).conflicts == ()
    (conflict,) = resolved(minimal(), managed(allowedMemberSubjects=["group:audit@acme.com"])).conflicts
    assert conflict.fields == ("tenants[0].roles.submitter[0]",)
    assert "`group:vision@acme.com`" in conflict.request
    assert DOMAINS in refused(resolved(minimal(), deny(DOMAINS)))


def test_everybody_is_nobody() -> None:
    tenant = replace(VISION, roles=Roles(viewer=("allUsers",)))
    assert "tenants[0].roles.viewer[0]" in refused(resolved(replace(minimal(), tenants=(tenant,))))


def test_the_proxy_takes_groups_others_by_waiver() -> None:
    person = minimal(iap=IapExposure("h", ("group:a@acme.com", "user:ada@acme.com")))
    assert "iap-members" in refused(resolved(person))
    assert resolved(replace(person, waivers=(waiver("iap-members"),))).conflicts == ()
    assert "exposure.iap.allow" in refused(resolved(minimal(iap=IapExposure("h", ()))))


def test_the_security_group_has_the_one_name() -> None:
    good = minimal(security_group="gke-security-groups@acme.com")
    assert resolved(good, on(RBAC)).conflicts == ()
    assert "target.gke.securityGroup" in refused(resolved(minimal(), on(RBAC)))
    for name in ("admins@acme.com", "gke-security-groups@", "gke-security-groups@a@b"):
        assert "target.gke.securityGroup" in refused(resolved(minimal(security_group=name)))
