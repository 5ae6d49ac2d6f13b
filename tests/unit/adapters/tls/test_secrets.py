"""Secrets by kind: made once, kept, copied, and unlike each other."""

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest
from joserfc.jwk import ECKey

from rayfence.adapters.tls import secrets
from rayfence.errors import StateError
from rayfence.model.desired import Account, SecretKind, SecretRequest
from tests.unit.adapters.tls.certified import me


def token(folder: Path) -> SecretRequest:
    """Ray's token with a copy for Ray."""
    copies = ((str(folder / "copy"), Account.RAY),)
    return SecretRequest("ray-token", SecretKind.RAY_TOKEN, str(folder / "token"), copies=copies)


def test_a_token_is_256_random_bits_on_one_line_without_an_end(tmp_path: Path) -> None:
    request = token(tmp_path)
    assert not secrets.has_secret(request)
    secrets.ensure_secret(request, me)
    content = (tmp_path / "token").read_bytes()
    assert len(bytes.fromhex(content.decode())) == 32
    assert not content.endswith(b"\n"), "Envoy sends the file as it is"
    assert (tmp_path / "copy").read_bytes() == content
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert secrets.has_secret(request)


def test_a_usable_secret_is_kept_and_its_copies_repaired(tmp_path: Path) -> None:
    request = token(tmp_path)
    secrets.ensure_secret(request, me)
    content = (tmp_path / "token").read_bytes()
    for damage in (b"changed", None):
        (tmp_path / "copy").unlink()
        if damage is not None:
            (tmp_path / "copy").write_bytes(damage)
        assert not secrets.has_secret(request)
        secrets.ensure_secret(request, me)
        assert (tmp_path / "token").read_bytes() == (tmp_path / "copy").read_bytes() == content


@pytest.mark.parametrize("weak", [b"", b"secret", b"0" * 63, b"Z" * 64])
def test_a_weak_secret_is_replaced(tmp_path: Path, weak: bytes) -> None:
    request = replace(token(tmp_path), kind=SecretKind.OPERATOR_KEY)
    (tmp_path / "token").write_bytes(weak)
    assert not secrets.has_secret(request)
    secrets.ensure_secret(request, me)
    assert secrets.has_secret(request)


def test_a_signing_key_is_a_jwk_the_gateway_can_use(tmp_path: Path) -> None:
    request = SecretRequest("signing", SecretKind.EC_SIGNING_KEY, str(tmp_path))
    secrets.ensure_secret(request, me)
    secrets.ensure_secret(request, me)
    (path,) = tmp_path.iterdir()
    value = json.loads(path.read_text(encoding="utf-8"))
    key = ECKey.import_key(value)
    assert key.is_private
    assert (value["crv"], value["kid"], path.suffix) == ("P-256", path.stem, ".jwk")
    assert {len(value[name]) for name in ("x", "y", "d")} == {43}


def test_another_key_joins_the_folder(tmp_path: Path) -> None:
    request = SecretRequest("stamp", SecretKind.HMAC_KEY, str(tmp_path))
    secrets.ensure_secret(request, me)
    second = secrets.add_key(request, me)
    assert len(list(tmp_path.iterdir())) == 2
    assert (tmp_path / f"{second}.key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(StateError, match="no folder of keys"):
        secrets.add_key(token(tmp_path), me)


def test_files_that_hold_no_key_do_not_count(tmp_path: Path) -> None:
    request = SecretRequest("signing", SecretKind.EC_SIGNING_KEY, str(tmp_path))
    (tmp_path / "broken.jwk").write_text("{", encoding="ascii")
    (tmp_path / "public.jwk").write_text('{"crv": "P-256"}', encoding="ascii")
    (tmp_path / ".half.jwk").write_text('{"crv": "P-256", "d": "x"}', encoding="ascii")
    assert not secrets.has_secret(request)


def test_no_two_secrets_are_alike(tmp_path: Path) -> None:
    seen = set()
    for number in range(20):
        request = SecretRequest("t", SecretKind.RAY_TOKEN, str(tmp_path / str(number)))
        secrets.ensure_secret(request, me)
        seen.add((tmp_path / str(number)).read_bytes())
    assert len(seen) == 20
    assert os.geteuid() == (tmp_path / "0").stat().st_uid
