"""Sessions and tokens for programs: log in, mint, ask who one is, log out.

A log-in makes a *session* (audience: log-in host), which alone can mint *tokens* (audience: API). A stolen token
therefore makes no further tokens. Leaves out the browser's form (`login.forms`).
"""

import secrets
from typing import Final

from starlette.responses import Response

from rayfence.access.claims import BROWSER_SESSION
from rayfence.access.principal import Principal
from rayfence.catalog.roles import ROLE_ORDER
from rayfence.gateway.answers import Refused, answer, busy
from rayfence.gateway.bodies import only_fields, read_json, text_field
from rayfence.gateway.login.authentication import Grant, by_cluster_token, by_operator_key, by_password, current_grant
from rayfence.gateway.service import Call, Handler, Service
from rayfence.gateway.sessions.roles import lower_role, right_names, role_names
from rayfence.model.routes import Right, Role

#: Characters of a token of the cluster; those of service accounts have some 1,000, people's with many groups more.
MAX_CLUSTER_TOKEN: Final = 6000
#: What a token of the cluster may be called: of whom it is says the API server.
CLUSTER_TOKENS: Final = ("cluster_token", "service_account_token")


async def open_session(service: Service, call: Call, grant: Grant, *, browser: bool = False) -> tuple[str, Principal]:
    """A recorded log-in session of `grant`. `browser`: for a cookie; it opens pages and can mint nothing (`app`)."""
    detail = {"source": call.source, "role": grant.role.value if grant.role else ""}
    longest = service.settings.limits.session_seconds
    async with service.recorder.write(grant.subject, "login", "session", call.request_id, detail) as write:
        token, claims = service.minter.mint(
            service.settings.audiences.login,
            grant.subject,
            grant.role,
            grant.rights,
            seconds=min(longest, grant.seconds or longest),
            session=f"{BROWSER_SESSION}{secrets.token_hex(16)}" if browser else None,
        )
        write.detail["session"] = claims.session
    return token, claims


async def create_session(service: Service, call: Call) -> Response:
    """POST /v1/session: `{"username", "password"}`, `{"operator_key"}` or `{"cluster_token"}` ->
    `{"session", "expires_at", …}`; for a token of the cluster also `{"token", "token_expires_at"}`.
    """
    body = await read_json(call.request)
    for name in CLUSTER_TOKENS:
        if name in body:
            only_fields(body, name)
            return await _cluster_session(service, call, text_field(body, name, limit=MAX_CLUSTER_TOKEN))
    if "operator_key" in body:
        only_fields(body, "operator_key")
        grant = await by_operator_key(service, call, text_field(body, "operator_key"))
    else:
        only_fields(body, "username", "password")
        grant = await by_password(service, call, text_field(body, "username"), text_field(body, "password"))
    token, claims = await open_session(service, call, grant)
    return answer({"session": token, **described(claims)})


async def _cluster_session(service: Service, call: Call, proof: str) -> Response:
    """Session and token at once: a program needs one call, and one that holds rights alone could make no second."""
    grant = await by_cluster_token(service, call, proof)
    session, claims = await open_session(service, call, grant)
    seconds = min(token_seconds(service, None), grant.seconds or service.settings.limits.max_token_seconds)
    token, minted = await _mint(service, call, grant, seconds, claims.session)
    return answer({"session": session, "token": token, "token_expires_at": minted.expires_at, **described(claims)})


async def _mint(service: Service, call: Call, grant: Grant, seconds: int, session: str) -> tuple[str, Principal]:
    """A token for the API, recorded before it exists and after."""
    detail = {"role": grant.role.value if grant.role else "", "seconds": seconds, "session": session}
    async with service.recorder.write(grant.subject, "token", "token", call.request_id, detail) as write:
        token, claims = service.minter.mint(
            service.settings.audiences.api, grant.subject, grant.role, grant.rights, seconds=seconds, session=session
        )
        write.detail["jti"] = claims.token_id
    return token, claims


async def create_token(service: Service, call: Call) -> Response:
    """POST /v1/token: `{"ttl"?, "role"?, "rights"?}` -> `{"token", "expires_at", "roles", "rights"}`; narrows, never
    widens.
    """
    body = await read_json(call.request, optional=True)
    only_fields(body, "ttl", "role", "rights")
    grant = narrowed(current_grant(service, call.caller), body)
    seconds = token_seconds(service, body.get("ttl"))
    token, claims = await _mint(service, call, grant, seconds, call.caller.session)
    return answer({"token": token, **described(claims)})


async def whoami(service: Service, call: Call) -> Response:
    """GET /v1/whoami: the caller as the gateway sees it."""
    return answer({**described(call.caller), "issued_at": call.caller.issued_at, "instance": service.settings.instance})


async def logout(service: Service, call: Call) -> Response:
    """POST /v1/logout `{"everywhere"?: bool}`: void this session and its tokens, or all of the caller's ->
    `{"revoked_before"}`.
    """
    body = await read_json(call.request, optional=True)
    only_fields(body, "everywhere")
    return answer({"revoked_before": await end_session(service, call, everywhere=body.get("everywhere") is True)})


async def end_session(service: Service, call: Call, *, everywhere: bool) -> int:
    """Log out, recorded. Raises Refused 503 when it can't be stored."""
    caller = call.caller
    session = "" if everywhere else caller.session
    async with service.recorder.write(caller.subject, "logout", session or "all sessions", call.request_id) as write:
        second = await revoke_now(service, caller.subject, session)
        write.detail["before"] = second
    return second


async def revoke_now(service: Service, subject: str, session: str = "") -> int:
    """Void tokens inside a recorded write. Raises Refused 503 when that can't be stored."""
    try:
        return await service.revoke(subject, session)
    except OSError as error:
        raise busy("the revocation can't be stored; existing tokens are still valid", 5) from error


def described(claims: Principal) -> dict[str, object]:
    """What a caller may know of a token: all but its id."""
    return {
        "subject": claims.subject,
        "roles": role_names(claims.roles),
        "rights": right_names(claims.rights),
        "expires_at": claims.expires_at,
        "session_id": claims.session,
    }


def token_seconds(service: Service, wanted: object) -> int:
    """The token's life. Raises Refused 400: a wish beyond the bound is told, not cut silently."""
    limits = service.settings.limits
    if wanted is None:
        return min(limits.token_seconds, limits.max_token_seconds)
    if isinstance(wanted, bool) or not isinstance(wanted, int) or not 1 <= wanted <= limits.max_token_seconds:
        raise Refused(400, "bad_request", f"`ttl` must be whole seconds from 1 to {limits.max_token_seconds}")
    return wanted


def narrowed(grant: Grant, body: dict[str, object]) -> Grant:
    """`grant` reduced to the role and rights asked for. Raises Refused: 400 for unknown names, 403 for more than
    there is.
    """
    role, rights = grant.role, grant.rights
    if body.get("role") is not None:
        role = parse_role(body["role"])
        if grant.role is None or lower_role(role, grant.role) is not role:
            held = grant.role.value if grant.role else "none"
            raise Refused(403, "forbidden", f"your role is {held}", required=role.value)
    if body.get("rights") is not None:
        rights = parse_rights(body["rights"])
        missing = [right for right in rights if right not in grant.rights]
        if missing:
            raise Refused(403, "forbidden", f"you don't hold the right {missing[0].value}", required=missing[0].value)
    return Grant(grant.subject, role, rights)


def parse_role(value: object) -> Role:
    """A role by name. Raises Refused 400."""
    if not isinstance(value, str) or value not in {role.value for role in ROLE_ORDER}:
        raise Refused(400, "bad_request", f"`role` must be one of {', '.join(role.value for role in ROLE_ORDER)}")
    return Role(value)


def parse_rights(value: object) -> tuple[Right, ...]:
    """Rights by name. Raises Refused 400."""
    known = {right.value for right in Right}
    if not isinstance(value, list) or not all(isinstance(item, str) and item in known for item in value):
        raise Refused(400, "bad_request", f"`rights` must be a list of {', '.join(sorted(known))}")
    return tuple(sorted({Right(item) for item in value}))


HANDLERS: dict[str, Handler] = {
    "api.session": create_session,
    "api.token": create_token,
    "api.whoami": whoami,
    "api.logout": logout,
}
