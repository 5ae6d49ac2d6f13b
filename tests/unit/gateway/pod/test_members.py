"""Twin of rayfence.gateway.pod.members."""

import base64
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rayfence.gateway.answers import Refused
from rayfence.gateway.pod.members import ClusterMembers
from rayfence.gateway.service import Proof
from rayfence.model.gateway_pod import Holder
from rayfence.model.routes import Right, Role
from tests.sim.api_server import SimApi
from tests.unit.gateway.pod.pods import HOLDERS, answering, api_server, pod_settings

pytestmark = pytest.mark.anyio

NAME = "system:serviceaccount:ci:runner"
PEOPLE = (
    Holder("group:team@acme.com", Role.SUBMITTER),
    Holder("group:leads@acme.com", Role.OPERATOR, (Right.RAY_CLIENT,)),
    Holder("group:callers@acme.com", None, (Right.SERVE_CALL,)),
    Holder("group:system:serviceaccounts:ci", Role.OPERATOR),
    Holder("group:system:authenticated", Role.OPERATOR),
    Holder("serviceAccount:ci/runner", Role.VIEWER),
)


def members(folder: Path, sim: SimApi, *, people: bool = False) -> ClusterMembers:
    """Members of a tenant, who are asked about at the simulated server."""
    listed = PEOPLE if people else HOLDERS
    api = api_server(pod_settings(folder), sim)
    return ClusterMembers(api, "vision:clients", listed, people=people, reserved="rayfence")


async def test_the_api_server_says_whose_a_token_is(tmp_path: Path) -> None:
    sim = SimApi()
    sim.reviewed = {"good": (NAME, ["vision:clients"]), "others": (NAME, ["https://kubernetes.default.svc"])}
    accounts = members(tmp_path, sim)
    assert not accounts.people
    assert await accounts.proven("good") == Proof(NAME)
    assert await accounts.proven("others") == Proof()
    assert await accounts.proven("made up") == Proof()


@pytest.mark.parametrize(
    "status",
    [
        {},
        None,
        {"authenticated": "true", "user": {"username": NAME}, "audiences": ["vision:clients"]},
        {"authenticated": True, "user": {"username": NAME}},  # a server that knows no audiences
        {"authenticated": True, "user": {"username": NAME}, "audiences": ["other"]},
        {"authenticated": True, "user": {"username": "admin"}, "audiences": ["vision:clients"]},
        {"authenticated": True, "user": {"username": 7}, "audiences": ["vision:clients"]},
        {"authenticated": True, "audiences": ["vision:clients"]},
    ],
)
async def test_anything_less_than_a_proof_proves_nothing(tmp_path: Path, status: Any) -> None:
    api = answering(pod_settings(tmp_path), lambda _: httpx2.Response(201, json={"status": status}))
    assert await ClusterMembers(api, "vision:clients", HOLDERS).proven("token") == Proof()


async def test_without_the_api_server_nobody_is_let_in(tmp_path: Path) -> None:
    sim = SimApi()
    sim.down = True
    with pytest.raises(Refused) as caught:
        await members(tmp_path, sim).proven("token")
    assert caught.value.status == 503


def test_accounts_of_the_cluster_are_members_by_name(tmp_path: Path) -> None:
    accounts = members(tmp_path, SimApi())
    found = accounts.find(Proof(NAME))
    assert found is not None
    assert (found.role, found.rights) == (Role.SUBMITTER, (Right.RAY_CLIENT,))
    front = accounts.find(Proof("system:serviceaccount:web:front"))
    assert front is not None
    assert front.role is None
    for name in ("people@acme.com", "system:serviceaccount:ci:other", "robot@p.iam.gserviceaccount.com", ""):
        assert accounts.find(Proof(name, ("people@acme.com",))) is None


async def test_a_person_is_who_the_api_server_takes_them_for(tmp_path: Path) -> None:
    sim = SimApi()
    sim.people = {"hers": ("ada@acme.com", ["team@acme.com", "system:authenticated", "system:masters"])}
    known = members(tmp_path, sim, people=True)
    proof = await known.proven("hers")
    assert known.people and proof == Proof("ada@acme.com", ("team@acme.com",))
    found = known.find(proof)
    assert found is not None and (found.subject, found.role, found.rights) == ("ada@acme.com", Role.SUBMITTER, ())
    assert await members(tmp_path, sim).proven("hers") == Proof()  # where no people are taken


@pytest.mark.parametrize("name", ["system:admin", "system:node:n1", NAME, "rayfence", "", "x" * 300, "a\nb"])
async def test_nobody_is_a_person_by_a_name_of_the_servers_or_our_own(tmp_path: Path, name: str) -> None:
    sim = SimApi()
    sim.people = {"token": (name, ["leads@acme.com"])}
    assert await members(tmp_path, sim, people=True).proven("token") == Proof()


async def test_an_account_is_no_member_by_a_group(tmp_path: Path) -> None:
    """Every service account of a namespace is in a group of its name: whoever may make one there would be let in."""
    sim = SimApi()
    sim.reviewed = {_claiming("system:serviceaccount:ci:new"): ("system:serviceaccount:ci:new", ["vision:clients"])}
    known = members(tmp_path, sim, people=True)
    proof = await known.proven(next(iter(sim.reviewed)))
    assert proof.subject == "system:serviceaccount:ci:new" and known.find(proof) is None
    groups = ("system:serviceaccounts:ci", "system:authenticated")
    assert known.find(Proof("ada@acme.com", groups)) is None
    # A token that claims to be a person's is asked about as one; the name that comes back decides.
    sim.people = {_claiming("ada"): (NAME, ["leads@acme.com"])}
    assert await known.proven(next(iter(sim.people))) == Proof()


def test_several_groups_give_the_highest_role_and_every_right(tmp_path: Path) -> None:
    known = members(tmp_path, SimApi(), people=True)
    found = known.find(Proof("ada@acme.com", ("callers@acme.com", "leads@acme.com", "team@acme.com")))
    assert found is not None and found.role is Role.OPERATOR
    assert set(found.rights) == {Right.SERVE_CALL, Right.RAY_CLIENT}
    called = known.find(Proof("bob@acme.com", ("callers@acme.com",)))
    assert called is not None and called.role is None
    assert known.find(Proof("eve@acme.com", ("other@acme.com",))) is None


def test_a_session_keeps_no_more_than_groups_still_give(tmp_path: Path) -> None:
    known = members(tmp_path, SimApi(), people=True)
    still = known.still("ada@acme.com", Role.SUBMITTER, (Right.RAY_CLIENT,))
    assert still is not None and (still.role, still.rights) == (Role.SUBMITTER, (Right.RAY_CLIENT,))
    less = ClusterMembers(api_server(pod_settings(tmp_path), SimApi()), "a", PEOPLE[:1], people=True)
    bound = less.still("ada@acme.com", Role.OPERATOR, (Right.RAY_CLIENT,))
    assert bound is not None and (bound.role, bound.rights) == (Role.SUBMITTER, ())
    nobody = ClusterMembers(api_server(pod_settings(tmp_path), SimApi()), "a", (), people=True)
    assert nobody.still("ada@acme.com", Role.VIEWER, ()) is None
    assert known.still("system:admin", Role.VIEWER, ()) is None
    account = known.still(NAME, Role.OPERATOR, ())
    assert account is not None and account.role is Role.VIEWER


def _claiming(subject: str) -> str:
    part = base64.urlsafe_b64encode(json.dumps({"sub": subject, "exp": 2**31}).encode()).decode().rstrip("=")
    return f"h.{part}.s"
