"""Constraints on service accounts: their making, their keys, their projects, and the pools that stand in for them.

Sources: IAM, "Restricting service account usage"; Google Cloud, "Organization policy constraints".
"""

import re
from collections.abc import Iterator
from typing import Final

from rayfence.model.tenancy import WorkloadIdentity
from rayfence.policy.constraints.admission import Admission, admit
from rayfence.policy.constraints.container import account_mark
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Mark,
    irrelevant,
    satisfied,
    unknown,
    weigh,
)
from rayfence.policy.constraints.rendered import (
    Item,
    Machine,
    Origin,
    Rendered,
    items_at,
    text_at,
)

KEY: Final = "google_service_account_key"
ACCOUNT: Final = "google_service_account"
_ACCOUNT: Final = re.compile(r"[^@]+@(?P<project>[a-z0-9.-]+)\.iam\.gserviceaccount\.com")
_DEFAULT_COMPUTE: Final = re.compile(r"(?P<number>\d+)-compute@developer\.gserviceaccount\.com")
#: Accounts that Google makes for its services; their project is Google's.
AGENT: Final = re.compile(
    r".+@(gcp-sa-[a-z0-9-]+|[a-z0-9-]+-(robot|system)|gs-project-accounts|cloudservices|bigquery-encryption)(\.iam)?\.gserviceaccount\.com"
)


def _key_files(rendered: Rendered) -> Iterator[Mark]:
    problem = "a key of a service account is made"
    for item in rendered.of(KEY):
        if not item.body.get("publicKeyData"):
            yield Mark(item.address, problem)
    for number, tenant in enumerate(rendered.resolution.platform.tenants):
        if tenant.identity is WorkloadIdentity.KEY_FILE:
            yield Mark(f"tenants[{number}].identity", f"{problem} for tenant {tenant.name}")


def _no_keys(case: Case) -> Finding:
    return weigh(
        _key_files(case.rendered), "", satisfied("no key of a service account is made: pods have Workload Identity")
    )


def _no_uploads(case: Case) -> Finding:
    marks = [
        Mark(item.field("publicKeyData"), "a key is uploaded")
        for item in case.rendered.of(KEY)
        if item.body.get("publicKeyData")
    ]
    return weigh(marks, "", satisfied("the platform uploads no key"))


def _no_api_keys(case: Case) -> Finding:
    marks = [Mark(item.address, "an API key is made") for item in case.rendered.of("google_apikeys_key")]
    return weigh(marks, "", satisfied("the platform makes no API key"))


def _exposed_keys(case: Case) -> Finding:
    if any(mark for mark in _key_files(case.rendered)):
        return satisfied(
            "Google disables or watches an exposed key as the policy says; nothing of ours stands against it"
        )
    return irrelevant("there is no key that could be exposed")


def _no_accounts(case: Case) -> Finding:
    marks = [Mark(item.address, f"{item.address} is made") for item in case.rendered.of(ACCOUNT)]
    return weigh(marks, "", satisfied("every service account exists already"))


def _same_project(case: Case) -> Finding:
    rendered = case.rendered
    marks = [_project_mark(rendered, machine) for machine in rendered.machines]
    return weigh(marks, "every machine runs as an account of its own project", irrelevant("there are no machines"))


def _project_mark(rendered: Rendered, machine: Machine) -> Mark:
    path, account = "serviceAccount", text_at(machine.setup, "serviceAccount")
    if machine.origin in {Origin.NOTEBOOK, Origin.INSTANCE}:
        path = "serviceAccounts[0].email"
        account = next((text_at(entry, "email") for entry in items_at(machine.setup, "serviceAccounts")), "")
    field = machine.field(path)
    if account in {"", "default"}:
        return Mark(field)
    home = home_project(account)
    gke = rendered.resolution.gke
    ours = {rendered.project, gke.project_number if gke else None}
    if home in ours and home:
        return Mark(field)
    if not home or (home.isdigit() and gke is not None and gke.project_number is None):
        return Mark(field, missing=f"the project of {account}")
    return Mark(field, f"{machine.address} runs as {account}, an account of another project")


def home_project(account: str) -> str:
    """Project id or number of a service account's e-mail; empty where it can't be read."""
    if found := _DEFAULT_COMPUTE.fullmatch(account):
        return found["number"]
    if AGENT.fullmatch(account):
        return ""
    found = _ACCOUNT.fullmatch(account)
    if not found:
        return ""
    name, dot, domain = found["project"].partition(".")
    return f"{domain}:{name}" if dot else name  # projects of a domain are written the other way round


def _no_automatic_grants(case: Case) -> Finding:
    """Default accounts have no role then: nodes that run as one can neither log nor pull."""
    marks = [account_mark(machine) for machine in case.rendered.nodes]
    return weigh(marks, "no node relies on the roles of a default account", irrelevant("there are no nodes"))


def _pool_providers(case: Case) -> Finding:
    rendered = case.rendered
    cluster = rendered.cluster
    providers = rendered.of("google_iam_workload_identity_pool_provider")
    if providers:
        return weigh((_provider_mark(case, item) for item in providers), "every provider is admitted", irrelevant(""))
    if cluster is None or not (rendered.autopilot or text_at(cluster.body, "workloadIdentityConfig.workloadPool")):
        return irrelevant("the platform has no workload pool")
    return unknown(
        "whether the rule governs GKE's own workload pool (PROJECT.svc.id.goog), which has no provider of ours: make a "
        "cluster under the policy in dry run",
        cluster.field("workloadIdentityConfig.workloadPool"),
    )


def _provider_mark(case: Case, item: Item) -> Mark:
    admission: Admission = admit(case, text_at(item.body, "oidc.issuerUri"))
    field = item.field("oidc.issuerUri")
    if admission.allowed is None:
        return Mark(field, missing=admission.why)
    return Mark(field, "" if admission.allowed else f"{item.address} is of an issuer that is not admitted")


_KEY_REMEDY: Final = "Workload Identity instead of key files, which is rayfence's default"
_KEYS: Final = ("tenants.identity",)
_UPLOAD_NEVER: Final = "no spec can violate it: the platform uploads no key"

CRITERIA: Final = (
    Criterion(
        "iam.disableServiceAccountKeyCreation", "No key of a service account is made.", _KEY_REMEDY, _KEYS, _no_keys
    ),
    Criterion(
        "iam.managed.disableServiceAccountKeyCreation",
        "No key of a service account is made.",
        _KEY_REMEDY,
        _KEYS,
        _no_keys,
    ),
    Criterion(
        "iam.disableServiceAccountKeyUpload",
        "No public key is uploaded to a service account.",
        "nothing to do",
        (),
        _no_uploads,
        never=_UPLOAD_NEVER,
    ),
    Criterion(
        "iam.managed.disableServiceAccountKeyUpload",
        "No public key is uploaded to a service account.",
        "nothing to do",
        (),
        _no_uploads,
        never=_UPLOAD_NEVER,
    ),
    Criterion(
        "iam.managed.disableServiceAccountApiKeyCreation",
        "No API key is bound to a service account.",
        "nothing to do",
        (),
        _no_api_keys,
        never="no spec can violate it: the platform makes no API key",
    ),
    Criterion(
        "iam.serviceAccountKeyExposureResponse",
        "Google disables exposed keys, or waits for abuse.",
        "nothing to do",
        (),
        _exposed_keys,
        never="no spec can violate it: it says what Google does with an exposed key, not what may be made",
    ),
    Criterion(
        "iam.disableServiceAccountCreation",
        "No service account is made.",
        "existing accounts in `pools.serviceAccount` and for every tenant, made beforehand by their owner",
        ("ServiceAccount",),
        _no_accounts,
    ),
    Criterion(
        "iam.disableCrossProjectServiceAccountUsage",
        "Machines run as accounts of their own project.",
        "`pools.serviceAccount` of the cluster's project",
        ("nodePools.config.serviceAccount",),
        _same_project,
    ),
    Criterion(
        "iam.automaticIamGrantsForDefaultServiceAccounts",
        "Default accounts have no role, so nothing may rely on one.",
        "an account of its own per pool, which is rayfence's default",
        ("nodePools.config.serviceAccount",),
        _no_automatic_grants,
    ),
    Criterion(
        "iam.workloadIdentityPoolProviders",
        "Workload pools trust listed identity providers only.",
        "find out, in dry run, whether GKE's own pool is governed",
        ("workloadIdentityConfig.workloadPool",),
        _pool_providers,
        never="no spec can be shown to satisfy or violate it: the platform makes no provider, and whether GKE's own "
        "pool is governed is not verified",
    ),
)
