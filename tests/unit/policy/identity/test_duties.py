"""Who runs the platform: named and bound, or told to be bound by hand."""

from dataclasses import replace

import pytest

from rayfence.model.cluster_platform import OperatorSource
from rayfence.model.gke import Duty
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.policy.identity.duties import LONGEST, NAMED
from tests.unit.policy.platforms import OPERATOR, decision, deny, minimal, on, refused, resolved

ADMINS = Duty("platform-admin", ("group:admins@acme.com",))
INSTALLERS = Duty("operator-installer", ("group:installers@acme.com",), "2026-12-24T18:00:00Z")


def test_who_is_not_named_is_bound_by_hand() -> None:
    resolution = resolved(minimal())
    for actor in NAMED:
        told = decision(resolution, f"gke.actors.{actor.replace('-', '_')}")
        assert told.value == "none" and "by hand" in told.reason
    assert resolution.gke is not None
    assert {grant.actor for grant in resolution.gke.role_grants} == {"developer"}


def test_who_is_named_is_bound_on_what_is_ours() -> None:
    resolution = resolved(minimal(duties=(ADMINS, INSTALLERS)))
    assert resolution.conflicts == () and resolution.gke is not None
    assert decision(resolution, "gke.actors.platform_admin").value == "group:admins@acme.com"
    roles = {grant.role: grant for grant in resolution.gke.role_grants if grant.actor != "developer"}
    assert roles["roles/container.clusterAdmin"].members == ADMINS.members
    assert "2026-12-24T18:00:00Z" in roles["roles/container.admin"].condition
    assert "roles/accesscontextmanager.policyAdmin" not in roles


@pytest.mark.parametrize(
    ("policy", "field"),
    [
        (deny("iam.allowedPolicyMemberDomains"), "actors.platformAdmin[0]"),
        (
            replace(on("iam.managed.allowedPolicyMembers"), parameters={"allowedMemberSubjects": ["group:x@acme.com"]}),
            "actors.operatorInstaller.groups[0]",
        ),
    ],
)
def test_the_organisation_says_who_may_be_bound(policy: EffectivePolicy, field: str) -> None:
    assert {policy.constraint, field} <= refused(resolved(minimal(duties=(ADMINS, INSTALLERS)), policy))


@pytest.mark.parametrize("until", ["2027-12-24T18:00:00Z", "2026-12-24", None])
def test_the_right_to_install_ends_soon(until: str | None) -> None:
    found = resolved(minimal(duties=(replace(INSTALLERS, until=until),)))
    assert "actors.operatorInstaller.until" in refused(found) and LONGEST == 90


def test_an_installation_that_is_over_is_told() -> None:
    over = resolved(minimal(duties=(replace(INSTALLERS, until="2026-01-01T00:00:00Z"),)))
    assert over.conflicts == () and any("ended at 2026-01-01" in text for text in over.warnings)


def test_nobody_installs_an_operator_of_others() -> None:
    others = replace(OPERATOR, source=OperatorSource.ADDON, image=None)
    resolution = resolved(replace(minimal(duties=(INSTALLERS,)), operator=others))
    assert any(text.startswith("actors.operatorInstaller: operator.source is addon") for text in resolution.warnings)
    assert resolution.gke is not None and all(item.actor == "developer" for item in resolution.gke.role_grants)
