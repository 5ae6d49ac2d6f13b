from dataclasses import replace

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.model.orgpolicy import EffectivePolicy, ListValues, OrgFacts
from rayfence.model.verdict import Verdict
from rayfence.policy.proofs.grants.machines import machine_grants, principal
from rayfence.policy.proofs.grants.members import DOMAINS, MANAGED, check_members, judge
from tests.unit.policy.proofs.made import ACCOUNT, GKE, resolution

NODE = f"serviceAccount:{ACCOUNT}"
GROUP = "group:ml@acme.com"
ANCESTRY = {"projects/acme-ml": ("folders/2", "organizations/9")}
NINE = "is:principalSet://iam.googleapis.com/organizations/9"
SET_NINE = "//cloudresourcemanager.googleapis.com/organizations/9"


def domains(**values: object) -> EffectivePolicy:
    return EffectivePolicy(DOMAINS, "p.json:1", values=ListValues(**values))  # type: ignore[arg-type]


def managed(**parameters: object) -> EffectivePolicy:
    return EffectivePolicy(MANAGED, "p.json:2", enforced=True, parameters=parameters)


@pytest.mark.parametrize(
    ("policy", "member", "verdict"),
    [
        (domains(allow_all=True), GROUP, Verdict.PASS),
        (domains(deny_all=True), GROUP, Verdict.FAIL),
        (domains(), GROUP, Verdict.FAIL),
        (domains(allowed=("is:C03xgje4y",)), GROUP, Verdict.UNKNOWN),
        (domains(allowed=("is:C03xgje4y",)), NODE, Verdict.UNKNOWN),
        (domains(allowed=(NINE,)), NODE, Verdict.PASS),
        (domains(allowed=(NINE,), denied=("is:C1",)), NODE, Verdict.UNKNOWN),
        (domains(allowed=(NINE,)), GROUP, Verdict.UNKNOWN),
        (domains(allowed=(NINE,)), principal(GKE, "vision", "ray-head"), Verdict.PASS),
        (domains(allowed=(NINE,)), "serviceAccount:acme-ml.svc.id.goog[v/ray-head]", Verdict.PASS),
        (domains(allowed=(NINE,)), "serviceAccount:x@other.iam.gserviceaccount.com", Verdict.UNKNOWN),
        (managed(allowedMemberSubjects=[GROUP]), GROUP, Verdict.PASS),
        (managed(allowedMemberSubjects=[GROUP]), NODE, Verdict.FAIL),
        (managed(allowedPrincipalSets=[SET_NINE]), NODE, Verdict.PASS),
        (managed(allowedPrincipalSets=[SET_NINE]), GROUP, Verdict.UNKNOWN),
        (replace(managed(), enforced=False), GROUP, Verdict.PASS),
        (replace(managed(), undecided="tags"), GROUP, Verdict.UNKNOWN),
        (EffectivePolicy(DOMAINS, "p"), GROUP, Verdict.UNKNOWN),
    ],
)
def test_verdicts(policy: EffectivePolicy, member: str, verdict: Verdict) -> None:
    assert judge(policy, member, resolution(), OrgFacts(ancestry=ANCESTRY)) is verdict


def test_without_ancestry_nothing_is_known_of_a_projects_accounts() -> None:
    assert judge(domains(allowed=(NINE,)), NODE, resolution(), OrgFacts()) is Verdict.UNKNOWN


def test_refused_members_are_a_conflict_and_unclear_ones_a_warning() -> None:
    grants = list(machine_grants(resolution(), GKE, load_actors()))
    facts = OrgFacts(policies={DOMAINS: domains(allowed=("is:C1",)), MANAGED: managed(allowedMemberSubjects=[])})
    check = check_members(resolution(), grants, facts)
    assert [conflict.rules for conflict in check.conflicts] == [(MANAGED,)]
    assert NODE in check.conflicts[0].request and "p.json:2" in check.conflicts[0].problem
    assert len(check.warnings) == 1 and "directoryCustomerId" in check.warnings[0]
    assert check_members(resolution(), grants, OrgFacts()).conflicts == ()
