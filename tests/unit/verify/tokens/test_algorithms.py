"""Headers that lie."""

import hashlib
import hmac

from rayfence.verify.jws import b64
from rayfence.verify.tokens.algorithms import algorithm_attacks
from tests.sim.scene import make_scene
from tests.unit.verify.tokens.bearers import accepted, part, tokens_of

SCENE = make_scene()
ATTACKS = algorithm_attacks(SCENE)
TOKENS = tokens_of(ATTACKS)


def test_a_careful_library_refuses_nearly_all_of_them() -> None:
    """The rest are signed by the instance's own key and wrong in what a library leaves to its caller."""
    taken = {name for name, token in TOKENS.items() if accepted(SCENE, token)}
    assert taken <= {"kid-unknown", "nested"}


def test_none_is_spelled_in_every_way() -> None:
    assert {part(TOKENS[f"alg-none-{number}"], 0)["alg"] for number in range(5)} == {"none", "None", "NONE", "nOnE", ""}
    assert all(TOKENS[f"alg-none-{number}"].endswith(".") for number in range(5))


def test_key_confusion_uses_the_public_key_itself() -> None:
    signed, _, signature = TOKENS["hs256-pem"].rpartition(".")
    digest = hmac.new(SCENE.signer.public_pem(), signed.encode(), hashlib.sha256).digest()
    assert signature == b64(digest)


def test_they_claim_what_is_worth_having() -> None:
    assert " admin " in part(TOKENS["other-key"], 1)["grant"]


def test_keys_offered_in_the_header_are_the_strangers() -> None:
    assert part(TOKENS["header-jwk"], 0)["jwk"]["x"] == SCENE.stranger.public_jwk()["x"]


def test_there_are_more_than_fifty() -> None:
    assert len(ATTACKS) > 50
