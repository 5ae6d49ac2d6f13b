"""Constraints on policies: members of bindings, basic roles, exemptions from the audit log.

Members are read from every rendered policy (`bindings`, `member`, `members`). Whether a person or group belongs to the
organisation's directory is written nowhere here: such members are unknown unless the policy names them.
Sources: IAM, "Domain-restricted sharing"; IAM, "Principal identifiers"; "Organization policy constraints".
"""

import re
from collections.abc import Iterator
from typing import Final

from rayfence.model.orgpolicy import ListValues
from rayfence.policy.constraints.container import is_default_account
from rayfence.policy.constraints.criterion import (
    Case,
    Criterion,
    Finding,
    Mark,
    irrelevant,
    satisfied,
    weigh,
)
from rayfence.policy.constraints.identity.accounts import AGENT, home_project
from rayfence.policy.constraints.rendered import (
    Rendered,
    items_at,
    text_at,
    texts_at,
    walk,
)

#: Members that are everybody, or everybody with any Google account.
PUBLIC: Final = frozenset({"allUsers", "allAuthenticatedUsers"})
BASIC_ROLES: Final = frozenset({"roles/owner", "roles/editor"})
_POOL: Final = re.compile(r"principal(Set)?://iam\.googleapis\.com/projects/(?P<number>[^/]+)/.*")
_LEGACY_POOL: Final = re.compile(r"serviceAccount:(?P<project>[^.\[]+)\.svc\.id\.goog\[.*")
_SET_ROOT: Final = "//cloudresourcemanager.googleapis.com/"


def members(rendered: Rendered) -> Iterator[tuple[str, str, str]]:
    """(field, role, member) of every rendered binding."""
    for item in rendered.items:
        for number, binding in enumerate(items_at(item.body, "bindings")):
            for member in texts_at(binding, "members"):
                yield item.field(f"bindings[{number}].members"), text_at(binding, "role"), member
        role = text_at(item.body, "role")
        for member in (*texts_at(item.body, "members"), text_at(item.body, "member")):
            if role and member:
                yield item.field("members"), role, member
        # A renderer whose body leaves the members out must not hide them: Terraform's form names them too.
        if "_iam_" in item.block and "bindings" not in item.body and not role:
            for member in (*texts_at(item.attributes, "members"), text_at(item.attributes, "member")):
                if member:
                    yield item.field("member"), text_at(item.attributes, "role"), member


def _no_basic_roles(case: Case) -> Finding:
    marks = []
    for field, role, member in members(case.rendered):
        account = member.removeprefix("serviceAccount:")
        default = is_default_account(account) or account.endswith("@appspot.gserviceaccount.com")
        if role in BASIC_ROLES and member.startswith("serviceAccount:") and default:
            marks.append(Mark(field, f"{role} is granted to {account}"))
    return weigh(marks, "", satisfied("no default account is granted owner or editor"))


def _member_domains(case: Case) -> Finding:
    """The legacy list: customer ids of directories, and organisations as principal sets."""
    values = case.policy.values or ListValues(deny_all=True)
    marks = [_domain_mark(case, values, field, member) for field, _, member in members(case.rendered)]
    return weigh(marks, "every member belongs to an admitted organisation", irrelevant("the platform binds no member"))


def _domain_mark(case: Case, values: ListValues, field: str, member: str) -> Mark:
    if values.deny_all:
        return Mark(field, f"{member} can't be granted anything: everything is denied")
    if member in PUBLIC and values.allowed:
        return Mark(field, f"{member} is in no directory")
    if "svc.id.goog" in member:
        return Mark(field, missing="whether members of GKE's workload pool (`principal://…svc.id.goog…`) are exempt")
    home = _home_of(case.rendered, member)
    if values.denied:
        if home and _organizations(values.denied).intersection(_chain(case, home)):
            return Mark(field, f"{member} belongs to a denied organisation")
        return Mark(field, missing=f"whether {member} belongs to {', '.join(values.denied)}, which is denied")
    sets = _organizations(values.allowed)
    return _belonging(case, field, member, sets, others=len(sets) < len(set(values.allowed)))


def _organizations(entries: tuple[str, ...]) -> set[str]:
    """`organizations/N` of the entries that are principal sets; customer ids have no such name."""
    named = (entry.removeprefix("is:").partition("://iam.googleapis.com/") for entry in entries)
    return {node for scheme, _, node in named if scheme == "principalSet"}


def _policy_members(case: Case) -> Finding:
    """The managed rule: subjects by name, and organisations as principal sets.

    A set covers accounts, groups, service accounts, agents and workload pools of its organisation. Source: IAM,
    `iam.managed.allowedPolicyMembers`.
    """
    subjects = set(texts_at(case.policy.parameters, "allowedMemberSubjects"))
    listed = texts_at(case.policy.parameters, "allowedPrincipalSets")
    sets = {entry.removeprefix(_SET_ROOT) for entry in listed if entry.startswith(_SET_ROOT)}
    marks = []
    for field, _, member in members(case.rendered):
        if member in subjects:
            marks.append(Mark(field))
        elif member in PUBLIC:
            marks.append(Mark(field, f"{member} can't be admitted"))
        elif not listed:
            marks.append(Mark(field, f"{member} is not among the admitted subjects, and no principal set is admitted"))
        else:
            marks.append(_belonging(case, field, member, sets, others=len(sets) < len(set(listed))))
    return weigh(marks, "every member is admitted", irrelevant("the platform binds no member"))


def _belonging(case: Case, field: str, member: str, sets: set[str], *, others: bool) -> Mark:
    """Whether a member belongs to one of the admitted nodes; `others`: directories or pools are admitted as well.

    A directory's customer id can't be compared with an organisation's number.
    """
    home = _home_of(case.rendered, member)
    if not home:
        hint = "its domain's customer id stands in `gcloud organizations list`"
        return Mark(field, missing=f"whether {member} belongs to an admitted organisation: {hint}")
    chain = _chain(case, home)
    if sets.intersection(chain):
        return Mark(field)
    if not chain[-1].startswith("organizations/"):
        return Mark(field, missing=f"the ancestry of projects/{home}, the project of {member}")
    if others:
        return Mark(field, missing=f"whether {chain[-1]}, the organisation of {member}, is what the policy lists")
    return Mark(field, f"{member} belongs to {chain[-1]}, which is not admitted")


def _chain(case: Case, project: str) -> tuple[str, ...]:
    """A project with all that is known to lie above it."""
    return (f"projects/{project}", *case.facts.ancestry.get(f"projects/{project}", ()))


def _home_of(rendered: Rendered, member: str) -> str:
    """Project of a member; empty for people and groups. Agents and workload pools count to the project they serve."""
    if found := _POOL.fullmatch(member):
        gke = rendered.resolution.gke
        known = gke.project_number if gke else None
        return rendered.project if found["number"] in {known, "PROJECT_NUMBER", rendered.project} else ""
    if found := _LEGACY_POOL.fullmatch(member):
        return found["project"]
    if not member.startswith("serviceAccount:"):
        return ""
    account = member.removeprefix("serviceAccount:")
    if AGENT.fullmatch(account):
        number = re.search(r"\d+|PROJECT_NUMBER", account)
        gke = rendered.resolution.gke
        ours = {gke.project_number if gke else None, "PROJECT_NUMBER"}
        return rendered.project if number and number[0] in ours else ""
    return home_project(account)


def _exemptions(case: Case) -> Finding:
    marks, seen = [], False
    for item in case.rendered.items:
        for path, value in walk(item.body):
            seen = seen or "auditLogConfigs" in path or "auditConfigs" in path
            if "exemptedMembers" in path and value:
                marks.append(Mark(item.field(path), f"{value} is exempt from the audit log"))
        seen = seen or "audit_config" in item.block
    if seen and not marks:
        return satisfied("audit configurations exempt nobody")
    return weigh(marks, "", satisfied("the platform exempts nobody from the audit log"))


CRITERIA: Final = (
    Criterion(
        "iam.managed.preventPrivilegedBasicRolesForDefaultServiceAccounts",
        "Default accounts are never granted owner or editor.",
        "narrower roles, for accounts of their own",
        ("bindings.members",),
        _no_basic_roles,
    ),
    Criterion(
        "iam.allowedPolicyMemberDomains",
        "Members of bindings belong to listed directories or organisations.",
        "groups of the organisation only; nobody from outside through the Identity-Aware Proxy",
        ("bindings.members",),
        _member_domains,
    ),
    Criterion(
        "iam.managed.allowedPolicyMembers",
        "Members of bindings are listed, or belong to a listed organisation.",
        "groups of the organisation only; nobody from outside through the Identity-Aware Proxy",
        ("bindings.members",),
        _policy_members,
    ),
    Criterion(
        "iam.disableAuditLoggingExemption",
        "Nobody is exempt from the audit log.",
        "no `exemptedMembers`, which is what rayfence makes",
        ("auditConfigs.auditLogConfigs.exemptedMembers",),
        _exemptions,
    ),
)
