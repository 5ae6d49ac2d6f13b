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


CLAIMS = {
    "sub": "bob",
    "aud": "rayfence-api",
    "roles": ["viewer", "submitter"],
    "rights": ["ray-client"],
    "iat": 1000,
    "exp": 2000,
    "sid": "s",
    "jti": "j",
}


def test_reads_our_own_tokens() -> None:
    expected = Principal(
        "bob",
        frozenset({Role.VIEWER, Role.SUBMITTER}),
        frozenset({Right.RAY_CLIENT}),
        audience="rayfence-api",
        session="s",
        token_id="j",
        issued_at=1000,
        expires_at=2000,
    )
    assert principal_from_claims(CLAIMS) == expected
    assert principal_from_payload(payload(CLAIMS)) == expected
    assert not expected.operator
    assert expected.holds(Role.SUBMITTER) and expected.holds(Right.RAY_CLIENT)
    assert not expected.holds(Role.OPERATOR) and not expected.holds(Right.SERVE_CALL)


def test_roles_are_members_not_ranks() -> None:
    admin_only = principal_from_claims({**CLAIMS, "roles": ["admin"]})
    assert admin_only is not None and not admin_only.holds(Role.VIEWER) and not admin_only.operator


@pytest.mark.parametrize(
    "roles",
    [None, "viewer", "admin", {"viewer": 1}, ["viewer", "king"], ["viewer", 1], [["viewer"]], ["Viewer"], [None], 7],
)
def test_roles_that_are_not_a_list_of_known_strings_grant_nothing(roles: object) -> None:
    found = principal_from_claims({**CLAIMS, "roles": roles, "rights": roles})
    assert found is not None and found.roles == frozenset() and found.rights == frozenset()


@pytest.mark.parametrize("subject", [None, "", 1, ["bob"], "b\nob", "b\x00", "x" * 257, "\ud800"])
def test_without_a_plain_subject_there_is_nobody(subject: object) -> None:
    assert principal_from_claims({**CLAIMS, "sub": subject}) is None


@pytest.mark.parametrize("claims", [None, [], "x", 1, {}, {"roles": ["admin"]}])
def test_no_claims_nobody(claims: object) -> None:
    assert principal_from_claims(claims) is None


def test_an_audience_list_is_no_audience() -> None:
    found = principal_from_claims({**CLAIMS, "aud": ["rayfence-api"], "iat": True, "exp": float("nan"), "jti": 5})
    assert found is not None
    assert (found.audience, found.issued_at, found.expires_at, found.token_id) == ("", 0, 0, "")


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


@given(st.dictionaries(st.sampled_from(["sub", "aud", "roles", "rights", "iat", "exp", "sid", "jti"]), JSON))
def test_never_raises_on_claims(claims: dict[str, object]) -> None:
    found = principal_from_claims(claims)
    if found is not None and found.roles:
        assert isinstance(claims["roles"], list) and all(item in set(Role) for item in claims["roles"])


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: base64.urlsafe_b64encode(raw).decode()))
def test_never_raises_on_headers(header: str) -> None:
    principal_from_payload(header)
