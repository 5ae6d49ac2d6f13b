"""Keys are read from folders: the newest signs, all verify, a wrong one stops the start."""

import json
import os
import secrets
from pathlib import Path

import pytest
from joserfc.jwk import ECKey, OctKey

from rayfence.errors import StateError
from rayfence.gateway.files import write_private
from rayfence.gateway.keys import is_unripe, load_secrets, load_signing_keys, unripe_secrets


def put_key(folder: Path, name: str, age: int, curve: str = "P-256") -> str:
    """A signing key file `age` seconds old; its key id."""
    kid = secrets.token_hex(8)
    write_private(folder / name, json.dumps({**ECKey.generate_key(curve).as_dict(private=True), "kid": kid}))
    os.utime(folder / name, (1_700_000_000 - age,) * 2)
    return kid


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A private folder."""
    path = tmp_path / "keys"
    path.mkdir(mode=0o700)
    return path


def test_the_newest_signs_and_all_are_published(folder: Path) -> None:
    old, new = put_key(folder, "b.json", age=100), put_key(folder, "a.json", age=0)
    write_private(folder / ".half", "not a key")
    keys = load_signing_keys(folder)
    assert keys.newest == new
    public = json.loads(keys.public_set())["keys"]
    assert {key["kid"] for key in public} == {old, new}
    assert all(set(key) == {"kty", "crv", "x", "y", "kid", "use", "alg"} for key in public)


def test_a_key_without_id_is_called_by_its_file(folder: Path) -> None:
    key = ECKey.generate_key("P-256").as_dict(private=True)
    write_private(
        folder / "5e5e5e5e5e5e5e5e.json", json.dumps({name: key[name] for name in ("kty", "crv", "x", "y", "d")})
    )
    assert load_signing_keys(folder).newest == "5e" * 8


def test_an_id_that_envoy_would_not_take_is_refused(folder: Path) -> None:
    key = ECKey.generate_key("P-256").as_dict(private=True)
    write_private(folder / "k.json", json.dumps({**key, "kid": "2026-winter"}))
    with pytest.raises(StateError, match=r"'2026-winter' in .* is not 16 hex digits"):
        load_signing_keys(folder)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        json.dumps(ECKey.generate_key("P-384").as_dict(private=True)),
        json.dumps(ECKey.generate_key("P-256").as_dict(private=False)),
        json.dumps(OctKey.generate_key(256).as_dict(private=True)),
    ],
    ids=["nothing", "object", "list", "another curve", "public only", "symmetric"],  # never the key: it differs by run
)
def test_what_is_no_signing_key_stops_the_start(folder: Path, text: str) -> None:
    write_private(folder / "k.json", text)
    with pytest.raises(StateError, match=r"k\.json holds no"):
        load_signing_keys(folder)


def test_an_empty_or_open_folder_stops_the_start(folder: Path) -> None:
    with pytest.raises(StateError, match="no key"):
        load_signing_keys(folder)
    folder.chmod(0o750)
    with pytest.raises(StateError, match="open to other accounts"):
        load_signing_keys(folder)


def test_secrets_are_read_oldest_first(folder: Path) -> None:
    for name, age in (("new", 0), ("old", 100)):
        write_private(folder / name, name[0].replace("n", "a").replace("o", "b") * 64 + "\n")
        os.utime(folder / name, (1_700_000_000 - age,) * 2)
    assert [name for name, _ in load_secrets(folder)] == ["old", "new"]
    write_private(folder / "short", "ab")
    with pytest.raises(StateError, match="256-bit"):
        load_secrets(folder)


def test_a_key_of_the_future_verifies_and_does_not_sign(folder: Path) -> None:
    """Replicas must all know a key before one of them signs with it."""
    old = put_key(folder, "old.json", age=100)
    new = put_key(folder, "new.json", age=-10 * 365 * 24 * 3600)
    assert is_unripe(folder / "new.json", 1_700_000_000)
    assert not is_unripe(folder / "old.json", 1_700_000_000)
    keys = load_signing_keys(folder)
    assert (keys.newest, set(keys.keys)) == (old, {old, new})
    (folder / "old.json").unlink()
    assert load_signing_keys(folder).newest == new


def test_secrets_of_the_future_come_last_and_are_counted(tmp_path: Path) -> None:
    folder = tmp_path / "stamps"
    folder.mkdir(mode=0o700)
    for name, age in (("a", 100), ("b", -10 * 365 * 24 * 3600)):
        write_private(folder / f"{name}.key", "ab" * 32)
        os.utime(folder / f"{name}.key", (1_700_000_000 - age,) * 2)
    assert [kid for kid, _ in load_secrets(folder)] == ["a", "b"]
    assert unripe_secrets(folder) == 1
