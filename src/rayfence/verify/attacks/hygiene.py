"""Requests that two readers read differently, and headers that speak for somebody else.

Sources: RFC 9112 6.3 and 11.2 (request smuggling), RFC 9110 7.6 (hop-by-hop fields), CVE-2025-62593 (what Ray believes
of a client). Half of these are answered as if the forged part were not there; then its effect must be missing.
"""

import json
from collections.abc import Iterator
from typing import Final

from rayfence.model.routes import Role, Surface
from rayfence.model.wire import Fields, Shot
from rayfence.verify.attack import FORBIDDEN, MALFORMED, Attack, Control, Expect
from rayfence.verify.jws import b64
from rayfence.verify.scene import EVERY_RIGHT, UPGRADE, Scene
from rayfence.verify.tokens.target import control as version_control

GROUP: Final = "smuggling and forged headers"
_UNDERSCORE: Final = Expect(frozenset({400}), closed=True)


def hygiene_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    return (*_framing(scene), *_targets(scene), *_overrides(scene), *_identities(scene), *_upgrades(scene))


def _raw(scene: Scene, text: str) -> Shot:
    return Shot(scene.settings.port, raw=text.encode("latin-1"), seconds=6)


def _framing(scene: Scene) -> Iterator[Attack]:
    """Two lengths, or a length and chunks: where does the next request begin?"""
    host = f"{scene.host(Surface.API)}:{scene.settings.port}"
    bearer = f"Authorization: Bearer {scene.token('framing', role=Role.ADMIN, rights=EVERY_RIGHT)}\r\n"
    viewer = f"Authorization: Bearer {scene.token('framing-low')}\r\n"
    get = f"GET /api/version HTTP/1.1\r\nHost: {host}\r\n"
    inner = f"DELETE /api/serve/applications/ HTTP/1.1\r\nHost: {host}\r\n\r\n"
    head = f"POST /api/jobs/ HTTP/1.1\r\nHost: {host}\r\n"
    rows = {
        "cl-te": f"{head}{bearer}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n{inner}",
        "te-cl": f"{head}{bearer}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n{inner}",
        "te-te": f"{head}{bearer}Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n",
        "te-space": f"{head}{bearer}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
        "te-obfuscated": f"{head}{bearer}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "te-tab": f"{head}{bearer}Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n",
        "cl-cl": f"{head}{bearer}Content-Length: 2\r\nContent-Length: 40\r\n\r\n{{}}{inner}",
        "cl-list": f"{head}{bearer}Content-Length: 2, 40\r\n\r\n{{}}",
        "cl-sign": f"{head}{bearer}Content-Length: +2\r\n\r\n{{}}",
        "cl-negative": f"{head}{bearer}Content-Length: -1\r\n\r\n",
        "cl-hex": f"{head}{bearer}Content-Length: 0x2\r\n\r\n{{}}",
        "folded": f"{get}X-A: b\r\n {viewer}\r\n",
        "bare-lf": f"GET /api/version HTTP/1.1\nHost: {host}\nX-A: b\n\n",
        "nul": f"{get}X-A: b\0c\r\n{viewer}\r\n",
        "name-space": f"{get}X A: b\r\n{viewer}\r\n",
        "name-empty": f"{get}: b\r\n{viewer}\r\n",
        "two-hosts": f"{get}Host: attacker.example\r\n{viewer}\r\n",
        "no-host": f"GET /api/version HTTP/1.1\r\n{viewer}\r\n",
        "http-1.0": f"GET /api/version HTTP/1.0\r\nHost: {host}\r\n{viewer}\r\n",
        "http-0.9": "GET /api/version\r\n\r\n",
        "http-3.0": f"GET /api/version HTTP/3.0\r\nHost: {host}\r\n{viewer}\r\n",
        "clear-h2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "get-body": f"{get}{viewer}Content-Length: {len(inner)}\r\n\r\n{inner}",
        "get-chunked": f"{get}{viewer}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        "many-headers": get + "X-A: b\r\n" * 300 + f"{viewer}\r\n",
        "large-header": f"{get}X-A: {'b' * 100_000}\r\n{viewer}\r\n",
        "plain-on-tls": "",
    }  # fmt: skip
    for name, text in rows.items():
        if name == "plain-on-tls":
            shot = Shot(scene.settings.port, "GET", "/api/version", (("Host", host),), tls=False, seconds=6)
        else:
            shot = _raw(scene, text)
        yield Attack(f"framing.{name}", GROUP, f"request framing: {name}", (shot,), MALFORMED, version_control(scene))


def _targets(scene: Scene) -> Iterator[Attack]:
    """Request targets that are no path, or hide one."""
    token = scene.token("targets", role=Role.VIEWER)
    host = f"{scene.host(Surface.API)}:{scene.settings.port}"
    targets = {
        "absolute": f"https://{host}/api/version",
        "absolute-other": f"http://127.0.0.1:{scene.settings.ray_dashboard_port}/api/version",
        "absolute-host": "https://attacker.example/api/version",
        "encoded-slash": "/api%2fversion",
        "encoded-upper": "/api%2Fversion",
        "encoded-backslash": "/api%5cversion",
        "nul": "/api/version%00",
        "fragment": "/api/version#/x",
        "semicolon": "/api/version;x=/../../test/dump",
        "case": "/API/version",
        "trailing": "/api/version/",
        "dot": "/api/version/.",
        "double": "/api/version/..//..//test/dump",
        "no-slash": "api/version",
        "empty": "",
        "star": "*",
        "space": "/api/jobs/ /api/version",
        "utf8": "/api/version\xe9",
        "long": "/" + "a" * 60_000,
    }
    for name, target in targets.items():
        shot = scene.request("GET", target, token=token, seconds=6)
        yield Attack(f"target.{name}", GROUP, f"request target: {name}", (shot,), MALFORMED, version_control(scene))


def _overrides(scene: Scene) -> Iterator[Attack]:
    """A read that asks to be taken for a write, by someone who may only read."""
    right = scene.control("override", "GET", "/api/serve/applications/", says=("applications",))
    token = scene.token("override-low")
    for name in ("X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"):
        for method, effect in (("DELETE", "read"), ("PUT", "read")):
            shot = scene.request("GET", "/api/serve/applications/", ((name, method),), token=token)
            expect = Expect(frozenset({200}), refused=False, says=("applications",))
            title = f"GET with {name}: {method} stays a {effect}"
            yield Attack(f"override.{name.lower()}-{method.lower()}", GROUP, title, (shot,), expect, right)
        shot = scene.request("POST", "/api/jobs/", ((name, "GET"),), b"{}", token=token)
        title = f"a write that calls itself a read ({name})"
        yield Attack(f"override.{name.lower()}-get", GROUP, title, (shot,), FORBIDDEN, right)
    shot = scene.request("POST", "/api/jobs/?_method=GET", (), b"{}", token=token)
    yield Attack("override.query", GROUP, "a write that calls itself a read (query)", (shot,), FORBIDDEN, right)
    for name in ("X-Original-URL", "X-Rewrite-URL", "X-Envoy-Original-Path", "X-Original-Path"):
        shot = scene.request("POST", "/api/jobs/", ((name, "/api/version"),), b"{}", token=token)
        yield Attack(f"override.{name.lower()}", GROUP, f"another path in {name}", (shot,), FORBIDDEN, right)


def _identities(scene: Scene) -> Iterator[Attack]:
    """Headers by which something in front of us would say who calls."""
    me, other = scene.subject("me"), scene.settings.operator_subject
    whoami = scene.control(
        "whoami-me", "GET", "/v1/whoami", subject=me, surface=Surface.LOGIN, says=(f'"subject":"{me}"',)
    )
    admin = scene.claims("forged-payload", surface=Surface.LOGIN, role=Role.ADMIN, subject=other)
    payload = b64(json.dumps(admin).encode())
    headers: dict[str, Fields] = {
        "x-rayfence-payload": (("X-Rayfence-Payload", payload),),
        "x-rayfence-route": (("X-Rayfence-Route", "api.users.list"),),
        "x-rayfence-surface": (("X-Rayfence-Surface", "api"),),
        "x-rayfence-intent": (("X-Rayfence-Intent", "x"),),
        "x-forwarded-user": (("X-Forwarded-User", other),),
        "x-forwarded-for": (("X-Forwarded-For", "10.0.0.1"),),
        "x-forwarded-host": (("X-Forwarded-Host", "attacker.example"), ("Forwarded", "for=10.0.0.1;host=x")),
        "x-remote-user": (("X-Remote-User", other), ("Remote-User", other)),
        "x-auth-request-user": (("X-Auth-Request-User", other), ("X-Auth-Request-Email", "root@example.com")),
        "x-goog-iap": (("X-Goog-Authenticated-User-Email", f"accounts.google.com:{other}"),),
        "x-envoy-internal": (("X-Envoy-Internal", "true"), ("X-Envoy-Upstream-Rq-Timeout-Ms", "1")),
        "x-client-cert": (("X-Forwarded-Client-Cert", "By=x;Subject=\"CN=admin\""), ("X-SSL-Client-Verify", "SUCCESS")),
        "connection": (("Connection", "close, x-rayfence-payload, x-forwarded-for, authorization"),),
    }  # fmt: skip
    mine = Expect(frozenset({200, 400, 401}), refused=False, hides=(f'"subject":"{other}"', '"admin"'))
    for name, forged in headers.items():
        token = scene.token(f"forged-{name}", surface=Surface.LOGIN, subject=me)
        shot = scene.request("GET", "/v1/whoami", forged, surface=Surface.LOGIN, token=token)
        yield Attack(f"forged.{name}", GROUP, f"another identity in {name}", (shot,), mine, whoami)
        shot = scene.request("GET", "/v1/whoami", forged, surface=Surface.LOGIN)
        nobody = Expect(frozenset({400, 401}))
        yield Attack(f"forged.{name}-alone", GROUP, f"an identity in {name} alone", (shot,), nobody, whoami)
    yield from _underscores(scene, payload, whoami)


def _underscores(scene: Scene, payload: str, right: Control) -> Iterator[Attack]:
    """CGI-like servers read `_` as `-`: what is stripped under one name arrives under the other."""
    token = scene.token("underscore", surface=Surface.LOGIN)
    for name in ("X_Rayfence_Payload", "X-Rayfence_Payload", "X_Forwarded_User", "X_Ray_Authorization", "X_Gw_User"):
        shot = scene.request("GET", "/v1/whoami", ((name, payload),), surface=Surface.LOGIN, token=token)
        yield Attack(f"underscore.{name.lower()}", GROUP, f"header {name}", (shot,), _UNDERSCORE, right)


def _upgrades(scene: Scene) -> Iterator[Attack]:
    """Connections that want to become something else."""
    token = scene.token("upgrade", role=Role.ADMIN, rights=EVERY_RIGHT)
    rows: dict[str, Fields] = {
        "websocket": UPGRADE,
        "tcp": (("Connection", "Upgrade"), ("Upgrade", "tcp")),
        "connect-udp": (("Connection", "Upgrade"), ("Upgrade", "connect-udp")),
    }
    expect = Expect(frozenset({400, 403, 404, 426}))
    for name, headers in rows.items():
        shot = scene.request("GET", "/api/version", headers, token=token, seconds=6)
        title = f"an upgrade to {name} where none is"
        yield Attack(f"upgrade.{name}", GROUP, title, (shot,), expect, version_control(scene))
