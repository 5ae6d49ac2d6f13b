"""The gateway's leaf is renewed without a restart; the server proves it."""

import socket
import ssl
import time

import pytest
from cryptography import x509

from rayfence.api.renew import renew
from rayfence.api.status import look
from rayfence.api.trail import matching
from rayfence.trail.query import Query
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def served(door: Door) -> int:
    """Serial of the leaf that the gateway shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", door.record.ports.gateway), 5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def test_what_is_good_is_kept(door: Door) -> None:
    before = served(door)
    done = renew(door.name, door.state)
    assert done.renewed == ()
    assert "gateway" in done.kept
    assert served(door) == before


def test_a_new_leaf_is_served_within_seconds_by_the_same_envoy_and_put_on_record(door: Door) -> None:
    envoy = {part.name: part.pid for part in look(door.name, door.state).parts}["envoy"]
    before = served(door)
    assert renew(door.name, door.state, force=True).renewed == ("gateway",)
    deadline = time.monotonic() + 20
    while served(door) == before and time.monotonic() < deadline:
        time.sleep(0.1)
    assert served(door) != before
    assert {part.name: part.pid for part in look(door.name, door.state).parts}["envoy"] == envoy
    query = Query(action="certificate.renew", object=f"{served(door):x}")
    kinds: list[str] = []
    while kinds != ["intent", "outcome"] and time.monotonic() < deadline:
        time.sleep(0.2)
        kinds = [record.entry.kind for record in matching(door.name, door.state, query)]
    assert kinds == ["intent", "outcome"]
