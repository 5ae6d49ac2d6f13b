"""Who someone is: by password, or by the operator's key file. And what their account grants at this moment."""

import hmac
from dataclasses import dataclass
from pathlib import Path

from rayfence.access.principal import Principal
from rayfence.gateway.answers import Refused, busy
from rayfence.gateway.files import read_private
from rayfence.gateway.identity.names import is_name
from rayfence.gateway.service import Call, Service
from rayfence.gateway.sessions.roles import highest_role, lower_role
from rayfence.model.routes import Right, Role


@dataclass(frozen=True, slots=True)
class Grant:
    """A proven subject with the role and rights of its account."""

    subject: str
    role: Role
    rights: tuple[Right, ...]


async def by_password(service: Service, call: Call, name: str, password: str) -> Grant:
    """The account whose password this is. Raises Refused: 401, 429 when locked, 503 when too many hash at once.

    Unknown and known names take the same path through lock-out, hash and answer; only the last line differs.
    """
    if service.passwords.full:
        raise busy("too many log-ins at once; try again", 1)
    wait = service.lockout.attempt(name, call.source)
    if wait:
        _failed(service, call, name, 429)
        raise Refused(
            429, "locked_out", "too many failed log-ins; wait before the next one", headers={"retry-after": str(wait)}
        )
    account = service.accounts.find(name)
    if not await service.passwords.matches(account.hash if account else None, password) or account is None:
        _failed(service, call, name, 401)
        raise Refused(401, "login_failed", "user name or password is wrong")
    service.lockout.succeeded(name, call.source)
    return Grant(account.name, account.role, account.rights)


async def by_operator_key(service: Service, call: Call, key: str) -> Grant:
    """The OS user who started the instance: who can read its 0600 key file is the operator. Raises Refused 401."""
    expected = read_private(Path(service.settings.operator_key)).strip()
    if len(expected) < 32 or not hmac.compare_digest(expected.encode(), key.strip().encode()):
        _failed(service, call, "operator key", 401)
        raise Refused(401, "login_failed", "this is not the operator's key")
    return Grant(service.settings.operator_subject, Role.ADMIN, tuple(Right))


def current_grant(service: Service, claims: Principal) -> Grant:
    """What the caller may still have: the session's and the account's, whichever is less. Raises Refused 401.

    A session outlives a role change by the fraction of a second its revocation takes; it must mint nothing in between.
    """
    if claims.subject == service.settings.operator_subject:
        role, rights = Role.ADMIN, tuple(Right)
    else:
        account = service.accounts.find(claims.subject)
        if account is None:
            raise Refused(401, "unauthenticated", "this account no longer exists")
        role, rights = account.role, account.rights
    session_role = highest_role(claims)
    if session_role is None:
        raise Refused(403, "forbidden", "this session has no role", required=Role.VIEWER.value)
    return Grant(
        claims.subject, lower_role(role, session_role), tuple(right for right in rights if right in claims.rights)
    )


def _failed(service: Service, call: Call, name: str, status: int) -> None:
    # People type passwords into the wrong field: what can't be a user name does not enter the trail.
    subject = name if is_name(name) else "(not a user name)"
    service.recorder.refused(subject, "login", "session", status, {"source": call.source})
