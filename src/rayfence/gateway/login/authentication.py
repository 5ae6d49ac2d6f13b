"""Who someone is: by password, by a token that the cluster's API server knows, or by the operator's key file. And what
their account grants at this moment.
"""

import base64
import hashlib
import hmac
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rayfence.access.principal import Principal
from rayfence.gateway.answers import Refused, busy
from rayfence.gateway.files import read_private
from rayfence.gateway.identity.names import is_name
from rayfence.gateway.service import Call, Service
from rayfence.gateway.sessions.roles import highest_role, lower_role
from rayfence.model.routes import Right, Role

#: Begins the names of service accounts; no local account's name holds a colon.
ACCOUNT_PREFIX: Final = "system:serviceaccount:"
_UNKNOWN_ACCOUNT: Final = "(unknown account)"
#: A person's session lasts so long at most: what groups they are in is asked at the log-in only.
PERSON_SECONDS: Final = 3600


@dataclass(frozen=True, slots=True)
class Grant:
    """A proven subject with the role and rights of its account."""

    subject: str
    role: Role | None  # None: rights alone
    rights: tuple[Right, ...]
    seconds: int = 0  # what proved it ends so soon; 0: it does not end


async def by_password(service: Service, call: Call, name: str, password: str) -> Grant:
    """The account whose password this is. Raises Refused: 401, 429 when locked, 503 when too many hash at once.

    Unknown and known names take the same path through lock-out, hash and answer; only the last line differs.
    """
    if not service.settings.users:
        raise Refused(400, "bad_request", "passwords are not taken here: there are no local accounts")
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


async def by_cluster_token(service: Service, call: Call, token: str) -> Grant:
    """Whom the cluster's API server knows: a pod by a token of its service account made for us, a person by the token
    that they show to the API server itself. Raises Refused: 401, 403, 429, 503.

    Counted like log-ins with a password, by whom the token claims to be of: looking at tokens costs the API server, and
    so it is asked a bounded number of times about wrong ones.
    """
    if service.members is None:
        raise Refused(400, "bad_request", "tokens of the cluster are not taken here")
    claimed, ends = claims_of(token)
    counted = claimed
    wait = 0
    if service.members.people and claimed == _UNKNOWN_ACCOUNT:
        # Many people come from one address (a port-forward's is loopback): a wrong token of one locks no other out.
        counted = f"token {hashlib.sha256(token.encode()).hexdigest()[:32]}"
        wait = service.looks.take(call.source)
    wait = wait or service.lockout.attempt(counted, call.source)
    if wait:
        _failed(service, call, claimed, 429)
        raise Refused(
            429, "locked_out", "too many failed log-ins; wait before the next one", headers={"retry-after": str(wait)}
        )
    proof = await service.members.proven(token)
    if not proof.subject:
        _failed(service, call, claimed, 401)
        raise Refused(401, "login_failed", _UNPROVEN[service.members.people])
    service.lockout.succeeded(counted, call.source)
    member = service.members.find(proof)
    if member is None:
        service.recorder.refused(proof.subject, "login", "session", 403, {"source": call.source})
        raise Refused(403, "forbidden", "whom this token names holds no role here", required=Role.VIEWER.value)
    # Proven by now, so its end is what it says; one that says none ends all the same.
    left = ends - int(time.time()) if ends else PERSON_SECONDS
    longest = left if member.subject.startswith(ACCOUNT_PREFIX) else min(left, PERSON_SECONDS)
    return Grant(member.subject, member.role, member.rights, max(1, longest))


_UNPROVEN: Final = {
    False: "this is no token of a service account that was made for this gateway",
    True: "this is neither a token that the cluster's API server knows a person by, nor one of a service account that "
    "was made for this gateway",
}


def claims_of(token: str) -> tuple[str, int]:
    """Whose a token claims to be and when it ends, unproven; made-up ones share a name."""
    try:
        part = token.split(".")[1]
        claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
        subject, ends = claims["sub"], claims["exp"]
    except (ValueError, KeyError, IndexError, TypeError, RecursionError):
        return _UNKNOWN_ACCOUNT, 0
    ends = int(ends) if isinstance(ends, float) and 0 < ends < 2**53 else ends
    known = isinstance(subject, str) and subject.startswith(ACCOUNT_PREFIX) and subject.isprintable()
    return subject[:256] if known else _UNKNOWN_ACCOUNT, ends if isinstance(ends, int) else 0


async def by_operator_key(service: Service, call: Call, key: str) -> Grant:
    """The OS user who started the instance: who can read its 0600 key file is the operator. Raises Refused 401."""
    if not service.settings.operator_key:
        raise Refused(400, "bad_request", "there is no operator's key here")
    expected = read_private(Path(service.settings.operator_key)).strip()
    if len(expected) < 32 or not hmac.compare_digest(expected.encode(), key.strip().encode()):
        _failed(service, call, "operator key", 401)
        raise Refused(401, "login_failed", "this is not the operator's key")
    return Grant(service.settings.operator_subject, Role.ADMIN, tuple(Right))


def current_grant(service: Service, claims: Principal) -> Grant:
    """What the caller may still have: the session's and the account's, whichever is less. Raises Refused 401.

    A session outlives a role change by the fraction of a second its revocation takes; it must mint nothing in between.
    """
    session_role = highest_role(claims)
    if session_role is None:
        raise Refused(403, "forbidden", "the caller holds no role", required=Role.VIEWER.value)
    # Where there is no operator's key, a name alone makes nobody one.
    if service.settings.operator_key and claims.subject == service.settings.operator_subject:
        role, rights = Role.ADMIN, tuple(Right)
    elif service.members is not None:
        member = service.members.still(claims.subject, session_role, claims.rights)
        if member is None or member.role is None:
            raise Refused(401, "unauthenticated", "this account holds no role any more")
        role, rights = member.role, member.rights
    else:
        account = service.accounts.find(claims.subject)
        if account is None:
            raise Refused(401, "unauthenticated", "this account no longer exists")
        role, rights = account.role, account.rights
    return Grant(
        claims.subject, lower_role(role, session_role), tuple(right for right in rights if right in claims.rights)
    )


def _failed(service: Service, call: Call, name: str, status: int) -> None:
    # People type passwords into the wrong field: what can't be a user name does not enter the trail.
    subject = name if is_name(name) or name.startswith(ACCOUNT_PREFIX) else "(not a user name)"
    service.recorder.refused(subject, "login", "session", status, {"source": call.source})
