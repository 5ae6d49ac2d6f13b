"""Signed heads: only the key's holder makes one, and it says one thing only."""

import dataclasses

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from rayfence.trail.chain import Tip
from rayfence.trail.heads import is_genuine, key_id, parse_head, read_public_keys
from tests.sim.trail import KEY, KEYS, OTHER_KEY, head

TIP = Tip(41, "ab" * 32)


def test_a_signed_head_is_genuine_and_survives_its_line() -> None:
    signed = head(TIP)
    assert is_genuine(signed, KEYS)
    assert parse_head(signed.line()) == signed
    assert signed.tip == TIP


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seq", 40),
        ("hash", "cd" * 32),
        ("chain", "0002-000000000000"),
        ("instance", "other"),
        ("ts", "2027-01-01T00:00:00.000000Z"),
        ("kid", "0" * 16),
        ("signature", ""),
        ("signature", "A" * 86),
        ("signature", "not base64!"),
    ],
)
def test_a_changed_head_is_not(field: str, value: object) -> None:
    changed = dataclasses.replace(head(TIP), **{field: value})  # type: ignore[arg-type]
    assert not is_genuine(changed, KEYS)


def test_another_key_does_not_sign_for_this_one() -> None:
    foreign = head(TIP, key=OTHER_KEY)
    assert not is_genuine(foreign, KEYS)
    assert not is_genuine(dataclasses.replace(foreign, kid=key_id(KEY.public_key())), KEYS)


@pytest.mark.parametrize("line", [b"{}", b"[]", b"nonsense", b'{"type":"rayfence-trail-head/1"}', b"\xff"])
def test_other_lines_are_no_heads(line: bytes) -> None:
    with pytest.raises(ValueError):
        parse_head(line)


def test_a_head_with_added_keys_is_none() -> None:
    with pytest.raises(ValueError, match="not a head"):
        parse_head(head(TIP).line().replace(b'"seq"', b'"more":1,"seq"'))


def test_public_keys_are_read_by_their_ids() -> None:
    pem = KEY.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert list(read_public_keys([pem])) == list(KEYS)


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)]
)
def test_other_kinds_of_keys_are_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    pem = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(ValueError, match="P-256"):
        read_public_keys([pem])
