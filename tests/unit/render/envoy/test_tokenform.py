"""The written form of tokens, as Envoy is told to judge it; that it does is shown by attacks on a real one."""

import re
from typing import Any

import pytest

from rayfence.catalog import find_route, load_routes
from rayfence.model.routes import Surface
from rayfence.render.envoy.tokenform import CRITICAL_HEADER, MALFORMED_TOKEN, form_of_route, refuse_critical_headers

CATALOG = load_routes("2.60.0")
TOKEN = f"abc.def-_.{'x' * 86}"


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


def test_critical_headers_are_refused_wherever_a_token_was_verified() -> None:
    rules: Any = refuse_critical_headers()["rules"]
    assert rules["action"] == "DENY"
    assert list(rules["policies"]) == [CRITICAL_HEADER]
