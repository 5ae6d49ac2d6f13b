"""Service accounts of nodes: never the default one, one of their own for the pools of a tenant.

Constraints: iam.disableServiceAccountCreation, iam.disableCrossProjectServiceAccountUsage,
iam.automaticIamGrantsForDefaultServiceAccounts, container.managed.disallowDefaultComputeServiceAccount.
"""

import hashlib
import re
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.frozen import dataclass
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import tagged

CREATION: Final = "iam.disableServiceAccountCreation"
CROSS_PROJECT: Final = "iam.disableCrossProjectServiceAccountUsage"
NO_DEFAULT: Final = (
    "container.managed.disallowDefaultComputeServiceAccount",
    "iam.automaticIamGrantsForDefaultServiceAccounts",
)

#: Longest name of a service account that Google takes.
LONGEST: Final = 30

_DEFAULT: Final = re.compile(r"(default|\d+-compute@developer\.gserviceaccount\.com)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Account:
    """`email` in full; `made`: ours to make, by the short name `short`."""

    email: str
    made: bool
    short: str


def short_name(*parts: str) -> str:
    """A service account's short name out of words: cut with a digest where it would be too long or too short."""
    name = "-".join(parts)
    if 6 <= len(name) <= LONGEST:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:6]
    return f"{name[: LONGEST - 7].rstrip('-')}-{digest}"


def made_account(project: str, *parts: str) -> Account:
    """An account of ours."""
    short = short_name(*parts)
    return Account(f"{short}@{project}.iam.gserviceaccount.com", True, short)


def node_account(case: Case, given: str | None, field: str, path: str, *parts: str) -> Account:
    """The account of a pool: the one `given`, else one of ours, which the organisation must let us make."""
    project = case.gke.project
    if given is None:
        account = made_account(project, *parts)
        refuse_creation(case, field, f"the account {account.short} of its nodes must be made")
        reason = "an account of its own with the rights of a node, never the default one"
        case.decide(path, account.email, reason, serves=NO_DEFAULT)
        return account
    case.decide(path, given, "as specified; exists already", serves=(*NO_DEFAULT, CREATION), source=Source.SPEC)
    if _DEFAULT.fullmatch(given):
        problem = "the default service account may be an editor of the whole project, and every project shares its kind"
        remedy = "name an account made for these nodes, or leave serviceAccount out"
        case.refuse(case.rules.binding(*NO_DEFAULT), (field,), problem, (remedy,))
    elif not given.endswith(f"@{project}.iam.gserviceaccount.com"):
        _foreign(case, given, field)
    return Account(given, False, given.partition("@")[0])


def refuse_creation(case: Case, field: str, problem: str) -> None:
    """A conflict if the organisation lets nobody make service accounts here."""
    binding = case.rules.binding(CREATION)
    if binding:
        case.refuse(
            binding,
            (field,),
            f"{problem}, and the organisation lets none be made here: {case.rules.source(CREATION)}",
            (f"have the account made by whoever may, and name it in {field}", "ask for the exception below"),
            tagged(CREATION, case.rules.organization(), "nodes must not run as the project's default service account"),
        )


def _foreign(case: Case, given: str, field: str) -> None:
    binding = case.rules.binding(CROSS_PROJECT)
    if not binding:
        case.warnings.append(
            f"{field}: {given} lives in another project; Google refuses that unless a policy allows it"
        )
        return
    case.refuse(
        binding,
        (field,),
        f"{given} does not live in {case.gke.project}, and the organisation binds accounts to their own project",
        (f"name an account of {case.gke.project}, or leave it out",),
        tagged(CROSS_PROJECT, case.rules.organization(), f"the nodes' account {given} is kept in a project of its own"),
    )
