"""Requests and tokens as the scene makes them."""

import json

from rayfence.access import principal_from_claims
from rayfence.model.routes import Right, Role, Surface
from rayfence.verify.jws import unb64
from rayfence.verify.scene import carrier, changed
from tests.sim.scene import make_scene

SCENE = make_scene()


def test_a_right_token_is_what_the_gateway_would_mint() -> None:
    claims = json.loads(unb64(SCENE.token("x", role=Role.OPERATOR, rights=(Right.RAY_CLIENT,)).split(".")[1]))
    assert (claims["iss"], claims["aud"]) == ("rayfence:sim", "rayfence:sim:api")
    assert claims["sub"] == "verify-0a1b2c3d-operator"
    principal = principal_from_claims(claims)
    assert principal is not None
    assert principal.token_id == SCENE.token_id("x") != SCENE.token_id("y")
    assert principal.operator and principal.holds(Right.RAY_CLIENT) and not principal.holds(Role.ADMIN)


def test_each_surface_has_its_host_audience_and_carrier() -> None:
    shots = {surface: SCENE.request("GET", "/", surface=surface, token="t") for surface in Surface}
    assert ("Host", "dashboard.sim.localhost:8443") in shots[Surface.DASHBOARD].headers
    assert carrier(Surface.DASHBOARD, "t") == ("Cookie", "__Host-rayfence=t")
    assert ("Authorization", "Bearer t") in shots[Surface.LOGIN].headers
    assert SCENE.audience(Surface.RAY_CLIENT) == SCENE.audience(Surface.API)
    assert SCENE.origin(Surface.LOGIN) == "https://login.sim.localhost:8443"


def test_an_attacks_own_headers_replace_the_usual_ones_but_host() -> None:
    shot = SCENE.request("POST", "/", (("Content-Length", "9"), ("Content-Type", "x"), ("Host", "evil")), b"{}")
    names = [name for name, _ in shot.headers]
    assert names.count("Content-Length") == names.count("Content-Type") == 1
    assert names.count("Host") == 2


def test_a_control_names_its_token() -> None:
    control = SCENE.control("mine", "GET", "/", subject="ada")
    assert control.token_id == SCENE.token_id("mine")
    assert control.reaches
    assert control.statuses == {200}


def test_a_plain_request_speaks_no_tls() -> None:
    shot = SCENE.plain(8265, "POST", "/x", (), b"{}")
    assert (shot.tls, shot.port, shot.headers[0]) == (False, 8265, ("Host", "127.0.0.1:8265"))


def test_claims_are_replaced_or_removed() -> None:
    assert changed({"a": 1, "b": 2}, a=3, b=None, c=4) == {"a": 3, "c": 4}
