"""How pods prove themselves at Google's APIs: Workload Identity, unless the organisation forbids it.

Constraints: iam.disableWorkloadIdentityClusterCreation, container.managed.enableWorkloadIdentityFederation,
iam.disableServiceAccountKeyCreation and its managed twin, iam.disableServiceAccountCreation.
"""

from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode
from rayfence.model.tenancy import ClusterTenant, WorkloadIdentity
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import tagged
from rayfence.policy.identity.accounts import refuse_creation

DISABLED: Final = "iam.disableWorkloadIdentityClusterCreation"
DEMANDED: Final = "container.managed.enableWorkloadIdentityFederation"
KEYS: Final = ("iam.disableServiceAccountKeyCreation", "iam.managed.disableServiceAccountKeyCreation")

#: Longest age of a key file, in days, whatever a waiver says.
LONGEST_KEY: Final = 90

#: Roles that are more than use: whoever has them can hand them on.
ADMINS: Final = frozenset({"admin", "dataowner"})
BASIC: Final = frozenset({"owner", "editor", "viewer"})

_PATH: Final = "gke.workload_pool"


def workload_pool(case: Case) -> str | None:
    """Decide Workload Identity of the cluster.

    1. On, unless the organisation forbids it on new clusters (or may do so).
    2. Forbidden: what needs it (another rule, Autopilot, a tenant's identity) contradicts.
    3. Off without contradiction is still a weakening: pods would act as their node. It takes a waiver.
    """
    pool = f"{case.gke.project}.svc.id.goog"
    if not case.rules.binding(DISABLED):  # 1
        reason = "each tenant's pods have an identity of their own, without any key"
        case.decide(_PATH, pool, reason, serves=(DEMANDED,))
        return pool
    opposed = _opposed(case)
    if opposed or case.rules.undecided(DISABLED):  # 2
        _contradiction(case, opposed)
        case.decide(
            _PATH, pool, "kept until the contradiction is resolved: the safe way of the two", serves=(DEMANDED,)
        )
        return pool
    waiver = case.waived("workload-identity")  # 3
    if waiver is None:
        _contradiction(case, ("the recommendation that each workload has an identity of its own",))
        case.decide(
            _PATH, pool, "kept until the contradiction is resolved: the safe way of the two", serves=(DEMANDED,)
        )
        return pool
    reason = "the organisation forbids Workload Identity on new clusters, and no tenant needs it"
    case.decide(_PATH, None, reason, serves=(DISABLED,), waiver=waiver)
    return None


def metadata_server(case: Case, pool: str | None) -> bool:
    """Whether Ray pods are bound to nodes with GKE's metadata server, which hides the node's own account."""
    needed = pool is not None and case.gke.mode is GkeMode.STANDARD
    reason = "pods never see the node's account" if needed else "every node has it, or none"
    case.decide("kubernetes.metadata_server", needed, reason)
    return needed


def tenant_identities(case: Case) -> None:
    """Check each tenant's way and what it may use, and record both."""
    for index, tenant in enumerate(case.platform.tenants):
        _identity(case, tenant, f"tenants[{index}].identity.mode")
        _access(case, tenant, f"tenants[{index}].access")


def _opposed(case: Case) -> tuple[str, ...]:
    opposed = [*case.rules.binding(DEMANDED)]
    opposed += [
        rule.name
        for rule in case.rules.facts.custom
        if "GKE_METADATA" in rule.condition or "workloadIdentityConfig" in rule.condition
    ]
    if case.gke.mode is GkeMode.AUTOPILOT:
        opposed.append("target.gke.mode: autopilot, where it is always on")
    keyless = {WorkloadIdentity.PRINCIPAL, WorkloadIdentity.ANNOTATED}
    opposed += [
        f"tenants[{index}].access, reached by mode: {tenant.identity.value}"
        for index, tenant in enumerate(case.platform.tenants)
        if tenant.identity in keyless and (tenant.access or tenant.identity is WorkloadIdentity.ANNOTATED)
    ]
    return tuple(opposed)


def _contradiction(case: Case, opposed: tuple[str, ...]) -> None:
    rules = (DISABLED, *(name for name in opposed if name.startswith(("container.", "custom."))))
    fields = [name.partition(",")[0].partition(":")[0] for name in opposed if name.startswith(("target.", "tenants["))]
    undecided = case.rules.undecided(DISABLED)
    doubt = f" (undecided: {undecided[0].undecided})" if undecided else ""
    against = "; ".join(opposed) or "neither way is safe while it is undecided"
    remedies = ["ask for the exception below: the article recommends Workload Identity, and so do we"]
    if undecided:
        remedies.insert(0, "give the evidence that decides it, e.g. organization.tags")
    if not rules[1:] and case.gke.mode is GkeMode.STANDARD:
        remedies.append(
            "or do without: tenants with access use mode: node on a pool of their own, and a waiver of "
            "workload-identity accepts that pods act as their nodes"
        )
    case.refuse(
        rules,
        tuple(fields) or ("target.gke",),
        f"{case.rules.source(DISABLED)} forbids Workload Identity on new clusters{doubt}; against it stand: {against}",
        tuple(remedies),
        tagged(
            DISABLED,
            case.rules.organization(),
            "without Workload Identity every pod of a node acts as the node's account, and tenants can't be told apart",
        ),
    )


def _identity(case: Case, tenant: ClusterTenant, field: str) -> None:
    path = f"tenants.{tenant.name}.identity"
    if tenant.identity is WorkloadIdentity.PRINCIPAL:
        reason = "the pods' own service account is the principal: nothing to steal or rotate"
        case.decide(path, tenant.identity, reason, serves=KEYS)
    elif tenant.identity is WorkloadIdentity.ANNOTATED:
        refuse_creation(case, field, f"the account that {tenant.name}'s pods impersonate must be made")
        reason = "as specified: for APIs that do not know federated principals"
        case.decide(path, tenant.identity, reason, source=Source.SPEC)
    elif tenant.identity is WorkloadIdentity.NODE:
        _node(case, tenant, field, path)
    else:
        _key_file(case, tenant, field, path)


def _access(case: Case, tenant: ClusterTenant, field: str) -> None:
    reason = "one binding on this resource, for this tenant's pods, never project-wide"
    for index, grant in enumerate(tenant.access):
        path = f"tenants.{tenant.name}.access[{index}]"
        value = f"{grant.role} on {grant.service} {grant.resource}"
        short = grant.role.removeprefix("roles/").rpartition(".")[2].lower()
        if grant.role.removeprefix("roles/").lower() in BASIC:
            problem = f"{grant.role} reaches far beyond one resource"
            case.refuse((), (f"{field}[{index}].role",), problem, ("name a role of this service",))
        waiver = None
        if short in ADMINS:
            problem = f"{grant.role} lets pods give others rights on {grant.resource}"
            remedy = "name a role that reads or writes"
            waiver = case.refuse_unwaived("admin-grant", f"{field}[{index}].role", problem, remedy)
        case.decide(path, value, reason, waiver=waiver, source=Source.SPEC)


def _node(case: Case, tenant: ClusterTenant, field: str, path: str) -> None:
    own = [pool for pool in case.gke.pools if pool.tenant == tenant.name and pool.node_identity]
    if not own:
        remedies = (f"give a pool tenant: {tenant.name} and nodeIdentity: true", "use mode: principal")
        problem = f"{tenant.name}'s pods would act as nodes that other tenants use too"
        case.refuse((), (field, "target.gke.pools"), problem, remedies)
    waiver = case.refuse_unwaived(
        "node-identity",
        field,
        f"every pod on {tenant.name}'s nodes may act as the nodes' account",
        "use mode: principal",
    )
    case.decide(path, tenant.identity, "as specified", waiver=waiver, source=Source.SPEC)


def _key_file(case: Case, tenant: ClusterTenant, field: str, path: str) -> None:
    binding = case.rules.binding(*KEYS)
    if binding:
        case.refuse(
            binding,
            (field,),
            f"the organisation lets nobody make keys of service accounts: {case.rules.source(binding[0])}",
            ("use mode: principal", "ask for the exception below"),
            [
                tagged(rule, case.rules.organization(), f"jobs of {tenant.name} must show a key file to a service")
                for rule in binding
            ],
        )
    age = tenant.key_max_age_days
    if not 1 <= age <= LONGEST_KEY:
        problem = f"a key file needs a maximum age of 1 to {LONGEST_KEY} days; {age} is none"
        case.refuse((), (field.replace("mode", "maxAgeDays"),), problem, ("set maxAgeDays",))
    waiver = case.refuse_unwaived(
        "service-account-key",
        field,
        "a key file can be copied, and whoever has it is the account",
        "use mode: principal",
    )
    value = f"{tenant.identity.value}, at most {age} days old"
    case.decide(path, value, "as specified", waiver=waiver, source=Source.SPEC)
