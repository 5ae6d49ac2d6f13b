"""The client speaks to the door it knows, and to no other."""

from dataclasses import replace

import pytest

from rayfence.adapters.gateway.client import GatewayClient, GatewayUnreachable, Server, status_of
from rayfence.api.session import current, local_server
from rayfence.errors import AccessRefused
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def test_discovery_names_the_surfaces(door: Door) -> None:
    with GatewayClient(local_server(door.record)) as client:
        assert client.discovery()["instance"] == door.name


def test_an_authority_that_is_not_ours_is_no_door(door: Door) -> None:
    known = local_server(door.record)
    other = (door.state / "door/certificates/node/ca.pem").read_text()
    with pytest.raises(GatewayUnreachable), GatewayClient(replace(known, ca_pem=other)) as client:
        client.discovery()


def test_nothing_there_is_said_with_the_address() -> None:
    with (
        pytest.raises(GatewayUnreachable, match=r"127\.0\.0\.1:9"),
        GatewayClient(Server("127.0.0.1", 9, "x", "")) as client,
    ):
        client.discovery()


def test_a_proxy_variable_is_not_followed(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    with GatewayClient(local_server(door.record)) as client:
        assert client.discovery()


def test_refusals_carry_the_gateways_sentence_and_the_role_to_ask_for(door: Door, as_ada: str) -> None:
    session = current(door.name, door.state)
    with GatewayClient(session.server, session.token) as client, pytest.raises(AccessRefused) as caught:
        client.get("/v1/users")
    assert "'admin'" in caught.value.hint
    with GatewayClient(session.server, "nonsense") as client, pytest.raises(AccessRefused) as caught:
        client.get("/v1/whoami")
    assert "rayfence login" in caught.value.hint


def test_status_of_an_anonymous_request(door: Door) -> None:
    server = local_server(door.record)
    assert status_of(server, "localhost", "/api/version") == 401
    assert status_of(server, "attacker.test", "/api/version") == 421
    assert status_of(replace(server, port=9), "localhost", "/") is None
