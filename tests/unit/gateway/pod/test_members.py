"""Twin of rayfence.gateway.pod.members."""

from pathlib import Path
from typing import Any

import httpx2
import pytest

from rayfence.gateway.answers import Refused
from rayfence.gateway.pod.members import ServiceAccounts
from rayfence.model.routes import Right, Role
from tests.sim.api_server import SimApi
from tests.unit.gateway.pod.pods import HOLDERS, answering, api_server, pod_settings

pytestmark = pytest.mark.anyio

NAME = "system:serviceaccount:ci:runner"


async def test_the_api_server_says_whose_a_token_is(tmp_path: Path) -> None:
    sim = SimApi()
    sim.reviewed = {"good": (NAME, ["vision:clients"]), "others": (NAME, ["https://kubernetes.default.svc"])}
    accounts = ServiceAccounts(api_server(pod_settings(tmp_path), sim), "vision:clients", HOLDERS)
    assert await accounts.proven("good") == NAME
    assert await accounts.proven("others") == ""
    assert await accounts.proven("made up") == ""


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
    api = answering(pod_settings(tmp_path), lambda request: httpx2.Response(201, json={"status": status}))
    assert await ServiceAccounts(api, "vision:clients", HOLDERS).proven("token") == ""


async def test_without_the_api_server_nobody_is_let_in(tmp_path: Path) -> None:
    sim = SimApi()
    sim.down = True
    with pytest.raises(Refused) as caught:
        await ServiceAccounts(api_server(pod_settings(tmp_path), sim), "vision:clients", HOLDERS).proven("token")
    assert caught.value.status == 503


def test_only_accounts_of_the_cluster_are_members(tmp_path: Path) -> None:
    accounts = ServiceAccounts(api_server(pod_settings(tmp_path), SimApi()), "vision:clients", HOLDERS)
    found = accounts.find(NAME)
    assert found is not None
    assert (found.role, found.rights) == (Role.SUBMITTER, (Right.RAY_CLIENT,))
    front = accounts.find("system:serviceaccount:web:front")
    assert front is not None
    assert front.role is None
    for name in ("people@acme.com", "system:serviceaccount:ci:other", "robot@p.iam.gserviceaccount.com", ""):
        assert accounts.find(name) is None
