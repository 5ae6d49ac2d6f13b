"""Accounts over HTTP: who may change what, and that a change ends what claimed the old state.

Subject: `rayfence.gateway.login.user_api`, driven through the whole service.
"""

from typing import Any

import pytest

from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"


async def ask(gateway: SimGateway, method: str, path: str, token: str, body: object = None) -> Any:
    """A request on the log-in host."""
    return await gateway.request(method, path, token, surface=Surface.LOGIN, json_body=body)


def admin(gateway: SimGateway) -> str:
    """The operator's session."""
    return gateway.token("root", Role.ADMIN, surface=Surface.LOGIN)


async def add(gateway: SimGateway, name: str, role: str = "submitter", **more: object) -> None:
    """An account made through the API."""
    body = {"name": name, "password": PASSWORD, "role": role, **more}
    answer = await ask(gateway, "POST", "/v1/users", admin(gateway), body)
    assert answer.status_code == 201, answer.text


async def test_an_account_is_added_listed_and_removed(gateway: SimGateway) -> None:
    await add(gateway, "alice", rights=["ray-client"])
    listed = (await ask(gateway, "GET", "/v1/users", admin(gateway))).json()["users"]
    assert [(user["name"], user["role"], user["rights"]) for user in listed] == [("alice", "submitter", ["ray-client"])]
    assert "hash" not in listed[0]
    assert (await ask(gateway, "DELETE", "/v1/users/alice", admin(gateway))).json() == {"removed": "alice"}
    assert (await ask(gateway, "GET", "/v1/users", admin(gateway))).json() == {"users": []}
    assert [entry[:2] for entry in gateway.journal.actions()] == [("user.add", "alice"), ("user.remove", "alice")]


@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUBMITTER, Role.OPERATOR])
async def test_only_admins_change_accounts(gateway: SimGateway, role: Role) -> None:
    await add(gateway, "alice")
    mine = gateway.token("olga", role, surface=Surface.LOGIN)
    for method, path, body in (
        ("GET", "/v1/users", None),
        ("POST", "/v1/users", {"name": "eve", "password": PASSWORD, "role": "admin"}),
        ("DELETE", "/v1/users/alice", None),
        ("PUT", "/v1/users/alice/role", {"role": "admin"}),
        ("PUT", "/v1/users/alice/password", {"password": "new password"}),
    ):
        refused = await ask(gateway, method, path, mine, body)
        assert (refused.status_code, refused.json()["required"]) == (403, "admin"), path
    assert set(gateway.service.accounts.all()) == {"alice"}


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"name": "Alice"}, 400),
        ({"name": "../x"}, 400),
        ({"name": "a" * 33}, 400),
        ({"name": "root"}, 409),
        ({"name": "taken"}, 409),
        ({"password": "short"}, 400),
        ({"password": "eve"}, 400),
        ({"password": "aaaaaaaaaaaa"}, 400),
        ({"role": "root"}, 400),
        ({"role": None}, 400),
        ({"rights": ["all"]}, 400),
        ({"admin": True}, 400),
    ],
)
async def test_impossible_accounts_are_refused(gateway: SimGateway, change: dict[str, object], status: int) -> None:
    await add(gateway, "taken")
    body = {"name": "eve", "password": PASSWORD, "role": "viewer", **change}
    assert (await ask(gateway, "POST", "/v1/users", admin(gateway), body)).status_code == status
    assert set(gateway.service.accounts.all()) == {"taken"}


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/users/alice/role", {"role": "viewer"}),
        ("PUT", "/v1/users/alice/password", {"password": "another one"}),
        ("DELETE", "/v1/users/alice", None),
    ],
)
async def test_a_change_ends_every_session(gateway: SimGateway, method: str, path: str, body: object) -> None:
    await add(gateway, "alice")
    mine = gateway.token("alice", surface=Surface.LOGIN)
    assert (await ask(gateway, method, path, admin(gateway), body)).status_code == 200
    assert (await ask(gateway, "GET", "/v1/whoami", mine)).json()["error"] == "revoked"
    assert (await ask(gateway, method, "/v1/users/nobody" + path[15:], admin(gateway), body)).status_code == 404


async def test_a_role_change_keeps_the_rights_unless_told(gateway: SimGateway) -> None:
    await add(gateway, "alice", rights=["serve:call"])
    changed = await ask(gateway, "PUT", "/v1/users/alice/role", admin(gateway), {"role": "operator"})
    assert (changed.json()["role"], changed.json()["rights"]) == ("operator", ["serve:call"])
    changed = await ask(gateway, "PUT", "/v1/users/alice/role", admin(gateway), {"role": "operator", "rights": []})
    assert changed.json()["rights"] == []


async def test_ones_own_password_needs_the_current_one(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    mine = gateway.token("alice", surface=Surface.LOGIN)
    path, new = "/v1/users/alice/password", "another one"
    assert (await ask(gateway, "PUT", path, mine, {"password": new})).status_code == 400
    assert (await ask(gateway, "PUT", path, mine, {"password": new, "current": "wrong"})).status_code == 401
    assert (await ask(gateway, "PUT", path, mine, {"password": new, "current": PASSWORD})).status_code == 200
    body = {"username": "alice", "password": new}
    assert (await gateway.request("POST", "/v1/session", surface=Surface.LOGIN, json_body=body)).status_code == 200


async def test_without_a_trail_nothing_changes(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    gateway.journal.failing = True
    for method, path, body in (
        ("POST", "/v1/users", {"name": "eve", "password": PASSWORD, "role": "viewer"}),
        ("DELETE", "/v1/users/alice", None),
        ("PUT", "/v1/users/alice/role", {"role": "admin"}),
    ):
        assert (await ask(gateway, method, path, admin(gateway), body)).status_code == 503
    assert {name: account.role for name, account in gateway.service.accounts.all().items()} == {"alice": Role.SUBMITTER}
