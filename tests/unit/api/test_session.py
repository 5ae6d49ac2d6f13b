"""Who is logged in here, and what Ray's own tools are told."""

import json
import stat
from pathlib import Path

import pytest

from rayfence.adapters.gateway import GatewayClient
from rayfence.api import session as api
from rayfence.errors import AccessRefused, StateError
from tests.sim.door import PASSWORD, Door

pytestmark = pytest.mark.envoy


def login(door: Door, user: str) -> api.Session:
    credentials = {"username": user, "password": PASSWORD}
    return api.login(door.name, door.state, api.local_server(door.record), credentials)


def test_who_made_the_instance_is_admin_by_the_key_file(door: Door) -> None:
    seen = api.current(door.name, door.state)
    assert seen.subject == door.record.user


def test_a_log_in_is_remembered_privately_and_ends(door: Door, ada: str) -> None:
    session = login(door, ada)
    assert api.current(door.name, door.state) == session
    kept = list(Path.home().rglob("sessions/*.json"))
    assert len(kept) == 1
    assert stat.S_IMODE(kept[0].stat().st_mode) == 0o600
    assert api.logout(door.name, door.state, everywhere=False)
    assert not kept[0].exists()
    assert not api.logout(door.name, door.state, everywhere=False)
    with pytest.raises(AccessRefused), GatewayClient(session.server, session.token) as client:
        client.get("/v1/whoami")


def test_a_wrong_password_is_refused_in_the_gateways_words(door: Door, ada: str) -> None:
    with pytest.raises(AccessRefused, match="wrong"):
        api.login(door.name, door.state, api.local_server(door.record), {"username": ada, "password": "nope nope"})


def test_the_environment_points_rays_tools_at_the_gateway(door: Door, as_ada: str) -> None:
    variables = api.ray_environment(door.name, door.state, ttl=60, role="viewer")
    assert variables["RAY_ADDRESS"] == f"https://localhost:{door.record.ports.gateway}"
    assert variables["RAY_AUTH_MODE"] == "disabled"
    assert json.loads(variables["RAY_JOB_HEADERS"])["Authorization"].startswith("Bearer ey")
    assert api.local_server(door.record).ca_pem in Path(variables["SSL_CERT_FILE"]).read_text()


def test_a_token_can_be_narrowed_but_not_widened(door: Door, as_ada: str) -> None:
    assert api.mint(door.name, door.state, None, "viewer", None)["roles"] == ["viewer"]
    with pytest.raises(AccessRefused):
        api.mint(door.name, door.state, None, "admin", None)


def test_nobody_is_logged_in_where_there_is_no_instance(tmp_path: Path) -> None:
    with pytest.raises(AccessRefused, match="not logged in"):
        api.current("nowhere", tmp_path)


def test_a_file_that_is_no_certificate_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nonsense")
    with pytest.raises(StateError, match="no certificate"):
        api.remote_server("localhost", 1, "localhost", tmp_path / "ca.pem")
