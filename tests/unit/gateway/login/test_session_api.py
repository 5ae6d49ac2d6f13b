"""Sessions and tokens over HTTP: what a log-in gives, what a token may be, how both end.

Subject: `rayfence.gateway.login.session_api`, driven through the whole service.
"""

import asyncio
import base64
import json
import time
from collections.abc import Iterable
from dataclasses import replace

import httpx2
import pytest

from rayfence.gateway.identity.accounts import Account
from rayfence.gateway.service import Member, Proof
from rayfence.model.gateway import Limits
from rayfence.model.routes import Right, Role, Surface
from tests.sim.gateway import OPERATOR_KEY, SimGateway, sim_gateway

pytestmark = pytest.mark.anyio
PASSWORD = "correct horse"


async def add(gateway: SimGateway, name: str, role: Role = Role.SUBMITTER, rights: tuple[Right, ...] = ()) -> Account:
    """An account with the usual password."""
    return gateway.service.accounts.add(name, role, rights, await gateway.service.passwords.hash(PASSWORD))


async def login(gateway: SimGateway, name: str, password: str = PASSWORD) -> str:
    """A session of `name`."""
    answer = await session(gateway, {"username": name, "password": password})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["session"])


async def session(gateway: SimGateway, body: object) -> httpx2.Response:
    """POST /v1/session."""
    return await gateway.request("POST", "/v1/session", surface=Surface.LOGIN, json_body=body)


async def token(gateway: SimGateway, session_token: str, body: object = None) -> httpx2.Response:
    """POST /v1/token."""
    return await gateway.request("POST", "/v1/token", session_token, surface=Surface.LOGIN, json_body=body)


async def test_a_password_gives_a_session_and_a_session_tokens(gateway: SimGateway) -> None:
    await add(gateway, "alice", rights=(Right.RAY_CLIENT,))
    answer = await session(gateway, {"username": "alice", "password": PASSWORD})
    assert answer.json()["roles"] == ["viewer", "submitter"]
    minted = (await token(gateway, answer.json()["session"])).json()
    claims = gateway.service.minter.verify(minted["token"], gateway.settings.audiences.api)
    assert claims is not None
    assert claims.subject == "alice"
    assert claims.rights == {Right.RAY_CLIENT}
    assert claims.session == answer.json()["session_id"]
    assert minted["expires_at"] == claims.expires_at
    assert [entry[0] for entry in gateway.journal.actions()] == ["login", "token"]


async def test_the_operators_key_gives_an_admin_session(gateway: SimGateway) -> None:
    answer = await session(gateway, {"operator_key": OPERATOR_KEY})
    assert answer.json()["subject"] == "root"
    assert answer.json()["roles"][-1] == "admin"
    assert set(answer.json()["rights"]) == {"ray-client", "serve:call"}
    for wrong in ("0e" * 32, OPERATOR_KEY[:-1], "é" * 32):
        refused = await session(gateway, {"operator_key": wrong})
        assert (refused.status_code, refused.json()["error"]) == (401, "login_failed")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "alice"},
        {"username": "alice", "password": 1},
        {"username": "alice", "password": "x", "role": "admin"},
        [],
    ],
)
async def test_other_bodies_are_refused(gateway: SimGateway, body: object) -> None:
    assert (await session(gateway, body)).status_code == 400


async def test_unknown_and_known_names_are_refused_alike(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    seen: dict[str, list[tuple[int, str, str | None]]] = {}
    for name in ("alice", "nobody", "Alice", "\uff41lice", "alice\u200b", "root"):
        seen[name] = []
        for _ in range(5):
            answer = await session(gateway, {"username": name, "password": "wrong"})
            seen[name].append((answer.status_code, answer.text, answer.headers.get("retry-after")))
    assert {tuple(answers) for answers in seen.values()} == {tuple(seen["alice"])}
    assert [status for status, _, _ in seen["alice"]] == [401, 401, 401, 429, 429]
    assert (await session(gateway, {"username": "alice", "password": PASSWORD})).status_code == 429
    assert all(action == "login" and status in {401, 429} for _, action, _, status in gateway.journal.decisions)
    assert {subject for subject, *_ in gateway.journal.decisions} == {"alice", "nobody", "root", "(not a user name)"}


async def test_guesses_sent_at_once_are_counted_before_they_are_checked(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    guesses = [session(gateway, {"username": "alice", "password": f"wrong {number}"}) for number in range(9)]
    statuses = [answer.status_code for answer in await asyncio.gather(*guesses)]
    assert statuses.count(401) == gateway.settings.limits.lockout_failures
    assert set(statuses) == {401, 429}


async def test_a_flood_of_log_ins_is_told_to_come_again(gateway: SimGateway) -> None:
    flood = [session(gateway, {"username": f"user{number}", "password": "x"}) for number in range(40)]
    answers = await asyncio.gather(*flood)
    refused = [answer for answer in answers if answer.status_code == 503]
    assert refused
    assert all(answer.headers["retry-after"] for answer in refused)


async def test_tokens_narrow_and_never_widen(gateway: SimGateway) -> None:
    await add(gateway, "olga", Role.OPERATOR, (Right.SERVE_CALL,))
    mine = await login(gateway, "olga")
    narrow = (await token(gateway, mine, {"role": "viewer", "rights": [], "ttl": 60})).json()
    assert narrow["roles"] == ["viewer"]
    assert narrow["rights"] == []
    refused = await token(gateway, mine, {"role": "admin"})
    assert (refused.status_code, refused.json()["required"]) == (403, "admin")
    refused = await token(gateway, mine, {"rights": ["ray-client"]})
    assert (refused.status_code, refused.json()["required"]) == (403, "ray-client")
    for body in (
        {"ttl": 0},
        {"ttl": 10**9},
        {"ttl": True},
        {"ttl": "60"},
        {"role": "root"},
        {"rights": "ray-client"},
        {"sub": "x"},
    ):
        assert (await token(gateway, mine, body)).status_code == 400, body


async def test_a_token_makes_no_tokens(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    minted = (await token(gateway, await login(gateway, "alice"))).json()["token"]
    refused = await token(gateway, minted)
    assert (refused.status_code, refused.json()["error"]) == (403, "wrong_audience")


async def test_whoami(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    answer = await gateway.request("GET", "/v1/whoami", await login(gateway, "alice"), surface=Surface.LOGIN)
    assert answer.json()["subject"] == "alice"
    assert answer.json()["instance"] == "test"


async def test_logout_ends_one_session_or_all(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    one, two = await login(gateway, "alice"), await login(gateway, "alice")
    assert (await gateway.request("POST", "/v1/logout", one, surface=Surface.LOGIN)).status_code == 200
    refused = await gateway.request("GET", "/v1/whoami", one, surface=Surface.LOGIN)
    assert (refused.status_code, refused.json()["error"]) == (401, "revoked")
    assert (await gateway.request("GET", "/v1/whoami", two, surface=Surface.LOGIN)).status_code == 200
    everywhere = await gateway.request("POST", "/v1/logout", two, surface=Surface.LOGIN, json_body={"everywhere": True})
    assert everywhere.status_code == 200
    assert (await gateway.request("GET", "/v1/whoami", two, surface=Surface.LOGIN)).status_code == 401
    again = await login(gateway, "alice")  # within the same second
    assert (await gateway.request("GET", "/v1/whoami", again, surface=Surface.LOGIN)).status_code == 200


async def test_without_a_trail_nobody_logs_in(gateway: SimGateway) -> None:
    await add(gateway, "alice")
    gateway.journal.failing = True
    answer = await session(gateway, {"username": "alice", "password": PASSWORD})
    assert (answer.status_code, answer.json()["error"]) == (503, "unavailable")
    assert answer.headers["retry-after"]


async def test_the_default_life_of_a_token_is_bounded_by_the_longest() -> None:
    async with sim_gateway(limits=Limits(token_seconds=900, max_token_seconds=300)) as gateway:
        await add(gateway, "alice")
        minted = (await token(gateway, await login(gateway, "alice"))).json()["token"]
        claims = gateway.service.minter.verify(minted, gateway.settings.audiences.api)
        assert claims is not None
        assert claims.expires_at - claims.issued_at <= 300


class Accounts:
    """Members by proof and by name."""

    def __init__(self) -> None:
        self.proofs: dict[str, str | Proof] = {}
        self.held: dict[str, Member] = {}
        self.people = False
        self.asked = 0

    async def proven(self, token: str) -> Proof:
        """See `service.Members`."""
        self.asked += 1
        found = self.proofs.get(token, "")
        return found if isinstance(found, Proof) else Proof(found)

    def find(self, proof: Proof) -> Member | None:
        """See `service.Members`."""
        return self.held.get(proof.subject)

    def still(self, subject: str, role: Role, rights: Iterable[Right]) -> Member | None:
        """See `service.Members`."""
        return self.held.get(subject)


def proof(name: str, seconds: int = 900) -> str:
    """A token that claims to be of this account."""
    claims = json.dumps({"sub": f"system:serviceaccount:{name}", "exp": int(time.time()) + seconds})
    return f"h.{base64.urlsafe_b64encode(claims.encode()).decode().rstrip('=')}.s"


KNOWN = {name: proof(name) for name in ("ci:runner", "web:front")}


@pytest.fixture
def accounts(gateway: SimGateway) -> Accounts:
    """A gateway that admits service accounts."""
    found = Accounts()
    for name, role in (("ci:runner", Role.SUBMITTER), ("web:front", None)):
        subject = f"system:serviceaccount:{name}"
        found.held[subject] = Member(subject, role, (Right.SERVE_CALL,))
        found.proofs[KNOWN[name]] = subject
    object.__setattr__(gateway.service, "members", found)
    return found


async def test_a_service_account_gets_session_and_token_that_end_with_its_proof(
    gateway: SimGateway, accounts: Accounts
) -> None:
    short = proof("ci:runner", 60)
    accounts.proofs[short] = "system:serviceaccount:ci:runner"
    answer = await session(gateway, {"service_account_token": short})
    assert answer.status_code == 200
    value = answer.json()
    assert value["subject"] == "system:serviceaccount:ci:runner"
    assert value["roles"] == ["viewer", "submitter"]
    assert max(value["expires_at"], value["token_expires_at"]) <= time.time() + 61
    minted = await token(gateway, value["session"], {"role": "viewer"})
    assert minted.json()["roles"] == ["viewer"]
    del accounts.held["system:serviceaccount:ci:runner"]
    assert (await token(gateway, value["session"])).status_code == 401


async def test_rights_alone_give_a_token_and_no_session_to_speak_of(gateway: SimGateway, accounts: Accounts) -> None:
    assert accounts.held
    value = (await session(gateway, {"service_account_token": KNOWN["web:front"]})).json()
    assert (value["roles"], value["rights"]) == ([], ["serve:call"])
    assert (await token(gateway, value["session"])).status_code == 403


@pytest.mark.parametrize("text", ["x", "a.b.c", "h.e30.s", "h." + "x" * 5000 + ".s", "é.é.é"])
async def test_what_proves_nothing_opens_nothing_and_is_counted(
    gateway: SimGateway, accounts: Accounts, text: str
) -> None:
    for _ in range(gateway.settings.limits.lockout_failures):
        assert (await session(gateway, {"service_account_token": text})).status_code == 401
    asked = accounts.asked
    answer = await session(gateway, {"service_account_token": text})
    assert (answer.status_code, accounts.asked) == (429, asked)
    assert (await session(gateway, {"service_account_token": KNOWN["ci:runner"]})).status_code == 200


async def test_an_account_without_a_role_is_told_so(gateway: SimGateway, accounts: Accounts) -> None:
    stranger = proof("ci:stranger")
    accounts.proofs[stranger] = "system:serviceaccount:ci:stranger"
    assert (await session(gateway, {"service_account_token": stranger})).status_code == 403


async def test_without_a_cluster_no_such_token_is_taken(gateway: SimGateway) -> None:
    assert (await session(gateway, {"service_account_token": proof("ci:runner")})).status_code == 400


@pytest.fixture
def ada(accounts: Accounts) -> str:
    """Her token, which says nothing that we could read; the cluster knows her by it."""
    accounts.people = True
    accounts.proofs["opaque"] = Proof("ada@example.com", ("vision@example.com",))
    accounts.held["ada@example.com"] = Member("ada@example.com", Role.SUBMITTER, ())
    return "opaque"


async def test_a_person_gets_in_by_the_token_that_the_cluster_knows(gateway: SimGateway, ada: str) -> None:
    value = (await session(gateway, {"cluster_token": ada})).json()
    assert (value["subject"], value["roles"]) == ("ada@example.com", ["viewer", "submitter"])
    assert value["expires_at"] <= time.time() + 3601  # no end of its own: one is set
    assert (await token(gateway, value["session"])).status_code == 200


async def test_wrong_tokens_of_one_person_lock_no_other_out_and_are_bounded(
    gateway: SimGateway, accounts: Accounts, ada: str
) -> None:
    for _ in range(gateway.settings.limits.lockout_failures):
        assert (await session(gateway, {"cluster_token": "wrong"})).status_code == 401
    assert (await session(gateway, {"cluster_token": "wrong"})).status_code == 429
    assert (await session(gateway, {"cluster_token": ada})).status_code == 200
    statuses = [(await session(gateway, {"cluster_token": f"made-up-{number}"})).status_code for number in range(60)]
    assert statuses[0] == 401 and statuses[-1] == 429 and accounts.asked < 70


async def test_no_name_alone_makes_an_administrator(gateway: SimGateway, accounts: Accounts, ada: str) -> None:
    """In a pod nobody holds an operator's key; a person whom the cluster calls by the operator's name is a person."""
    object.__setattr__(gateway.service, "settings", replace(gateway.settings, operator_key=""))
    name = gateway.settings.operator_subject
    accounts.proofs[ada] = Proof(name)
    accounts.held[name] = Member(name, Role.VIEWER, ())
    value = (await session(gateway, {"cluster_token": ada})).json()
    assert (await token(gateway, value["session"])).json()["roles"] == ["viewer"]
