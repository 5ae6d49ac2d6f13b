"""The written form of tokens, as Envoy is told to judge it; that it does is shown by attacks on a real one."""

import base64
import json
import re
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.claims import KEY_ID_DIGITS, token_header
from rayfence.catalog.matching import find_route
from rayfence.catalog.routes import load_routes
from rayfence.model.routes import Surface
from rayfence.render.envoy.tokenform import MALFORMED_TOKEN, base64_form, form_of_route, header_form

CATALOG = load_routes("2.60.0")
KEY_ID = "0123456789abcdef"


def written(header: Mapping[str, object]) -> str:
    """The header as a token's first part."""
    text = json.dumps(header, separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).rstrip(b"=").decode()


TOKEN = f"{written(token_header(KEY_ID))}.def-_.{'x' * 86}"


def expressions(route: str, surface: Surface) -> dict[str, str]:
    """Header to the expression its value must match."""
    form: Any = form_of_route(find_route(CATALOG, route), surface)
    assert form is not None
    found = {}
    for permission in form["rbac"]["rules"]["policies"][MALFORMED_TOKEN]["permissions"]:
        matcher = permission["and_rules"]["rules"][1]["not_rule"]["header"]
        found[matcher["name"]] = matcher["string_match"]["safe_regex"]["regex"]
    return found


def test_a_public_route_looks_at_no_token() -> None:
    assert form_of_route(find_route(CATALOG, "login.page"), Surface.LOGIN) is None


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (f"Bearer {TOKEN}", True),
        (f"x Bearer {TOKEN}", False),
        (f"bearer {TOKEN}", False),
        (f"Bearer  {TOKEN}", False),
        (f"Bearer {TOKEN}x", False),
        (f"Bearer {TOKEN[:-1]}", False),
        (f"Bearer {TOKEN}=", False),
        (f"Bearer {TOKEN},Bearer {TOKEN}", False),
        (f"Bearer {TOKEN}\n", False),
    ],
)
def test_a_bearer_is_one_token_and_nothing_else(value: str, right: bool) -> None:
    assert bool(re.fullmatch(expressions("version.api", Surface.API)["authorization"], value)) is right


@pytest.mark.parametrize(
    ("value", "right"),
    [
        (f"__Host-rayfence={TOKEN}", True),
        (f"theme=dark; __Host-rayfence={TOKEN}; x=y", True),
        (f"__Host-rayfence={TOKEN}x", False),
        (f"__Host-rayfence={TOKEN}=", False),
    ],
)
def test_a_cookie_holds_one_token(value: str, right: bool) -> None:
    assert bool(re.fullmatch(expressions("version.api", Surface.DASHBOARD)["cookie"], value)) is right


def test_the_login_host_looks_at_both_carriers() -> None:
    assert set(expressions("api.whoami", Surface.LOGIN)) == {"authorization", "cookie"}


@pytest.mark.parametrize(
    "header",
    [
        {"typ": "JWT", "alg": "ES256", "kid": KEY_ID, "crit": ["x"]},
        {"typ": "JWT", "alg": "ES256", "kid": '","crit":["b64"'},
        {"alg": "ES256", "typ": "JWT", "kid": KEY_ID},
        {"typ": "JWT", "alg": "none", "kid": KEY_ID},
        {"typ": "JWT", "alg": "ES256", "kid": KEY_ID[:-1]},
        {"typ": "JWT", "alg": "ES256", "kid": KEY_ID.replace("a", "A")},
    ],
)
def test_the_header_is_ours_and_no_other(header: dict[str, object]) -> None:
    assert re.fullmatch(header_form(), written(token_header(KEY_ID)))
    assert not re.fullmatch(header_form(), written(header))


@given(st.text("0123456789abcdef", min_size=KEY_ID_DIGITS, max_size=KEY_ID_DIGITS))
def test_every_key_id_fits(key_id: str) -> None:
    assert re.fullmatch(header_form(), written(token_header(key_id)))


@given(st.from_regex(header_form(), fullmatch=True))
def test_what_fits_has_no_room_for_another_member(text: str) -> None:
    """Characters are judged one by one, so more than hex digits fit; a comma, which begins a member, never does."""
    raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    assert raw.count(b",") == 2
    assert len(raw) == len(json.dumps(token_header(KEY_ID), separators=(",", ":")))


@given(st.lists(st.sets(st.integers(0, 255), min_size=1, max_size=3), max_size=9), st.data())
def test_each_text_of_the_given_bytes_fits(places: list[set[int]], data: st.DataObject) -> None:
    raw = bytes(data.draw(st.sampled_from(sorted(place))) for place in places)
    text = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    assert re.fullmatch(base64_form([frozenset(place) for place in places]), text)
    assert re.fullmatch(base64_form([frozenset({byte}) for byte in raw]), text)
