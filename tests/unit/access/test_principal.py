"""Reading principals: garbage is nobody and grants nothing."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.principal import MAX_PAYLOAD, Principal, principal_from_claims, principal_from_payload
from rayfence.model.routes import Right, Role


def payload(claims: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(claims).encode()).rstrip(b"=").decode()


SESSION, TOKEN = "5e" * 16, "1d" * 16
GRANT = f"rayfence-api submitter,ray-client {SESSION} 0000001000 {TOKEN} bob"
CLAIMS = {
    "sub": "bob",
    "aud": "rayfence-api",
    "iat": 1000,
    "exp": 2000,
    "grant": GRANT,
}


def test_reads_our_own_tokens() -> None:
    expected = Principal(
        "bob",
        frozenset({Role.VIEWER, Role.SUBMITTER}),
        frozenset({Right.RAY_CLIENT}),
        audience="rayfence-api",
        session=SESSION,
        token_id=TOKEN,
        issued_at=1000,
        expires_at=2000,
    )
    assert principal_from_claims(CLAIMS) == expected
    assert principal_from_payload(payload(CLAIMS)) == expected
    assert not expected.operator
    assert expected.holds(Role.SUBMITTER) and expected.holds(Right.RAY_CLIENT)
    assert not expected.holds(Role.OPERATOR) and not expected.holds(Right.SERVE_CALL)


@pytest.mark.parametrize("subject", [None, "", 1, ["bob"], "b\nob", "b\x00", "x" * 257, "\ud800"])
def test_without_a_plain_subject_there_is_nobody(subject: object) -> None:
    assert principal_from_claims({**CLAIMS, "sub": subject}) is None


@pytest.mark.parametrize("claims", [None, [], "x", 1, {}, {"grant": GRANT}])
def test_no_claims_nobody(claims: object) -> None:
    assert principal_from_claims(claims) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"grant": GRANT.replace("submitter", "root")},
        {"grant": [GRANT]},
        {"grant": None},
    ],
)
def test_what_is_no_grant_grants_nothing(changes: dict[str, object]) -> None:
    found = principal_from_claims({**CLAIMS, **changes})
    assert found is not None
    assert (found.roles, found.rights, found.session, found.token_id) == (frozenset(), frozenset(), "", "")
    assert (found.subject, found.issued_at) == ("bob", 1000)


def test_the_grant_says_who_it_is() -> None:
    """Envoy reads nothing else: where they differed, its log and the service would name two callers."""
    found = principal_from_claims({**CLAIMS, "grant": GRANT.replace("bob", "eve"), "iat": 5})
    assert found is not None
    assert (found.subject, found.issued_at) == ("eve", 1000)
    assert principal_from_claims({**CLAIMS, "grant": GRANT.replace("bob", "b\x00")}) is None


@pytest.mark.parametrize(
    ("audience", "granted", "read"),
    [
        ("a", "a", "a"),
        ("a", "b", ""),
        (["a", "b"], "b", "b"),
        (["a"], "b", ""),
        ("a", None, "a"),
        (["a"], None, ""),
        (None, "a", ""),
        (5, "a", ""),
        ([["a"]], "a", ""),
    ],
)
def test_a_token_is_for_the_audience_it_was_granted_for(audience: object, granted: str | None, read: str) -> None:
    grant = GRANT.replace("rayfence-api", granted) if granted else None
    found = principal_from_claims({**CLAIMS, "aud": audience, "grant": grant})
    assert found is not None and found.audience == read


def test_absurd_times_are_none() -> None:
    found = principal_from_claims({**CLAIMS, "exp": float("nan")})
    assert found is not None and found.expires_at == 0


@pytest.mark.parametrize(
    "header",
    [
        "",
        "%%%",
        "A",
        "e30",
        base64.urlsafe_b64encode(b'{"sub":"a","sub":"b"}').decode(),
        base64.urlsafe_b64encode(b"[" * 5000).decode(),
        base64.urlsafe_b64encode(b"\xff\xfe").decode(),
        "A" * (MAX_PAYLOAD + 1),
        "é",
    ],
)
def test_damaged_payloads_are_nobody(header: str) -> None:
    assert principal_from_payload(header) is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(["sub", "aud", "grant", "iat", "exp"]), JSON))
def test_never_raises_on_claims(claims: dict[str, object]) -> None:
    found = principal_from_claims(claims)
    assert found is None or not found.roles


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_never_raises_on_headers(header: str) -> None:
    principal_from_payload(header)
