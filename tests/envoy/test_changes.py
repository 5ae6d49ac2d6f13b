"""What changes while Envoy runs: keys, certificates, Ray's token, revocations, routes. No restart, no cut stream."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding

from rayfence.access.principal import MAX_SUBJECT
from rayfence.access.revocation import REVOCATIONS_FILE, Revocation, revocations_text
from rayfence.access.signing_keys import JWT_FILE, with_generation
from rayfence.adapters.envoy import EnvoyAdmin, difference, replace_configuration
from rayfence.catalog.matching import find_route
from rayfence.catalog.routes import load_routes
from rayfence.errors import ProcessError
from rayfence.model.desired import ConfigFile
from rayfence.policy.resolve import ENVOY_WATCHERS
from rayfence.render.envoy.render import render_envoy
from tests.envoy.clients import Answer, Http1
from tests.envoy.stand import AUDIENCES, HOSTS, RAY_TOKEN, Mint, Stand, put, start_stand

pytestmark = pytest.mark.envoy

CATALOG = load_routes("2.60.0")


@pytest.fixture(scope="module")
def stand() -> Iterator[Stand]:
    """One Envoy; each test leaves it as it found it."""
    with start_stand(CATALOG) as stand:
        yield stand


def get(stand: Stand, token: str, *headers: tuple[str, str], target: str = "/api/version") -> Answer:
    """A read on the API host."""
    with stand.http1() as client:
        return client.request("GET", target, [("host", "localhost"), ("authorization", f"Bearer {token}"), *headers])


def until(seen: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for a change to be in force."""
    deadline = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < deadline, "not in force"
        time.sleep(0.02)


def write(stand: Stand, name: str, text: str) -> None:
    """A file of Envoy's folder, by rename."""
    put(Path(stand.settings.envoy_dir) / name, text.encode())


def open_tail(stand: Stand, token: str) -> Http1:
    """An open websocket that echoes."""
    client = stand.http1()
    headers = [("host", "localhost"), ("authorization", f"Bearer {token}"), ("connection", "Upgrade")]
    headers += [("upgrade", "websocket"), ("sec-websocket-key", "x"), ("sec-websocket-version", "13")]
    assert client.request("GET", "/api/jobs/mine-1/logs/tail", headers).status == 101
    return client


def echoes(client: Http1) -> bool:
    """Whether the websocket still carries bytes."""
    client.stream().sendall(b"tick")
    return client.stream().recv(100) == b"tick"


def test_envoy_needs_no_more_watchers_than_the_preflight_asks_for(stand: Stand) -> None:
    """Where they run out, Envoy ends while it starts, with words that name no reason."""

    def watches(handle: Path) -> bool:
        try:
            return str(handle.readlink()) == "anon_inode:inotify"
        except FileNotFoundError:  # closed since it was listed: a file that Envoy was reading, never a watcher
            return False

    def held() -> int:
        return sum(map(watches, Path(f"/proc/{stand.process.pid}/fd").iterdir()))

    assert ENVOY_WATCHERS - 4 <= held() <= ENVOY_WATCHERS
    stand.write(CATALOG)
    assert held() <= ENVOY_WATCHERS


def test_a_new_signing_key_is_believed_and_the_old_one_too(stand: Stand) -> None:
    """Key set first, then the mark in the filter's file; open tails go on."""
    second, folder = Mint("fedcba9876543210"), Path(stand.settings.envoy_dir)
    token = second.token(AUDIENCES.api, "viewer")
    assert get(stand, token).status == 401
    tail = open_tail(stand, stand.mint.token(AUDIENCES.api, "submitter"))
    put(Path(stand.settings.jwks), json.dumps({"keys": [stand.mint.public(), second.public()]}).encode())
    write(stand, JWT_FILE, with_generation((folder / JWT_FILE).read_text(), "k2"))
    until(lambda: get(stand, token).status == 200)
    assert get(stand, stand.mint.token(AUDIENCES.api, "viewer")).status == 200
    assert echoes(tail)
    tail.close()


def test_revocations_refuse_a_subject_a_session_and_nobody_else(stand: Stand) -> None:
    """By subject and issued-before; a log-out by session."""
    now = int(time.time())
    alice = stand.mint.token(AUDIENCES.api, "viewer", iat=now - 10)
    fresh = stand.mint.token(AUDIENCES.api, "viewer", iat=now)
    session = stand.mint.token(AUDIENCES.api, "viewer", sub="bob", session="9" * 32, iat=now - 10)
    other = stand.mint.token(AUDIENCES.api, "viewer", sub="bob", session="8" * 32, iat=now - 10)
    write(stand, REVOCATIONS_FILE, revocations_text([Revocation("alice", now), Revocation("bob", now, "9" * 32)]))
    until(lambda: get(stand, alice).refusal == "revoked")
    assert get(stand, alice).status == 401
    assert get(stand, session).refusal == "revoked"
    assert [get(stand, token).status for token in (fresh, other)] == [200, 200]
    cookie = ("cookie", f"__Host-rayfence={stand.mint.token(AUDIENCES.dashboard, 'viewer', iat=now - 10)}")
    with stand.http1() as client:
        page = client.request("GET", "/", [("host", HOSTS.dashboard), cookie, ("accept", "text/html")])
    assert (page.status, page.header("location")) == (302, f"https://{HOSTS.login}:{stand.settings.port}/login")
    write(stand, REVOCATIONS_FILE, revocations_text())
    until(lambda: get(stand, alice).status == 200)


@pytest.mark.parametrize("letter", ["x", "."])
def test_the_longest_subject_there_can_be_is_revoked(stand: Stand, letter: str) -> None:
    """Envoy bounds the size of an expression and keeps the old list when one is too large: that would revoke nobody."""
    now, subject = int(time.time()), letter * MAX_SUBJECT
    token = stand.mint.token(AUDIENCES.api, "viewer", sub=subject, iat=now - 10)
    assert get(stand, token).status == 200
    write(stand, REVOCATIONS_FILE, revocations_text([Revocation(subject, now, "9" * 32), Revocation(subject, now)]))
    until(lambda: get(stand, token).refusal == "revoked")
    write(stand, REVOCATIONS_FILE, revocations_text())
    until(lambda: get(stand, token).status == 200)


def test_a_renewed_leaf_is_served_without_restart(stand: Stand) -> None:
    """Key first, then certificate, by rename; the tail on the old connection goes on."""
    tail = open_tail(stand, stand.mint.token(AUDIENCES.api, "submitter"))
    settings = stand.settings
    leaf = stand.authority.leaf(settings.server_certificate, settings.server_key, ["localhost"])

    def served() -> bool:
        with stand.http1() as client:
            client.request("GET", "/", [("host", "localhost")])
            return client.stream().getpeercert(binary_form=True) == leaf.public_bytes(Encoding.DER)

    until(served)
    assert echoes(tail)
    tail.close()


def test_rays_token_is_read_from_its_file_and_shown_nowhere(stand: Stand) -> None:
    """No file that we render and no dump of the admin interface holds it."""
    token = stand.mint.token(AUDIENCES.api, "viewer")
    put(Path(stand.settings.ray_token), b"b" * 64 + b"\n")

    def used() -> bool:
        seen = get(stand, token).seen
        return seen is not None and seen.values("authorization") == ["Bearer " + "b" * 64]

    until(used)
    with EnvoyAdmin(stand.settings.envoy_admin_socket) as admin:
        assert "b" * 64 not in json.dumps(admin.config_dump())
    assert all(RAY_TOKEN not in file.content for file in render_envoy(stand.settings, CATALOG))
    put(Path(stand.settings.ray_token), RAY_TOKEN.encode())


def test_a_bad_configuration_is_named_and_the_old_one_kept(stand: Stand) -> None:
    """A route table that Envoy does not take must not stay on disk, nor go unnoticed."""
    files = render_envoy(stand.settings, CATALOG)
    with EnvoyAdmin(stand.settings.envoy_admin_socket) as admin:
        quiet = [file for file in files if not file.path.endswith(JWT_FILE)]  # marked by a test above
        assert difference(admin, quiet) == ()
        assert set(admin.listeners()) == {"front", "ray_client"}
        broken = [replace(file, content=_broken(file)) for file in quiet]
        with pytest.raises(ProcessError, match="routes front"):
            replace_configuration(admin, broken, patience=1.0)
        until(lambda: difference(admin, quiet) == ())
        assert admin.refusals()
    assert get(stand, stand.mint.token(AUDIENCES.api, "viewer")).status == 200


def test_a_new_route_table_reaches_new_requests_and_cuts_no_tail(stand: Stand) -> None:
    """RDS: the open stream of a route that is gone lives on."""
    token = stand.mint.token(AUDIENCES.api, "submitter")
    tail = open_tail(stand, token)
    gone = find_route(CATALOG, "version.api")
    fewer = replace(CATALOG, routes=tuple(route for route in CATALOG.routes if route is not gone))
    with EnvoyAdmin(stand.settings.envoy_admin_socket) as admin:
        assert replace_configuration(admin, _without_jwt(render_envoy(stand.settings, fewer)))
        assert get(stand, token).refusal == "unknown_route"
        assert echoes(tail)
        assert replace_configuration(admin, _without_jwt(render_envoy(stand.settings, CATALOG)))
    assert get(stand, token).status == 200
    tail.close()


def _without_jwt(files: tuple[ConfigFile, ...]) -> list[ConfigFile]:
    return [file for file in files if not file.path.endswith(JWT_FILE)]


def _broken(file: ConfigFile) -> str:
    if not file.path.endswith("/rds.yaml"):
        return file.content
    document = json.loads(file.content)
    document["version_info"] = "broken"
    document["resources"][0]["no_such_field"] = 1
    return json.dumps(document)
