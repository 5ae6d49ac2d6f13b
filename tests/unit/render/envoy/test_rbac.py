import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog import find_route
from rayfence.render.envoy.rbac import (
    FOREIGN_ORIGIN,
    allow_all,
    complement,
    deny_all,
    no_origin_check,
    origin_of_route,
    rbac_of_route,
)
from tests.unit.render.envoy.example import CATALOG, at, objects

words = st.sets(st.text("ab-:", min_size=1, max_size=4), min_size=1, max_size=5)


@given(words, st.text("ab-:^]\\x", max_size=6))
def test_the_complement_matches_all_but_the_words(known: set[str], text: str) -> None:
    assert bool(re.fullmatch(complement(known), text)) == (text not in known)


@given(words)
def test_the_complement_matches_none_of_the_words(known: set[str]) -> None:
    assert not any(re.fullmatch(complement(known), word) for word in known)


def test_the_base_denies_what_no_route_names() -> None:
    assert deny_all()["rules"] == {"action": "ALLOW"}  # no policy: nothing is allowed
    assert "rules" not in no_origin_check()


def test_a_policy_asks_for_the_lowest_holder_and_the_audience() -> None:
    route = find_route(CATALOG, "serve.scale")
    policy = at(rbac_of_route(route, CATALOG, "demo:api"), "rbac", "rules", "policies", "operator")
    audience, role, strange = objects(policy, "principals", 0, "and_ids", "ids")
    assert at(audience, "sourced_metadata", "metadata_matcher", "value", "string_match", "exact") == "demo:api"
    assert at(role, "sourced_metadata", "metadata_matcher", "path", 1, "key") == "roles"
    assert set(strange) == {"not_id"}


def test_a_right_is_looked_for_among_the_rights() -> None:
    found = str(rbac_of_route(find_route(CATALOG, "serve.data"), CATALOG, "a"))
    assert "'rights'" in found
    assert "'roles'" not in found


def test_a_permission_nobody_holds_is_refused_to_all() -> None:
    orphan = replace(find_route(CATALOG, "serve.scale"), permission="nobody:has")
    assert rbac_of_route(orphan, CATALOG, "a")["rbac"] == {"rules": {"action": "ALLOW"}}


def test_public_routes_let_everyone_in() -> None:
    assert rbac_of_route(find_route(CATALOG, "login.page"), CATALOG, "a") == allow_all()


def test_origin_is_checked_on_writes_and_on_sockets_only() -> None:
    origins = frozenset({"https://localhost:8443"})
    assert origin_of_route(find_route(CATALOG, "version.api"), origins) is None
    write = origin_of_route(find_route(CATALOG, "jobs.submit"), origins)
    socket = origin_of_route(find_route(CATALOG, "jobs.tail"), origins)
    rules = ("rbac", "rules", "policies", FOREIGN_ORIGIN, "permissions", 0, "and_rules", "rules")
    assert len(objects(write, *rules)) == 2
    assert at(objects(socket, *rules)[2], "header", "name") == "upgrade"
    assert at(write, "rbac", "rules", "action") == "DENY"


def test_without_own_origins_every_origin_is_foreign() -> None:
    rule = origin_of_route(find_route(CATALOG, "jobs.submit"), ())
    assert "not_rule" not in str(rule)
