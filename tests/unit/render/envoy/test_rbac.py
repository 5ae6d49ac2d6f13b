import re
from dataclasses import replace

from rayfence.access.claims import write_grant
from rayfence.catalog.matching import find_route
from rayfence.model.routes import Right, Role
from rayfence.render.envoy.rbac import (
    FOREIGN_ORIGIN,
    allow_all,
    deny_all,
    no_origin_check,
    origin_of_route,
    rbac_of_route,
)
from tests.unit.render.envoy.example import CATALOG, at, objects


def grant(audience: str, role: Role | None, *rights: Right) -> str:
    return write_grant(audience, role, rights, session="0" * 32, issued_at=1, token_id="1" * 32, subject="ada")


def test_the_base_denies_what_no_route_names() -> None:
    assert deny_all()["rules"] == {"action": "ALLOW"}  # no policy: nothing is allowed
    assert "rules" not in no_origin_check()


def test_a_policy_asks_for_the_lowest_holder_and_the_audience() -> None:
    route = find_route(CATALOG, "serve.scale")
    policy = at(rbac_of_route(route, CATALOG, "demo:api"), "rbac", "rules", "policies", "operator")
    matcher = at(policy, "principals", 0, "header")
    assert at(matcher, "name") == "x-rayfence-grant"
    expression = str(at(matcher, "string_match", "safe_regex", "regex"))
    assert not re.fullmatch(expression, grant("demo:api", Role.SUBMITTER))
    assert not re.fullmatch(expression, grant("demo:login", Role.ADMIN))
    assert all(re.fullmatch(expression, grant("demo:api", role)) for role in (Role.OPERATOR, Role.ADMIN))


def test_a_right_is_looked_for_among_the_rights() -> None:
    rules = at(rbac_of_route(find_route(CATALOG, "serve.data"), CATALOG, "a"), "rbac", "rules")
    expression = str(
        at(rules, "policies", "serve:call", "principals", 0, "header", "string_match", "safe_regex", "regex")
    )
    assert re.fullmatch(expression, grant("a", None, Right.SERVE_CALL))
    assert re.fullmatch(expression, grant("a", Role.VIEWER, Right.SERVE_CALL, Right.RAY_CLIENT))
    assert not re.fullmatch(expression, grant("a", Role.ADMIN, Right.RAY_CLIENT))


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
