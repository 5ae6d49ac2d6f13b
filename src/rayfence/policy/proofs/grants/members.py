"""Whether the organisation lets our members be bound at all.

Both constraints may be set; each is judged on its own. `iam.allowedPolicyMemberDomains` names customers, which no
group's address shows, so most of it is unknown with the evidence named. Source: Google, "Restricting identities by
domain" and "Managed constraints for IAM".
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.orgpolicy import EffectivePolicy, OrgFacts
from rayfence.model.outcome import PolicyConflict
from rayfence.model.proofs import ActorGrant, Plane
from rayfence.model.verdict import Verdict

DOMAINS: Final = "iam.allowedPolicyMemberDomains"
MANAGED: Final = "iam.managed.allowedPolicyMembers"
ORGANIZATION_SET: Final = "//cloudresourcemanager.googleapis.com/organizations/"


@dataclass(frozen=True, slots=True)
class MemberCheck:
    """`conflicts`: members that are refused. `warnings`: those of which it can't be told, with the evidence."""

    conflicts: tuple[PolicyConflict, ...]
    warnings: tuple[str, ...]


def check_members(resolution: ClusterResolution, grants: Sequence[ActorGrant], facts: OrgFacts) -> MemberCheck:
    """Hold every IAM member that the list names against the constraints on members."""
    members = dict.fromkeys(member for grant in grants if grant.plane is Plane.IAM for member in grant.members)
    refused: dict[str, list[str]] = {}
    unclear: dict[str, list[str]] = {}
    for constraint in (DOMAINS, MANAGED):
        policy = facts.policies.get(constraint)
        if policy is None:
            continue
        for member in members:
            verdict = judge(policy, member, resolution, facts)
            if verdict is not Verdict.PASS:
                (refused if verdict is Verdict.FAIL else unclear).setdefault(constraint, []).append(member)
    owner = resolution.platform.organization.owner
    project = resolution.gke.project if resolution.gke is not None else ""
    conflicts = tuple(_conflict(facts.policies[name], found, owner, project) for name, found in refused.items())
    return MemberCheck(conflicts, tuple(_warning(facts.policies[name], found) for name, found in unclear.items()))


def judge(policy: EffectivePolicy, member: str, resolution: ClusterResolution, facts: OrgFacts) -> Verdict:
    """Whether `policy`, one of the two, lets `member` be bound."""
    if policy.undecided:
        return Verdict.UNKNOWN
    homes = set(_organizations(member, resolution, facts))
    if policy.constraint == MANAGED:
        if not policy.enforced:
            return Verdict.PASS
        subjects, sets = _parameter(policy, "allowedMemberSubjects"), _parameter(policy, "allowedPrincipalSets")
        if member in subjects or homes & {text.removeprefix(ORGANIZATION_SET) for text in sets}:
            return Verdict.PASS
        return Verdict.UNKNOWN if sets else Verdict.FAIL
    values = policy.values
    if values is None or values.allow_all:
        return Verdict.PASS if values is not None else Verdict.UNKNOWN
    if values.deny_all or not (values.allowed or values.denied):
        return Verdict.FAIL
    prefix = "is:principalSet://iam.googleapis.com/organizations/"
    named = {text.removeprefix(prefix) for text in values.allowed if text.startswith(prefix)}
    # A denied entry may name the same customer by its other name, so it is never ruled out.
    return Verdict.PASS if homes & named and not values.denied else Verdict.UNKNOWN


def _organizations(member: str, resolution: ClusterResolution, facts: OrgFacts) -> Iterator[str]:
    """Organisations that the member's own project lies in, as far as known. Groups show none."""
    gke = resolution.gke
    if gke is None:
        return
    project = ""
    if member.startswith("serviceAccount:") and member.endswith(".iam.gserviceaccount.com"):
        owner = member.partition("@")[2].removesuffix(".iam.gserviceaccount.com")
        project = owner if f"projects/{owner}" in facts.ancestry else ""
    elif re.search(rf"[/:]{re.escape(gke.project)}\.svc\.id\.goog[/\[]", member):
        project = gke.project
    for node in facts.ancestry.get(f"projects/{project}", ()):
        kind, _, number = node.partition("/")
        if kind == "organizations":
            yield number


def _parameter(policy: EffectivePolicy, name: str) -> tuple[str, ...]:
    value = policy.parameters.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _conflict(policy: EffectivePolicy, members: Sequence[str], owner: str, project: str) -> PolicyConflict:
    listed = ", ".join(members)
    return PolicyConflict(
        rules=(policy.constraint,),
        fields=("tenants", "exposure.iap.allow", "target.gke.pools"),
        problem=f"{policy.constraint} ({policy.source}) refuses to bind {listed}",
        remedies=("name groups and accounts that it allows", "have the members allowed"),
        request=(
            f"To {owner}: please set {policy.constraint} ({policy.source}) at project {project} alone so that it also "
            f"admits these members: {listed}. Other projects stay as they are."
        ),
    )


def _warning(policy: EffectivePolicy, members: Sequence[str]) -> str:
    why = policy.undecided or "it names customers or sets of principals, and these members do not show theirs"
    return (
        f"{policy.constraint} ({policy.source}): unknown whether it lets {', '.join(members)} be bound: {why}; "
        "evidence: gcloud organizations list --format='value(name,owner.directoryCustomerId)', and each group's own"
    )
