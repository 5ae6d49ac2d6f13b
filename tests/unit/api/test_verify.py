"""`verify` against a real door: Envoy and the service, without Ray. With Ray: end to end."""

import json
from pathlib import Path

import pytest

from rayfence.api import verify as api
from rayfence.api.session import connect
from rayfence.errors import StateError
from rayfence.model.evidence import Verification
from rayfence.model.verdict import Verdict
from tests.sim.door import Door

pytestmark = pytest.mark.envoy


def attack(door: Door, only: str) -> Verification:
    return api.verify(door.name, door.state, lambda _: None, only)


def accounts(door: Door) -> set[str]:
    with connect(door.name, door.state) as client:
        users = client.get("/v1/users")["users"]
    assert isinstance(users, list)
    return {user["name"] for user in users}


def test_the_log_in_holds_and_the_account_is_gone_afterwards(door: Door) -> None:
    before = accounts(door)
    seen = attack(door, "login.key-*")
    assert seen.evidence
    assert {row.verdict for row in seen.evidence} == {Verdict.PASS}
    assert seen.exit_status == 0
    assert accounts(door) == before


def test_locks_tell_no_names(door: Door) -> None:
    (row,) = attack(door, "login.lockout").evidence
    assert row.verdict is Verdict.PASS, row


def test_without_ray_a_refusal_proves_nothing(door: Door) -> None:
    """Nobody answers behind the gateway: the controls can't work, and that must be told."""
    seen = attack(door, "token.alg-none*")
    assert {row.verdict for row in seen.evidence} == {Verdict.UNKNOWN}
    assert seen.exit_status == 2


def test_the_account_is_gone_even_after_an_interruption(door: Door, monkeypatch: pytest.MonkeyPatch) -> None:
    before = accounts(door)

    def interrupt(*_: object) -> None:
        assert accounts(door) != before
        raise KeyboardInterrupt

    monkeypatch.setattr("rayfence.verify.campaign.run", interrupt)
    with pytest.raises(KeyboardInterrupt):
        attack(door, "login.key-*")
    assert accounts(door) == before


def test_a_pattern_that_names_nothing_is_told(door: Door) -> None:
    with pytest.raises(StateError, match="no attack is called"):
        attack(door, "no such attack")


def test_the_scene_is_what_the_operator_may_read(door: Door) -> None:
    scene = api.read_scene(door.record)
    jwks = json.loads(Path(scene.settings.jwks).read_text(encoding="utf-8"))
    assert scene.signer.kid in {key["kid"] for key in jwks["keys"]}
    assert len(scene.ray_token) == 64
    assert len(scene.run) == 8
    assert scene.run != api.read_scene(door.record).run


def test_an_instance_that_is_none_is_told(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="there is no instance"):
        api.verify("nothing", tmp_path, lambda _: None)
