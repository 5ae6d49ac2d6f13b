"""The sweep over the catalogue misses no route, and its controls are who may just do it."""

import json

from rayfence.catalog.matching import find_route, match
from rayfence.model.routes import Right, Role, Surface
from rayfence.verify.attacks.sweeps import (
    Subjects,
    anonymous_attacks,
    below,
    blocked_attacks,
    body_of,
    guarded,
    headers_of,
    role_attacks,
    shot_body,
    target_of,
)
from rayfence.verify.jws import unb64
from tests.sim.scene import CATALOG, make_scene

SCENE = make_scene()
SUBJECTS = Subjects("verify-1", serve_idle=True)
FRONT = {Surface.API, Surface.DASHBOARD, Surface.LOGIN}


def test_no_guarded_route_is_left_out() -> None:
    wanted = {
        (route.name, surface)
        for route in CATALOG.routes
        for surface in FRONT & set(route.surfaces)
        if route.permission is not None
        and not route.public
        and (surface is not Surface.DASHBOARD or "GET" in route.methods)
    }
    assert {(route.name, surface) for route, surface, _ in guarded(SCENE)} == wanted
    assert len(anonymous_attacks(SCENE, SUBJECTS)) == len(wanted)


def test_targets_are_answered_by_the_route_they_are_made_for() -> None:
    for route, surface, method in guarded(SCENE):
        path = target_of(route, SCENE, SUBJECTS).partition("?")[0]
        found = match(CATALOG, surface, method, path)
        assert found is not None
        assert found[0].name == route.name


def test_who_stands_below() -> None:
    assert below(Role.VIEWER) == (None, tuple(Right))
    assert below(Role.ADMIN) == (Role.OPERATOR, tuple(Right))
    assert below(Right.RAY_CLIENT) == (Role.ADMIN, (Right.SERVE_CALL,))


def test_controls_hold_exactly_what_is_needed() -> None:
    attacks = {attack.id: attack for attack in role_attacks(SCENE, SUBJECTS)}
    shot = attacks["role.serve.apps.put"].control.shot
    token = dict(shot.headers)["Authorization"].removeprefix("Bearer ")
    assert " operator " in json.loads(unb64(token.split(".")[1]))["grant"]


def test_bodies_are_of_no_use_and_deletions_are_stopped_by_theirs() -> None:
    assert body_of(find_route(CATALOG, "version.api")) == b""
    assert b"entrypoint" not in body_of(find_route(CATALOG, "jobs.submit"))
    assert shot_body(find_route(CATALOG, "serve.apps.delete")) == b"{}"


def test_a_live_tail_is_asked_for_as_a_websocket() -> None:
    assert ("Upgrade", "websocket") in headers_of(find_route(CATALOG, "jobs.tail"))
    assert headers_of(find_route(CATALOG, "serve.data")) == ()


def test_closed_routes_are_asked_by_an_administrator() -> None:
    assert {attack.id for attack in blocked_attacks(SCENE, SUBJECTS)} >= {"blocked.dump", "blocked.authenticate"}
