"""Tokens carry what the contract names, and only ours verify."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from rayfence.access.principal import principal_from_payload
from rayfence.gateway.keys import SigningKeys
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.gateway.sessions.tokens import Minter
from rayfence.model.routes import Right, Role

NOW = 1_800_000_000
SESSION = "5e" * 16


def make_key(kid: str) -> ECKey:
    """A key with an id."""
    return ECKey.import_key({**ECKey.generate_key("P-256").as_dict(private=True), "kid": kid})


OLD, NEW = make_key("old"), make_key("new")


@pytest.fixture
def revocations(tmp_path: Path) -> Revocations:
    """None yet."""
    return Revocations(tmp_path / "revocations.json", tmp_path, longest=3600, clock=lambda: NOW)


@pytest.fixture
def minter(revocations: Revocations) -> Minter:
    """Two keys, the newer signs."""
    return Minter(SigningKeys({"old": OLD, "new": NEW}, "new"), "issuer", revocations, clock=lambda: NOW)


def part(token: str, number: int) -> dict[str, object]:
    """A part of a token, decoded."""
    text = token.split(".")[number]
    value: dict[str, object] = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value


def test_header_and_claims(minter: Minter) -> None:
    token, principal = minter.mint("api", "alice", Role.OPERATOR, [Right.SERVE_CALL], seconds=60, session=SESSION)
    assert list(part(token, 0).items()) == [("typ", "JWT"), ("alg", "ES256"), ("kid", "new")]
    assert part(token, 1) == {
        "iss": "issuer",
        "aud": "api",
        "sub": "alice",
        "iat": NOW,
        "nbf": NOW,
        "exp": NOW + 60,
        "grant": f"api operator,serve:call {SESSION} {NOW} {principal.token_id} alice",
    }
    assert principal_from_payload(token.split(".")[1]) == principal == minter.verify(token, "api")


def test_ids_are_never_repeated(minter: Minter) -> None:
    minted = [minter.mint("api", "alice", Role.VIEWER, [], seconds=60)[1] for _ in range(50)]
    assert len({principal.token_id for principal in minted}) == len({principal.session for principal in minted}) == 50


def test_an_older_key_still_verifies(minter: Minter, revocations: Revocations) -> None:
    before = Minter(SigningKeys({"old": OLD}, "old"), "issuer", revocations, clock=lambda: NOW)
    assert minter.verify(before.mint("api", "alice", Role.VIEWER, [], seconds=60)[0], "api") is not None


def test_a_log_in_within_the_second_of_a_revocation_counts(minter: Minter, revocations: Revocations) -> None:
    first, _ = minter.mint("login", "alice", Role.VIEWER, [], seconds=60)
    revocations.revoke("alice")
    second, _ = minter.mint("login", "alice", Role.VIEWER, [], seconds=60)
    assert minter.verify(first, "login") is None
    assert minter.verify(second, "login") is not None


GOOD: dict[str, Any] = {
    "iss": "issuer",
    "aud": "api",
    "sub": "alice",
    "iat": NOW,
    "nbf": NOW,
    "exp": NOW + 60,
    "grant": f"api viewer {SESSION} {NOW} {SESSION} alice",
}


def sign(claims: dict[str, object], key: ECKey | OctKey = NEW, alg: str = "ES256", kid: str = "new") -> str:
    """A token by hand."""
    return jwt.encode({"alg": alg, "kid": kid}, claims, key, algorithms=[alg])


def test_the_hand_made_one_is_good(minter: Minter) -> None:
    assert minter.verify(sign(GOOD), "api") is not None


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a.b.c",
        sign({**GOOD, "iss": "other"}),
        sign({**GOOD, "aud": "login"}),
        sign({**GOOD, "aud": ["api"], "grant": GOOD["grant"].replace("api", "login")}),
        sign({**GOOD, "grant": GOOD["grant"].replace("api", "login")}),
        sign({**GOOD, "exp": NOW}),
        sign({key: value for key, value in GOOD.items() if key != "exp"}),
        sign({**GOOD, "sub": ""}),
        sign({**GOOD, "sub": ["alice"]}),
        sign(GOOD, make_key("new")),
        sign(GOOD, kid="nobody"),
        sign(GOOD, OctKey.import_key(json.dumps(NEW.as_dict(private=False))), alg="HS256"),
        ".".join([base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("="), sign(GOOD).split(".")[1], ""]),
        sign(GOOD)[:-4] + "AAAA",
    ],
)
def test_others_are_not(minter: Minter, token: str) -> None:
    assert minter.verify(token, "api") is None


@given(st.text(max_size=200))
def test_whatever_comes_is_refused_quietly(text: str) -> None:
    minter = Minter(SigningKeys({"new": NEW}, "new"), "issuer", Revocations(Path("nowhere"), Path(), longest=1))
    assert minter.verify(text, "api") is None
