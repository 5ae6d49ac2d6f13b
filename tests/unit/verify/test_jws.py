"""Tokens made by hand are right where they should be: a library agrees."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from rayfence.verify.jws import b64, hmac_token, signer_from_jwk, signing_input, stranger, unb64

KEY = jwk.ECKey.generate_key("P-256")
PRIVATE = {**KEY.as_dict(private=True), "kid": "k1"}
SIGNER = signer_from_jwk(json.dumps(PRIVATE), "file")


def test_a_library_accepts_our_token_and_refuses_a_strangers() -> None:
    claims: dict[str, Any] = {"sub": "ada"}
    assert jwt.decode(SIGNER.token(claims), KEY, algorithms=["ES256"]).claims == claims
    with pytest.raises(JoseError):
        jwt.decode(stranger("k1").token(claims), KEY, algorithms=["ES256"])


def test_the_key_keeps_its_id_or_takes_the_files() -> None:
    assert SIGNER.kid == "k1"
    nameless = {name: value for name, value in PRIVATE.items() if name != "kid"}
    assert signer_from_jwk(json.dumps(nameless), "file").kid == "file"


@pytest.mark.parametrize("text", ["{}", "[]", '{"crv":"P-384","x":"AA","y":"AA","d":"AA"}', "no"])
def test_what_is_no_key_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        signer_from_jwk(text, "file")


def test_the_public_forms_are_those_of_the_key() -> None:
    public = SIGNER.public_jwk()
    assert (public["x"], public["y"]) == (KEY.as_dict()["x"], KEY.as_dict()["y"])
    assert SIGNER.public_pem().startswith(b"-----BEGIN PUBLIC KEY-----")
    assert SIGNER.public_point() in SIGNER.public_der()
    assert SIGNER.der_signature("x")[0] == 0x30


def test_text_is_signed_as_it_stands() -> None:
    header, payload, _ = SIGNER.token("not json", '{"alg":1}').split(".")
    assert (unb64(header), unb64(payload)) == (b'{"alg":1}', b"not json")


def test_a_shared_secret_signs_too() -> None:
    token = hmac_token(b"secret" * 8, {"a": 1}, {"alg": "HS256"})
    assert jwt.decode(token, jwk.OctKey.import_key(b"secret" * 8), algorithms=["HS256"]).claims == {"a": 1}
    assert token.startswith(signing_input({"alg": "HS256"}, {"a": 1}))


@given(st.binary())
def test_base64_there_and_back(data: bytes) -> None:
    assert unb64(b64(data)) == data
    assert "=" not in b64(data)
