"""Ray Client's listener: gRPC with the token in metadata, one right, three services, mutual TLS behind it."""

from collections.abc import Iterator

import pytest

from rayfence.access import Gate, Listener, Outcome, Request, authorize
from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Surface
from tests.envoy.callers import Caller, callers_for
from tests.envoy.clients import Answer, Http2
from tests.envoy.grpc_upstream import grpc_upstream
from tests.envoy.stand import RAY_TOKEN, Mint, Stand, start_stand
from tests.envoy.upstream import Seen

pytestmark = pytest.mark.envoy

CATALOG = load_routes("2.60.0")
DATA = "/ray.rpc.RayletDataStreamer/Datapath"
DRIVER = "/ray.rpc.RayletDriver/Init"
LOGS = "/ray.rpc.RayletLogStreamer/Logstream"


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """One Envoy, with an upstream that insists on the gateway's certificate."""
    with start_stand(CATALOG) as stand:
        settings = stand.settings
        leaf, key = f"{stand.folder}/node.crt", f"{stand.folder}/node.key"
        stand.authority.leaf(leaf, key, ["localhost"])
        with grpc_upstream(settings.ray_client_upstream_port, leaf, key, settings.node_ca):
            yield stand


def call(
    stand: Stand, path: str, *headers: tuple[str, str], host: str = "localhost:10001", client: Http2 | None = None
) -> Answer:
    """One gRPC-shaped call with Ray Client's own metadata, on a connection of its own unless one is given."""
    pseudo = ((":method", "POST"), (":scheme", "https"), (":path", path), (":authority", host))
    usual = (("te", "trailers"), ("content-type", "application/grpc"), ("client_id", "c-1"))
    if client is not None:
        return client.request((*pseudo, *usual, *headers), b"\0\0\0\0\0")
    with stand.http2(stand.settings.ray_client_port) as own:
        return own.request((*pseudo, *usual, *headers), b"\0\0\0\0\0")


def bearer(caller: Caller) -> tuple[tuple[str, str], ...]:
    """The caller's metadata."""
    return (("authorization", f"Bearer {caller.token}"),) if caller.token else ()


def test_every_caller_on_every_service_as_the_reference_says(stand: Stand) -> None:
    """The right opens the three services and nothing else does; the connecting stream is asked of the service."""
    gate = Gate.of(stand.settings)
    paths = (DATA, DRIVER, LOGS, "/ray.rpc.RayletDriverX/Init", "/ray.rpc.Other/X", "/", DATA + "/x", "/api/jobs/")
    with stand.http2(stand.settings.ray_client_port) as client:
        for caller in callers_for(Surface.RAY_CLIENT, stand.mint, Mint(kid=stand.mint.kid)):
            for path in paths:
                headers = (*bearer(caller), ("client_id", "c-1"))
                request = Request("POST", path, "localhost:10001", headers, Listener.RAY_CLIENT)
                decision = authorize(caller.principal, request, CATALOG, gate)
                answer = call(stand, path, *bearer(caller), client=client)
                asked = decision.outcome is Outcome.ASK  # the stub knows no connection of one's own
                refused = decision.outcome is Outcome.DENY or asked
                assert (answer.seen is None) == refused, (caller.name, path, answer)


def test_what_rays_server_receives(stand: Stand) -> None:
    """Ray's token instead of the caller's, its metadata, no identity header."""
    token = stand.mint.token("rayfence:stand:api", rights=["ray-client"])
    spoofed = (("x-rayfence-payload", "spoofed"), ("x-forwarded-for", "spoofed"), ("cookie", "a=spoofed"))
    answer = call(stand, DRIVER, ("authorization", f"Bearer {token}"), *spoofed)
    seen = answer.seen
    assert isinstance(seen, Seen)
    assert seen.values("authorization") == [f"Bearer {RAY_TOKEN}"]
    assert seen.values("client_id") == ["c-1"]
    assert "spoofed" not in str(seen.headers)
    # the deadline is Envoy's own: no stream outlives the longest token
    ours = {"authorization", "client_id", "te", "content-type", "x-request-id", "grpc-timeout"}
    assert {name for name, _ in seen.headers} <= ours
    assert answer.body == b"\0\0\0\0\0"


def test_the_connecting_stream_is_asked_of_the_service(stand: Stand) -> None:
    """The service records who connects before anything reaches Ray; its word is final."""
    token = stand.mint.token("rayfence:stand:api", "operator", ["ray-client"])
    before = len(stand.service.requests)
    assert call(stand, DATA, ("authorization", f"Bearer {token}")).seen is not None
    asked = stand.service.requests[before:]
    assert [one.target for one in asked] == [f"/authz{DATA}"]
    assert asked[0].values("x-rayfence-route") == ["ray-client.data"]
    assert asked[0].values("x-rayfence-surface") == ["ray-client"]
    assert asked[0].values("authorization") == []


def test_refusals_are_grpc_errors(stand: Stand) -> None:
    """`ray.init` shows the reason instead of a timeout."""
    answer = call(stand, DRIVER)
    assert answer.header("grpc-status") == "16"
    assert "unauthenticated" in answer.header("grpc-message")
    viewer = stand.mint.token("rayfence:stand:api", "viewer")
    answer = call(stand, DRIVER, ("authorization", f"Bearer {viewer}"))
    assert answer.header("grpc-status") == "7"
    assert "ray-client" in answer.header("grpc-message")


def test_other_hosts_and_protocols_are_refused(stand: Stand) -> None:
    """A rebound name gets nothing, and HTTP/1.1 is not spoken here."""
    token = ("authorization", f"Bearer {stand.mint.token('rayfence:stand:api', rights=['ray-client'])}")
    assert call(stand, DRIVER, token, host="evil.example:10001").seen is None
    assert call(stand, DRIVER, token, host="127.0.0.1:10001").seen is not None
    with stand.http1() as client:
        client.port = stand.settings.ray_client_port
        assert client.request("POST", DRIVER, [("host", "localhost"), token]).status == 0
