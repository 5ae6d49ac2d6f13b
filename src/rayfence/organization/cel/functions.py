"""Functions that Google adds to the language for allow policies, and a quiet, bounded `matches`.

What can't be told from a member's name alone (whether `user:a@b.org` is a Workspace account, whether a member belongs
to an organisation, an address's aliases) is an evaluation error, which ends as "unknown" unless the rest of the
condition decides without it.

Pure. Source: IAM, "Use custom organization policies for allow policies", "Supported functions".
"""

import re
from collections.abc import Callable, Mapping
from typing import Final

import re2  # type: ignore[import-untyped]
from celpy.celtypes import BoolType, ListType
from celpy.evaluation import CELEvalError, CELFunction

#: Characters of a text that a regular expression is run over.
LONGEST_TEXT: Final = 65_536

_OPTIONS: Final = re2.Options()
_OPTIONS.log_errors = False  # it would write them to standard error

_SERVICE: Final = "iam.googleapis.com/"
_CONSUMER: Final = frozenset({"gmail.com", "googlemail.com"})
_AGENT: Final = re.compile(
    r"service-\d+@(?:gcp-sa-[a-z0-9-]+|compute-system|container-engine-robot)\.iam\.gserviceaccount\.com"
)
_POSSIBLE_AGENT: Final = re.compile(r"service-\d+@[a-z0-9-]+\.iam\.gserviceaccount\.com")
_GOOGLE_APIS: Final = re.compile(r"\d+@cloudservices\.gserviceaccount\.com")
_WORKLOAD_POOL: Final = re.compile(r"//iam\.googleapis\.com/projects/[^/]+/locations/global/workloadIdentityPools/.+")
_WORKFORCE_POOL: Final = re.compile(r"//iam\.googleapis\.com/locations/global/workforcePools/.+")


def matches(text: object, pattern: object) -> BoolType | CELEvalError:
    """Whether the pattern (RE2 syntax, linear time) is found in the text."""
    if not isinstance(text, str) or not isinstance(pattern, str):
        raise TypeError("matches wants two strings")
    if len(text) > LONGEST_TEXT:
        return CELEvalError(f"a text of {len(text)} characters is too long to match")
    try:
        found = re2.compile(str(pattern), _OPTIONS).search(str(text))
    except re2.error as error:
        return CELEvalError(f"not a regular expression: {error}")
    return BoolType(found is not None)


def _of_any(test: Callable[[str, str], bool]) -> CELFunction:
    """A function of a string and a list of strings: whether `test` holds for any of them."""

    def function(subject: object, wanted: object) -> BoolType:
        return BoolType(any(test(_text(subject), _text(item)) for item in _texts(wanted)))

    return function


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("a string is wanted")
    return str(value)


def _texts(value: object) -> list[str]:
    if not isinstance(value, ListType):
        raise TypeError("a list of strings is wanted")
    return [_text(item) for item in value]


def possible_types(member: str) -> frozenset[str]:
    """Principal types a member may be of, as MemberTypeMatches names them; empty: none we know."""
    prefix, _, name = member.partition(":")
    return frozenset(_SERVICE + kind for kind in _possible(prefix, name, name.rpartition("@")[2].lower()).split())


def _possible(prefix: str, name: str, domain: str) -> str:
    match prefix:
        case "user":
            return "ConsumerPrincipal" if domain in _CONSUMER else "ConsumerPrincipal WorkspacePrincipal"
        case "group":
            return "ConsumerGroup" if domain == "googlegroups.com" else "ConsumerGroup WorkspaceGroup"
        case "domain":
            return "Domain"
        case "serviceAccount":
            return _possible_account(name)
        case "allUsers" | "allAuthenticatedUsers":
            return "" if name else "PublicPrincipals"
        case "projectOwner" | "projectEditor" | "projectViewer":
            return "ProjectRoleReference"
        case "principal" | "principalSet":
            ending = prefix.removeprefix("principal")
            if _WORKLOAD_POOL.fullmatch(name):
                return f"WorkloadPoolPrincipal{ending}"
            return f"WorkforcePoolPrincipal{ending}" if _WORKFORCE_POOL.fullmatch(name) else ""
    return ""


def _possible_account(email: str) -> str:
    if _AGENT.fullmatch(email) or _GOOGLE_APIS.fullmatch(email):
        return "ServiceAgent"
    if _POSSIBLE_AGENT.fullmatch(email):
        return "ServiceAccount ServiceAgent"
    return "ServiceAccount WorkloadPoolPrincipal" if email.endswith("]") else "ServiceAccount"


def _member_type_matches(member: object, types: object) -> BoolType | CELEvalError:
    possible, wanted = possible_types(_text(member)), set(_texts(types))
    if possible and possible <= wanted:
        return BoolType(True)
    if possible and not possible & wanted:
        return BoolType(False)
    return CELEvalError(f"the type of {_text(member)} can't be told from its name")


def _member_in_principal_set(member: object, sets: object) -> BoolType | CELEvalError:
    name, outside = _text(member), {f"{_SERVICE}PublicPrincipals", f"{_SERVICE}ConsumerPrincipal"}
    _texts(sets)
    possible = possible_types(name)
    if possible and possible <= outside:
        return BoolType(False)
    return CELEvalError(f"whether {name} belongs to the organisation can't be told from its name")


#: By name, to be laid over the language's own.
FUNCTIONS: Final[Mapping[str, CELFunction]] = {
    "matches": matches,
    "RoleNameMatches": _of_any(lambda role, wanted: role == wanted),
    "RoleNameStartsWith": _of_any(str.startswith),
    "RoleNameEndsWith": _of_any(str.endswith),
    "RoleNameContains": _of_any(lambda role, wanted: wanted in role),
    "MemberSubjectMatches": _of_any(lambda member, wanted: member == wanted),
    "MemberSubjectStartsWith": _of_any(str.startswith),
    "MemberSubjectEndsWith": _of_any(str.endswith),
    "MemberTypeMatches": _member_type_matches,
    "MemberInPrincipalSet": _member_in_principal_set,
}
