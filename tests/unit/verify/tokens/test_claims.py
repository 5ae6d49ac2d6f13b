"""Claims that are wrong in one respect, under a right signature."""

import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from rayfence.verify.jws import unb64
from rayfence.verify.tokens.claims import claim_attacks
from tests.sim.scene import NOW, make_scene
from tests.unit.verify.tokens.bearers import part, tokens_of

SCENE = make_scene()
ATTACKS = claim_attacks(SCENE)
TOKENS = tokens_of(ATTACKS)
RIGHT = SCENE.claims("claims")


def test_all_are_signed_by_the_instances_own_key() -> None:
    key = SCENE.signer.key.public_key()
    for token in TOKENS.values():
        signed, _, signature = token.rpartition(".")
        raw = unb64(signature)
        r, s = int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big")
        key.verify(encode_dss_signature(r, s), signed.encode(), ec.ECDSA(hashes.SHA256()))


def test_each_differs_from_a_right_one_in_one_respect() -> None:
    for name in ("issuer-other", "audience-login", "grant-role-alone", "subject-list", "time-expired-at-birth"):
        claims = part(TOKENS[name], 1)
        assert len({key for key in {*claims, *RIGHT} if claims.get(key) != RIGHT.get(key)}) == 1, name


def test_times_are_on_the_wrong_side() -> None:
    assert part(TOKENS["time-expired"], 1)["exp"] < NOW
    assert part(TOKENS["time-not-yet"], 1)["nbf"] > NOW
    assert "exp" not in part(TOKENS["time-no-expiry"], 1)


def test_claims_given_twice_stand_twice_in_the_text() -> None:
    text = unb64(TOKENS["twice-grant"].split(".")[1]).decode()
    assert text.count('"grant"') == 2
    assert " admin " in json.loads(text)["grant"]


def test_numbers_that_are_none_are_written_as_such() -> None:
    assert b'"exp": NaN' in unb64(TOKENS["time-expiry-nan"].split(".")[1])
