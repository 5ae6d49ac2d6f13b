"""Ways to bend a request: what an attacker tries so that the gateway and what stands behind it read it differently.

Each mutation takes a plain request and returns a bent one. Neither side is told which answer is right: the reference
decides.
"""

import random
from collections.abc import Callable
from typing import Final

from tests.envoy.stand import HOSTS
from tests.envoy.wire import SPOOF, Wire

Mutation = Callable[[Wire, random.Random], Wire]


def _path(note: str, change: Callable[[str, random.Random], str]) -> Mutation:
    def mutate(wire: Wire, rng: random.Random) -> Wire:
        path, mark, query = wire.target.partition("?")
        return wire.but(f"path:{note}", target=change(path, rng) + mark + query)

    return mutate


def _encode_one(path: str, rng: random.Random, form: str = "%{:02x}") -> str:
    at = rng.choice([i for i, c in enumerate(path) if c != "/"] or [0])
    return path if path == "/" else path[:at] + form.format(ord(path[at])) + path[at + 1 :]


def _slash_to(text: str) -> Callable[[str, random.Random], str]:
    def change(path: str, rng: random.Random) -> str:
        slashes = [i for i, c in enumerate(path) if c == "/"]
        if not slashes:  # an earlier mutation took it
            return path + text
        at = rng.choice(slashes)
        return path[:at] + text + path[at + 1 :]

    return change


PATHS: Final[tuple[Mutation, ...]] = (
    _path("encode", _encode_one),
    _path("encode-upper", lambda p, r: _encode_one(p, r, "%{:02X}")),
    _path("encode-twice", lambda p, r: _encode_one(p, r, "%25{:02x}")),
    _path("slash-%2f", _slash_to("%2f")),
    _path("slash-%2F", _slash_to("%2F")),
    _path("slash-%5c", _slash_to("%5c")),
    _path("slash-%252f", _slash_to("%252f")),
    _path("backslash", _slash_to("\\")),
    _path("double-slash", _slash_to("//")),
    _path("triple-slash", _slash_to("///")),
    _path("dot", _slash_to("/./")),
    _path("dot-dot", _slash_to("/x/../")),
    _path("dot-dot-encoded", _slash_to("/x/%2e%2e/")),
    _path("dot-dot-half", _slash_to("/x/.%2E/")),
    _path("dot-encoded", _slash_to("/%2e/")),
    _path("climb", lambda p, _: "/.." + p),
    _path("static-climb", lambda p, _: "/static/.." + p),
    _path("static-climb-encoded", lambda p, _: "/static/%2e%2e" + p),
    _path("static-climb-%2f", lambda p, _: "/static/..%2f" + p[1:]),
    _path("serve-climb", lambda p, _: "/serve/.." + p),
    _path("up", lambda p, _: p.rstrip("/") + "/.."),
    _path("here", lambda p, _: p.rstrip("/") + "/."),
    _path("slash-more", lambda p, _: p + "/"),
    _path("slash-less", lambda p, _: p.rstrip("/") or "/"),
    _path("segment-more", lambda p, _: p.rstrip("/") + "/x"),
    _path("letter-more", lambda p, _: p + "x"),
    _path("letter-less", lambda p, _: p[:-1] or "/"),
    _path("matrix", lambda p, _: p + ";a=b"),
    _path("matrix-dots", lambda p, _: p + "/..;/x"),
    _path("nul", lambda p, _: p + "%00"),
    _path("space", lambda p, _: p + "%20"),
    _path("newline", lambda p, _: p + "%0a"),
    _path("plus", lambda p, _: p + "+"),
    _path("bad-escape", lambda p, _: p + "%zz"),
    _path("half-escape", lambda p, _: p + "%2"),
    _path("overlong-dot", lambda p, _: p.rstrip("/") + "/%c0%ae%c0%ae/"),
    _path("fragment", lambda p, _: p + "#x"),
    _path("fragment-encoded", lambda p, _: p + "%23x"),
    _path("question-encoded", lambda p, _: p + "%3fx=1"),
    _path("upper", lambda p, _: p.upper()),
    _path("lower", lambda p, _: p.lower()),
    _path("swapped", lambda p, _: p.swapcase()),
    _path("brackets", lambda p, _: p + "{}"),
    _path("pipe", lambda p, _: p + "|^`"),
    _path("tilde", lambda p, _: p + "~"),
    _path("prefix-less", lambda p, _: p[1:] or "x"),
)


def _query(note: str, text: str) -> Mutation:
    def mutate(wire: Wire, _: random.Random) -> Wire:
        joint = "&" if "?" in wire.target else "?"
        return wire.but(f"query:{note}", target=wire.target + joint + text)

    return mutate


QUERIES: Final[tuple[Mutation, ...]] = (
    _query("empty", ""),
    _query("path", "/../api/jobs/"),
    _query("slash", "a=%2f..%2f"),
    _query("question", "?x=1"),
    _query("method", "_method=DELETE&method=DELETE"),
    _query("token", "access_token=a.b.c&token=x"),
    _query("nul", "a=%00"),
    _query("mine", "job_id=mine-1"),
    _query("fragment", "a=1#frag"),
)


def _host(note: str, change: Callable[[str], str]) -> Mutation:
    return lambda wire, _: wire.but(f"host:{note}", host=change(wire.host))


HOST_NAMES: Final[tuple[Mutation, ...]] = (
    _host("port", lambda h: f"{h}:8443"),
    _host("port-80", lambda h: f"{h}:80"),
    _host("upper", str.upper),
    _host("dot", lambda h: f"{h}."),
    _host("sub", lambda h: f"x.{h}"),
    _host("suffix", lambda h: f"{h}.evil.example"),
    _host("prefix", lambda h: f"evil{h}"),
    _host("foreign", lambda _: "evil.example"),
    _host("foreign-port", lambda _: "evil.example:8443"),
    _host("ip", lambda _: "127.0.0.1"),
    _host("ip-other", lambda _: "127.0.0.2"),
    _host("ip6", lambda _: "[::1]:8443"),
    _host("ip6-long", lambda _: "[0:0:0:0:0:0:0:1]"),
    _host("ip-zero", lambda _: "0.0.0.0"),  # noqa: S104 - a host name to refuse
    _host("decimal", lambda _: "2130706433"),
    _host("rebound", lambda _: "127.0.0.1.nip.io"),
    _host("dashboard", lambda _: HOSTS.dashboard),
    _host("login", lambda _: HOSTS.login),
    _host("api", lambda _: "localhost"),
    _host("port-word", lambda h: f"{h}:http"),
    _host("port-empty", lambda h: f"{h}:"),
)


def _method(name: str) -> Mutation:
    return lambda wire, _: wire.but(f"method:{name}", method=name)


METHODS: Final[tuple[Mutation, ...]] = tuple(
    _method(name) for name in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE")
)


def _header(note: str, *headers: tuple[str, str]) -> Mutation:
    return lambda wire, _: wire.plus(note, *headers)


HEADERS: Final[tuple[Mutation, ...]] = (
    _header(
        "override", ("X-HTTP-Method-Override", "DELETE"), ("X-HTTP-Method", "DELETE"), ("X-Method-Override", SPOOF)
    ),
    _header("rewrite", ("X-Original-URL", f"/{SPOOF}"), ("X-Rewrite-URL", f"/{SPOOF}")),
    _header("forwarded", ("X-Forwarded-For", f"1.2.3.4, {SPOOF}"), ("Forwarded", f"for={SPOOF}")),
    _header("forwarded-host", ("X-Forwarded-Host", SPOOF), ("X-Forwarded-Proto", SPOOF), ("X-Forwarded-User", SPOOF)),
    _header("real-ip", ("X-Real-IP", SPOOF), ("True-Client-IP", SPOOF), ("X-Client-IP", SPOOF)),
    _header("identity", ("X-Rayfence-Payload", SPOOF), ("X-Rayfence-Route", SPOOF), ("X-Rayfence-Surface", SPOOF)),
    _header("identity-user", ("X-Auth-User", SPOOF), ("X-Remote-User", SPOOF), ("Remote-User", SPOOF)),
    _header("underscore", ("X_Rayfence_Payload", SPOOF)),
    _header("underscore-ray", ("X_Ray_Authorization", f"Bearer {SPOOF}")),
    _header("ray-token", ("X-Ray-Authorization", f"Bearer {SPOOF}")),
    _header("ray-cookie", ("Cookie", f"ray-authentication-token={SPOOF}")),
    _header("second-bearer", ("Authorization", f"Bearer {SPOOF}")),
    _header("basic", ("Authorization", "Basic YTpi")),
    _header("lower-bearer", ("Authorization", "bearer x.y.z")),
    _header("empty-bearer", ("Authorization", "Bearer ")),
    _header("our-cookie", ("Cookie", "__Host-rayfence=x.y.z")),
    _header("login-cookie", ("Cookie", "__Host-rayfence-login=x.y.z")),
    _header("like-our-cookie", ("Cookie", "x__Host-rayfence=x.y.z")),
    _header("proxy-auth", ("Proxy-Authorization", f"Bearer {SPOOF}")),
    _header("envoy", ("x-envoy-original-path", SPOOF), ("x-envoy-internal", "true"), ("x-envoy-retry-on", SPOOF)),
    _header("envoy-timeout", ("x-envoy-upstream-rq-timeout-ms", "1"), ("x-envoy-force-trace", SPOOF)),
    _header("request-id", ("X-Request-Id", SPOOF)),
    _header("origin-foreign", ("Origin", "https://evil.example")),
    _header("origin-null", ("Origin", "null")),
    _header("origin-dashboard", ("Origin", f"https://{HOSTS.dashboard}:8443")),
    _header("origin-two", ("Origin", "https://localhost"), ("Origin", "https://evil.example")),
    _header(
        "fetch", ("Sec-Fetch-Site", "cross-site"), ("Sec-Fetch-Mode", "no-cors"), ("Referer", "https://evil.example/")
    ),
    _header("html", ("Accept", "text/html,*/*")),
    _header("preflight", ("Access-Control-Request-Method", "DELETE"), ("Access-Control-Request-Headers", "x")),
    _header(
        "websocket",
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Key", "x"),
        ("Sec-WebSocket-Version", "13"),
    ),
    _header(
        "websocket-case", ("Connection", "keep-alive, upgrade"), ("Upgrade", "WebSocket"), ("Sec-WebSocket-Key", "x")
    ),
    _header(
        "h2c",
        ("Connection", "Upgrade, HTTP2-Settings"),
        ("Upgrade", "h2c"),
        ("HTTP2-Settings", "AAMAAABkAARAAAAAAAIAAAAA"),
    ),
    _header("hop", ("Connection", "authorization, x-request-id")),
    _header("upgrade-alone", ("Upgrade", "websocket")),
)


def _absolute(note: str, prefix: str) -> Mutation:
    return lambda wire, _: wire.but(f"absolute:{note}", target=prefix.format(host=wire.host) + wire.target)


#: HTTP/1.1 only: an absolute target.
ABSOLUTE: Final[tuple[Mutation, ...]] = (
    _absolute("own", "https://{host}"),
    _absolute("own-http", "http://{host}"),
    _absolute("foreign", "https://evil.example"),
    _absolute("api", "https://localhost"),
    _absolute("user", "https://user@{host}"),
    _absolute("odd-scheme", "ftp://{host}"),
    _absolute("no-scheme", "//{host}"),
)
