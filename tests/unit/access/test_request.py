"""What a request's host and headers say."""

import pytest

from rayfence.access.request import (
    Carrier,
    Listener,
    Request,
    carrier,
    foreign_origin,
    host_name,
    removes_essentials,
    surface_of,
    upgrade,
)
from rayfence.model.gateway import Hosts
from rayfence.model.routes import Surface

HOSTS = Hosts(("localhost", "127.0.0.1", "[::1]"), "dashboard.default.localhost", "login.default.localhost")


def request(*headers: tuple[str, str], target: str = "/", host: str = "localhost") -> Request:
    return Request("GET", target, host, headers)


@pytest.mark.parametrize(
    ("host", "surface"),
    [
        ("localhost", Surface.API),
        ("LOCALHOST:8443", Surface.API),
        ("127.0.0.1:1", Surface.API),
        ("[::1]:8443", Surface.API),
        ("dashboard.default.localhost", Surface.DASHBOARD),
        ("login.default.localhost:8443", Surface.LOGIN),
        ("evil.example", None),
        ("localhost.", None),
        ("localhost:", None),
        ("localhost:abc", None),
        ("localhost:99999999999", None),
        ("user@localhost", None),
        ("localhost,evil", None),
        ("::1", None),
        ("", None),
        ("x.dashboard.default.localhost", None),
    ],
)
def test_surface_by_host(host: str, surface: Surface | None) -> None:
    assert surface_of(request(host=host), HOSTS) is surface


def test_ray_client_has_a_listener_of_its_own() -> None:
    assert surface_of(Request("POST", "/", "localhost:9", (), Listener.RAY_CLIENT), HOSTS) is Surface.RAY_CLIENT
    assert surface_of(Request("POST", "/", "evil", (), Listener.RAY_CLIENT), HOSTS) is None
    assert host_name("A:80") == "a"


BEARER = ("Authorization", "Bearer t")
COOKIE = ("Cookie", "__Host-rayfence=t")
LOGIN_COOKIE = ("Cookie", "a=b; __Host-rayfence-login=t")


@pytest.mark.parametrize(
    ("surface", "headers", "expected"),
    [
        (Surface.API, (BEARER,), Carrier.PRESENT),
        (Surface.API, (("authorization", "Bearer t"),), Carrier.PRESENT),
        (Surface.API, (("authorization", "bearer t"),), Carrier.NONE),
        (Surface.API, (("authorization", "BEARER t"),), Carrier.NONE),
        (Surface.API, (("authorization", "t"),), Carrier.NONE),
        (Surface.API, (("authorization", "Bearer "),), Carrier.NONE),
        (Surface.API, (BEARER, BEARER), Carrier.NONE),
        (Surface.API, (COOKIE,), Carrier.NONE),
        (Surface.API, (("x-ray-authorization", "Bearer t"),), Carrier.NONE),
        (Surface.API, (BEARER, COOKIE), Carrier.CONFLICT),
        (Surface.API, (BEARER, LOGIN_COOKIE), Carrier.CONFLICT),
        (Surface.API, (BEARER, ("cookie", "theme=dark")), Carrier.PRESENT),
        (Surface.DASHBOARD, (COOKIE,), Carrier.PRESENT),
        (Surface.DASHBOARD, (BEARER,), Carrier.NONE),
        (Surface.DASHBOARD, (LOGIN_COOKIE,), Carrier.NONE),
        (Surface.DASHBOARD, (("cookie", "__Host-rayfence="),), Carrier.NONE),
        (Surface.LOGIN, (LOGIN_COOKIE,), Carrier.PRESENT),
        (Surface.LOGIN, (COOKIE,), Carrier.NONE),
        (Surface.LOGIN, (BEARER,), Carrier.PRESENT),
        (Surface.RAY_CLIENT, (BEARER,), Carrier.PRESENT),
        (Surface.RAY_CLIENT, (COOKIE,), Carrier.NONE),
    ],
)
def test_carriers(surface: Surface, headers: tuple[tuple[str, str], ...], expected: Carrier) -> None:
    assert carrier(request(*headers), surface) is expected


def test_a_token_in_the_query_is_never_read() -> None:
    assert carrier(request(target="/?access_token=t"), Surface.API) is Carrier.NONE


def test_origins() -> None:
    own = frozenset({"https://localhost:8443"})
    assert not foreign_origin(request(), own)
    assert not foreign_origin(request(("Origin", "https://localhost:8443")), own)
    for value in ("null", "https://localhost", "http://localhost:8443", "https://evil", "", "https://localhost:8443/"):
        assert foreign_origin(request(("origin", value)), own), value
    assert foreign_origin(request(*[("origin", "https://localhost:8443")] * 2), own)


def test_upgrades() -> None:
    assert upgrade(request(("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket"))) == "websocket"
    assert upgrade(request(("Upgrade", "websocket"))) == ""
    assert upgrade(request(("Connection", "Upgrade"))) == ""
    assert upgrade(request(("Connection", "Upgrade"), ("Upgrade", "h2c"))) == ""


def test_headers_for_the_next_hop_are_gone_before_anything_is_read() -> None:
    sent = request(("connection", "close, Authorization"), BEARER, ("x-a", "1"))
    kept = sent.end_to_end()
    assert kept.values("authorization") == () and kept.values("x-a") == ("1",)
    assert carrier(kept, Surface.API) is Carrier.NONE


def test_connection_may_not_name_what_others_rely_on() -> None:
    assert removes_essentials(request(("connection", "close, X-Forwarded-For")))
    assert removes_essentials(request(("connection", "host")))
    assert not removes_essentials(request(("connection", "keep-alive, upgrade")))
