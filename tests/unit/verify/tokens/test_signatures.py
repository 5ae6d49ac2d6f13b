"""Signatures and forms that are wrong."""

from rayfence.verify.jws import unb64
from rayfence.verify.tokens.signatures import signature_attacks
from tests.sim.scene import make_scene
from tests.unit.verify.tokens.bearers import accepted, part, tokens_of

SCENE = make_scene()
TOKENS = tokens_of(signature_attacks(SCENE))


def test_a_careful_library_refuses_them() -> None:
    """`form-huge` is right but for its size; signed text that is no object is refused by its reader."""
    taken = {name for name, token in TOKENS.items() if accepted(SCENE, token)}
    assert taken <= {"form-huge", "form-padded-signed", "payload-deep", "payload-bom"}


def test_the_psychic_signature_is_64_zero_bytes() -> None:
    assert unb64(TOKENS["signature-zero"].split(".")[2]) == bytes(64)


def test_lengths() -> None:
    lengths = {name: len(unb64(TOKENS[f"signature-{name}"].split(".")[2])) for name in ("cut", "extended", "half")}
    assert lengths == {"cut": 63, "extended": 65, "half": 32}


def test_edited_tokens_keep_the_signature_and_say_more() -> None:
    token = TOKENS["edited-role"]
    assert " admin " in part(token, 1)["grant"]
    assert token.split(".")[2] == TOKENS["edited-subject"].split(".")[2]


def test_a_detached_token_has_no_payload() -> None:
    assert ".." in TOKENS["form-detached"]
