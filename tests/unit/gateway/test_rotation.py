"""A new key: Envoy first, then signing; old tokens stay good until the old file goes."""

import json
import os
import secrets
from functools import partial
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from rayfence.access.signing_keys import JWT_FILE
from rayfence.errors import StateError
from rayfence.gateway import rotation
from rayfence.gateway.answers import Refused
from rayfence.gateway.rotation import KeyWatch, publish_keys, take_signing_keys, take_stamp_keys
from rayfence.model.routes import Role
from tests.sim.gateway import SimGateway, write

pytestmark = pytest.mark.anyio

FILTER = {"resources": [{"typed_config": {"stat_prefix": "rayfence", "providers": {}}}]}


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for Envoy here."""
    monkeypatch.setattr(rotation, "FOLLOW_SECONDS", 0.0)


def put(folder: str, name: str, seconds: int) -> str:
    """A signing key made `seconds` from now; its id."""
    kid = secrets.token_hex(8)
    path = Path(folder) / name
    write(path, json.dumps({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid}))
    later = path.stat().st_mtime + seconds
    os.utime(path, (later, later))
    return kid


def signing_watch(gateway: SimGateway) -> KeyWatch:
    """The watch over signing keys, as the server makes it."""
    settings, service = gateway.settings, gateway.service
    take = partial(take_signing_keys, settings, service.recorder, service.minter.use)
    return KeyWatch(Path(settings.signing_keys), take)


async def test_a_new_key_signs_and_the_old_verifies_until_it_goes(gateway: SimGateway) -> None:
    settings, service = gateway.settings, gateway.service
    write(Path(settings.envoy_dir) / JWT_FILE, json.dumps(FILTER))
    watch = signing_watch(gateway)
    assert not await watch.step()
    before = gateway.token("alice")
    new = put(settings.signing_keys, "two.json", 60)
    assert await watch.step()
    published = json.loads(Path(settings.jwks).read_text(encoding="utf-8"))["keys"]
    assert len(published) == 2
    mark = json.loads((Path(settings.envoy_dir) / JWT_FILE).read_text(encoding="utf-8"))
    assert mark["resources"][0]["typed_config"]["stat_prefix"] != "rayfence"
    after = gateway.token("alice")
    assert service.minter.verify(before, settings.audiences.api) is not None
    assert service.minter.verify(after, settings.audiences.api) is not None
    (Path(settings.signing_keys) / "one.json").unlink()
    assert await watch.step()
    assert service.minter.verify(before, settings.audiences.api) is None
    assert service.minter.verify(after, settings.audiences.api) is not None
    assert gateway.journal.actions() == [("key.rotate", new, "done")] * 2


async def test_a_damaged_key_changes_nothing(gateway: SimGateway) -> None:
    settings, service = gateway.settings, gateway.service
    watch = signing_watch(gateway)
    write(Path(settings.signing_keys) / "two.json", "{}")
    with pytest.raises(StateError):
        await watch.step()
    assert service.minter.verify(service.minter.mint("a", "alice", Role.VIEWER, [], seconds=9)[0], "a") is not None
    assert len(json.loads(Path(settings.jwks).read_text(encoding="utf-8"))["keys"]) == 1


async def test_the_set_is_written_only_when_it_differs(gateway: SimGateway) -> None:
    keys = gateway.service.minter._keys
    assert not publish_keys(gateway.settings, keys)
    write(Path(gateway.settings.jwks), "{}")
    assert publish_keys(gateway.settings, keys)


async def test_a_new_stamp_key_signs_and_owners_stay_owners_until_the_old_goes(gateway: SimGateway) -> None:
    settings, service = gateway.settings, gateway.service
    take = partial(take_stamp_keys, settings, service.recorder, service.use_stamp_keys)
    watch = KeyWatch(Path(settings.stamp_keys), take)
    alice = gateway.token("alice")
    old = await gateway.submit(alice)
    second = Path(settings.stamp_keys) / "stamp2"
    write(second, "cd" * 32)
    later = second.stat().st_mtime + 60
    os.utime(second, (later, later))
    assert await watch.step()
    new = await gateway.submit(alice)
    for name in (old, new):
        assert (await gateway.request("GET", f"/api/jobs/{name}/logs", alice)).status_code == 200
    (Path(settings.stamp_keys) / "stamp1").unlink()
    assert await watch.step()
    assert (await gateway.request("GET", f"/api/jobs/{old}/logs", alice)).status_code == 403
    assert (await gateway.request("GET", f"/api/jobs/{new}/logs", alice)).status_code == 200


async def test_a_full_disk_is_tried_again(gateway: SimGateway) -> None:
    watch = signing_watch(gateway)
    new = put(gateway.settings.signing_keys, "two.json", 60)
    gateway.journal.failing = True
    with pytest.raises(Refused):
        await watch.step()
    gateway.journal.failing = False
    assert await watch.step()
    assert gateway.journal.actions() == [("key.rotate", new, "done")]
