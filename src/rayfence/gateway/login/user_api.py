"""Local accounts for programs: list, add, remove, change role and password.

Each change that takes something away voids the tokens that still claim it, within the same recorded write.
"""

import asyncio

from starlette.responses import Response

from rayfence.gateway.answers import Refused, answer
from rayfence.gateway.bodies import only_fields, read_json, text_field
from rayfence.gateway.identity.accounts import Account
from rayfence.gateway.identity.passwords import weakness
from rayfence.gateway.login.authentication import by_password
from rayfence.gateway.login.session_api import parse_rights, parse_role, revoke_now
from rayfence.gateway.service import Call, Handler, Service
from rayfence.model.routes import Role


async def list_users(service: Service, call: Call) -> Response:
    """GET /v1/users -> `{"users": [{"name", "role", "rights", "created", "changed"}]}`; never a hash."""
    call.require(Role.ADMIN)
    accounts = service.accounts.all()
    return answer({"users": [described(accounts[name]) for name in sorted(accounts)]})


async def add_user(service: Service, call: Call) -> Response:
    """POST /v1/users `{"name", "password", "role", "rights"?}` -> 201 and the user."""
    admin = call.require(Role.ADMIN)
    body = await read_json(call.request)
    only_fields(body, "name", "password", "role", "rights")
    name, role = text_field(body, "name", limit=64), parse_role(body.get("role"))
    rights = parse_rights(body.get("rights") or [])
    password = good_password(body, name)
    hashed = await service.passwords.hash(password)
    detail = {"role": role.value, "rights": " ".join(rights)}
    async with service.recorder.write(admin.subject, "user.add", name, call.request_id, detail) as write:
        # A removed user's old tokens must not come alive again with a new account of the same name.
        await revoke_now(service, name)
        account = await asyncio.to_thread(service.accounts.add, name, role, rights, hashed)
        write.ended(201)
    return answer(described(account), 201)


async def remove_user(service: Service, call: Call) -> Response:
    """DELETE /v1/users/{user} -> `{"removed"}`; every token of theirs is void."""
    admin, name = call.require(Role.ADMIN), call.params["user"]
    async with service.recorder.write(admin.subject, "user.remove", name, call.request_id):
        await revoke_now(service, name)  # before: if it can't be stored, the account stays and the call can be repeated
        await asyncio.to_thread(service.accounts.remove, name)
        await revoke_now(service, name)  # after: what was minted in between
    return answer({"removed": name})


async def set_role(service: Service, call: Call) -> Response:
    """PUT /v1/users/{user}/role `{"role", "rights"?}` -> the user; absent rights stay as they are."""
    admin, name = call.require(Role.ADMIN), call.params["user"]
    body = await read_json(call.request)
    only_fields(body, "role", "rights")
    role = parse_role(body.get("role"))
    known = service.accounts.find(name)
    if known is None:
        raise Refused(404, "not_found", "there is no such user")
    rights = known.rights if body.get("rights") is None else parse_rights(body["rights"])
    detail = {"role": role.value, "rights": " ".join(rights)}
    async with service.recorder.write(admin.subject, "user.role", name, call.request_id, detail):
        await revoke_now(service, name)
        account = await asyncio.to_thread(service.accounts.set_role, name, role, rights)
        await revoke_now(service, name)
    return answer(described(account))


async def set_password(service: Service, call: Call) -> Response:
    """PUT /v1/users/{user}/password `{"password", "current"?}` -> `{"changed"}`; one's own needs the current one."""
    caller, name = call.caller, call.params["user"]
    body = await read_json(call.request)
    only_fields(body, "password", "current")
    password = good_password(body, name)
    if caller.subject == name:
        # A session left open on a screen must not be enough to take the account over.
        await by_password(service, call, name, text_field(body, "current"))
    else:
        call.require(Role.ADMIN)
    hashed = await service.passwords.hash(password)
    async with service.recorder.write(caller.subject, "user.passwd", name, call.request_id):
        await revoke_now(service, name)
        await asyncio.to_thread(service.accounts.set_hash, name, hashed)
        await revoke_now(service, name)
    return answer({"changed": name})


def good_password(body: dict[str, object], name: str) -> str:
    """The new password of `body`. Raises Refused 400."""
    password = text_field(body, "password")
    problem = weakness(password, name)
    if problem:
        raise Refused(400, "weak_password", problem)
    return password


def described(account: Account) -> dict[str, object]:
    """An account without its hash."""
    return {
        "name": account.name,
        "role": account.role.value,
        "rights": [right.value for right in account.rights],
        "created": account.created,
        "changed": account.changed,
    }


HANDLERS: dict[str, Handler] = {
    "api.users.list": list_users,
    "api.users.add": add_user,
    "api.users.remove": remove_user,
    "api.users.role": set_role,
    "api.users.passwd": set_password,
}
