"""Algorithms of public keys, asked of real keys."""

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.gcp.supply.signatures import signature_algorithm


def pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def test_elliptic_curves() -> None:
    assert signature_algorithm(pem(ec.generate_private_key(ec.SECP256R1()))) == "ECDSA_P256_SHA256"
    assert signature_algorithm(pem(ec.generate_private_key(ec.SECP384R1()))) == "ECDSA_P384_SHA384"
    assert signature_algorithm(pem(ec.generate_private_key(ec.SECP521R1()))) == "ECDSA_P521_SHA512"


@pytest.mark.parametrize(("bits", "name"), [(2048, "RSA_PSS_2048_SHA256"), (3072, "RSA_PSS_3072_SHA256")])
def test_rsa(bits: int, name: str) -> None:
    assert signature_algorithm(pem(rsa.generate_private_key(65537, bits))) == name


def test_a_kind_that_nobody_knows_is_not_guessed() -> None:
    assert signature_algorithm(pem(ed25519.Ed25519PrivateKey.generate())) == "SIGNATURE_ALGORITHM_UNSPECIFIED"


@given(st.text(max_size=40))
def test_what_is_no_key_is_not_guessed(text: str) -> None:
    assert signature_algorithm(text) == "SIGNATURE_ALGORITHM_UNSPECIFIED"
