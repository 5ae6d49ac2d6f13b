"""Who may be bound to a role at all, and who may pass the Identity-Aware Proxy.

Constraints: iam.allowedPolicyMemberDomains (customer ids or principal sets), iam.managed.allowedPolicyMembers
(subjects and principal sets). Which domain belongs to which customer or organisation stands in no policy: such members
are reported, neither admitted nor refused.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.model.tenancy import ClusterTenant
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import admitted, tagged

DOMAINS: Final = "iam.allowedPolicyMemberDomains"
MEMBERS: Final = "iam.managed.allowedPolicyMembers"
GROUPS_RBAC: Final = "container.managed.enableGoogleGroupsRBAC"

_PUBLIC: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
_GROUP: Final = ("group:", "principalSet://iam.googleapis.com/locations/global/workforcePools/")


def bound_members(case: Case) -> Iterator[tuple[str, str]]:
    """Every member the spec names, with its field."""
    if case.gke.iap is not None:
        for index, member in enumerate(case.gke.iap.allow):
            yield member, f"exposure.iap.allow[{index}]"
    for duty in case.gke.duties:
        for position, member in enumerate(duty.members):
            yield member, f"{field_of(duty.actor)}[{position}]"
    for index, tenant in enumerate(case.platform.tenants):
        for role, members in _roles(tenant):
            for position, member in enumerate(members):
                yield member, f"tenants[{index}].roles.{role}[{position}]"


def field_of(actor: str) -> str:
    """The field of the spec that names an actor's members."""
    first, *others = actor.split("-")
    field = f"actors.{first}{''.join(word.capitalize() for word in others)}"
    return f"{field}.groups" if actor == "operator-installer" else field


def members(case: Case) -> None:
    """Check every member against the two constraints, and the proxy's members against our own rule: groups only."""
    unknown: dict[str, list[str]] = {}
    for member, field in bound_members(case):
        if member in _PUBLIC:
            problem = f"{member} is everybody: nobody could be held to anything"
            case.refuse(case.rules.binding(DOMAINS, MEMBERS), (field,), problem, ("name a group",))
            continue
        for policy in case.rules.policies(DOMAINS, MEMBERS):
            verdict = _verdict(policy, member)
            if verdict is False:
                _refuse(case, policy, member, field)
            elif verdict is None:
                unknown.setdefault(policy.constraint, []).append(member)
    for constraint, names in unknown.items():
        listed = ", ".join(sorted(set(names)))
        case.warnings.append(
            f"{constraint} ({case.rules.source(constraint)}): whether it admits {listed} can't be told from policies; "
            "the evidence is the customer or organisation that owns their domain"
        )
    _proxy_members(case)


def security_group(case: Case) -> str | None:
    """The group that holds all groups RBAC may name; GKE takes one of this name only."""
    group = case.gke.security_group
    field = "target.gke.securityGroup"
    path = "gke.security_group"
    if group is None:
        binding = case.rules.binding(GROUPS_RBAC)
        if binding:
            problem = f"the organisation wants people to be granted by group: {case.rules.source(GROUPS_RBAC)}"
            remedy = "set securityGroup: gke-security-groups@DOMAIN"
            why = "people are granted by workforce pool, which GKE's group setting does not cover"
            case.refuse(binding, (field,), problem, (remedy,), tagged(GROUPS_RBAC, case.rules.organization(), why))
        case.decide(path, None, "not specified: Kubernetes roles can't name groups of Google")
        return None
    if not group.startswith("gke-security-groups@") or group.count("@") != 1 or group.endswith("@"):
        problem = f"GKE takes no other name than gke-security-groups@DOMAIN; {group!r} is another"
        case.refuse(case.rules.binding(GROUPS_RBAC), (field,), problem, ("make that group, and put the others in it",))
    case.decide(path, group, "people are granted by group, and leave with it", serves=(GROUPS_RBAC,))
    return group


def _roles(tenant: ClusterTenant) -> tuple[tuple[str, tuple[str, ...]], ...]:
    roles = tenant.roles
    return (
        ("viewer", roles.viewer),
        ("submitter", roles.submitter),
        ("operator", roles.operator),
        ("rayClient", roles.ray_client),
        ("serveCall", roles.serve_call),
    )


def _verdict(policy: EffectivePolicy, member: str) -> bool | None:
    """Whether a policy admits a member; None: it can't be told."""
    if policy.undecided:
        return None
    if policy.values is not None:
        values = policy.values
        if values.deny_all:
            return False
        return True if values.allow_all and not values.denied else None
    if not policy.enforced:
        return True
    subjects, sets = _texts(policy, "allowedMemberSubjects"), _texts(policy, "allowedPrincipalSets")
    if member in subjects:
        return True
    return None if sets or not subjects else False


def _texts(policy: EffectivePolicy, name: str) -> tuple[str, ...]:
    value = policy.parameters.get(name)
    return tuple(str(item) for item in value) if isinstance(value, list | tuple) else ()


def _refuse(case: Case, policy: EffectivePolicy, member: str, field: str) -> None:
    case.refuse(
        (policy.constraint,),
        (field,),
        f"{member} may not be bound to anything in this project: {policy.source}",
        ("name a member that is allowed", "ask for the exception below"),
        admitted(policy.constraint, member, "this group uses the platform, and is granted nothing else"),
    )


def _proxy_members(case: Case) -> None:
    iap = case.gke.iap
    if iap is None:
        return
    if not iap.allow:
        case.refuse((), ("exposure.iap.allow",), "nobody may pass the proxy", ("name at least one group",))
    wider = [member for member in iap.allow if not member.startswith(_GROUP) and member not in _PUBLIC]
    waiver = None
    if wider:
        problem = f"{', '.join(wider)} is no group: nobody is taken out of it when they leave a team"
        waiver = case.refuse_unwaived("iap-members", "exposure.iap.allow", problem, "name a group")
    reason = "who may pass the proxy, one binding per backend"
    case.decide("gke.iap.allow", iap.allow, reason, waiver=waiver, serves=(DOMAINS, MEMBERS), source=Source.SPEC)
