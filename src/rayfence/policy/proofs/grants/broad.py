"""What no grant of a platform may be: too wide, to nobody in particular, or held by a person instead of a group.

Names the attack where it is not plain. Pure: an empty answer says that none of these holds, not that all is well.
"""

import re
from collections.abc import Iterator, Sequence
from typing import Final

from rayfence.catalog.actors import BASIC
from rayfence.model.proofs import ActorGrant, Plane, RbacRule
from rayfence.policy.proofs.grants.rbac import EVERYWHERE, UNEXPLAINED

#: Actors that are processes: whoever runs code there holds what they hold.
MACHINES: Final = frozenset({"node", "ray-head", "ray-worker", "autoscaler", "gateway"})
#: Actors that are people; iap users are only let through a door.
PEOPLE: Final = frozenset({"developer", "auditor", "iap-user"})
#: Roles that make somebody else: on a project they reach every account in it.
IMPERSONATION: Final = frozenset(
    {"roles/iam.serviceAccountTokenCreator", "roles/iam.serviceAccountUser", "roles/iam.workloadIdentityUser"}
    | {"roles/iam.serviceAccountKeyAdmin", "roles/iam.serviceAccountAdmin"}
)
#: Roles for one occasion: without a condition they never end.
ONLY_FOR_A_WHILE: Final = frozenset({"roles/container.admin"})
#: Roles that give every other role unless a condition says which.
ONLY_FOR_NAMED_ROLES: Final = frozenset(
    {"roles/resourcemanager.projectIamAdmin", "roles/iam.securityAdmin", "roles/resourcemanager.organizationAdmin"}
)
EVERYBODY: Final = frozenset(
    {"allUsers", "allAuthenticatedUsers", "group:system:authenticated", "group:system:unauthenticated"}
    | {"user:system:anonymous", "group:system:masters", "group:system:serviceaccounts"}
)
#: Accounts that Google makes for everybody, with Editor in older projects.
_DEFAULT_ACCOUNT: Final = re.compile(
    r"^serviceAccount:(\d+-compute@developer|[^@]+@appspot)\.gserviceaccount\.com$|/sa/default$|^serviceAccount:.*/default\]?$"
)
#: One person of a workforce pool.
_PERSON: Final = re.compile(r"/workforcePools/[^/]+/subject/")
#: Principals that stand for whole pools or projects.
_WHOLE: Final = re.compile(
    r"/(\*|kubernetes\.cluster/.*|kubernetes\.serviceaccount\.name/.*)$|^project(Owner|Editor|Viewer):"
)
_RAY: Final = frozenset({"rayclusters", "rayjobs", "rayservices", "raycronjobs"})
#: Starting one of these is running code as any account of the namespace.
_WORKLOADS: Final = _RAY | {"pods", "deployments", "statefulsets", "daemonsets", "jobs", "cronjobs", "replicasets"}
_INTO_PODS: Final = frozenset({"pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "services/proxy"})
_STARTS: Final = frozenset({"create", "update", "patch"})
_READS: Final = frozenset({"get", "list", "watch"})


def refuse_broad(grants: Sequence[ActorGrant]) -> tuple[str, ...]:
    """Every breach, as a sentence that names actor, role and resource."""
    return tuple(
        dict.fromkeys(
            f"{grant.actor}: {grant.role} on {grant.on}: {problem}" for grant in grants for problem in _problems(grant)
        )
    )


def _problems(grant: ActorGrant) -> Iterator[str]:
    if grant.actor == UNEXPLAINED or not grant.why or not grant.worst:
        yield "nobody explains it"
    for member in grant.members:
        yield from _member_problems(member)
    if not grant.members and not grant.to_name:
        yield "it says of nobody who holds it"
    if grant.plane is Plane.IAM:
        yield from _iam_problems(grant)
    else:
        yield from _rbac_problems(grant)


def _member_problems(member: str) -> Iterator[str]:
    if member in EVERYBODY:
        yield f"{member} is everybody"
    elif member.startswith("user:") or _PERSON.search(member):
        yield f"{member} is a person: people hold rights by groups"
    elif member.startswith("domain:"):
        yield f"{member} is everybody of a domain"
    elif _DEFAULT_ACCOUNT.search(member):
        yield f"{member} is a default account, which everything runs as that names none"
    elif _WHOLE.search(member):
        yield f"{member} stands for more than one workload"


def _iam_problems(grant: ActorGrant) -> Iterator[str]:
    wide = re.fullmatch(r"(projects|folders|organizations)/[^/]+", grant.on) is not None
    if grant.role in BASIC:
        yield "a basic role holds thousands of permissions on everything"
    if grant.role in IMPERSONATION and wide:
        yield "on a project it reaches every service account in it"
    if grant.role in ONLY_FOR_A_WHILE and "request.time" not in grant.condition:
        yield "without a condition on time it never ends"
    if grant.role in ONLY_FOR_NAMED_ROLES and "modifiedGrantsByRole" not in grant.condition:
        yield "without a condition on the roles it gives every right, to its holder too"
    if grant.actor in MACHINES and wide and grant.role != "roles/container.defaultNodeServiceAccount":
        yield "code that runs there would hold it on the whole project"
    if grant.actor in MACHINES and re.search(r"\.(admin|owner)$|Admin$", grant.role):
        yield "an administrator's role for a process"


def _rbac_problems(grant: ActorGrant) -> Iterator[str]:
    if not grant.rules:
        yield "its rules are not known"
    # Asking whose a token is has no namespace, changes nothing, and tells of those who showed theirs.
    if grant.on == EVERYWHERE and any(rule.resources != ("tokenreviews",) for rule in grant.rules):
        yield "it holds in the whole cluster"
    for rule in grant.rules:
        yield from _rule_problems(grant, rule)


def _rule_problems(grant: ActorGrant, rule: RbacRule) -> Iterator[str]:
    resources, verbs = set(rule.resources), set(rule.verbs)
    if "*" in resources | verbs or "*" in rule.groups:
        yield "a wildcard grants what is not there yet"
    if verbs & {"escalate", "bind", "impersonate"}:
        yield f"{', '.join(sorted(verbs & {'escalate', 'bind', 'impersonate'}))} is everything by a detour"
    if grant.actor == "operator":
        return  # it makes pods, reads tokens and gives the autoscaler its role: in its tenants' namespaces only
    if "secrets" in resources and verbs & _READS:
        yield "Secrets hold Ray's token and certificates"
    # A gateway's ports are for its clients: whoever comes to one is asked who they are.
    to_gateway = grant.actor == "developer" and grant.on.endswith("-gateway")
    if resources & _INTO_PODS - ({"pods/portforward"} if to_gateway else set()):
        yield "commands in a pod run as its account"
    if {"roles", "rolebindings", "serviceaccounts/token"} & resources and verbs & _STARTS:
        yield "it gives rights on"
    started = resources & _WORKLOADS if verbs & _STARTS else set()
    # The autoscaler changes the number of workers of its own cluster, by name; its pods and others stay as they are.
    scales = grant.actor == "autoscaler" and started == {"rayclusters"} and (rule.names or not grant.bound)
    kuberays = grant.actor == "autoscaler" and not grant.bound
    if started and not scales and not kuberays:
        yield f"who changes {', '.join(sorted(started))} runs pods as any account of the namespace"
