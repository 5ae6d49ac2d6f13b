"""What people build instead: a Python authoriser for nginx's `auth_request`, and a Python reverse proxy.

Both check the same token for the same things as the gateway: signature, issuer, audience, expiry, role.
"""

import json
import sys
import time
from pathlib import Path

from aiohttp import ClientSession, TCPConnector, web
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from bench.stand import server_context
from rayfence.access.claims import GRANT
from rayfence.model.routes import Role

_SKIPPED = frozenset({"host", "authorization", "connection", "transfer-encoding", "content-length"})


class Checker:
    """Accepts what the gateway would accept for a viewer's GET."""

    def __init__(self, jwks: str, issuer: str, audience: str) -> None:
        self._keys = KeySet.import_key_set(json.loads(Path(jwks).read_text(encoding="utf-8")))
        self._issuer, self._audience = issuer, audience
        self._viewers = tuple(f"{audience} {role}" for role in Role)

    def allows(self, header: str) -> bool:
        """Whether `Authorization` carries a viewer's token."""
        try:
            claims = jwt.decode(header.removeprefix("Bearer "), self._keys, algorithms=["ES256"]).claims
        except (JoseError, ValueError):
            return False
        return (
            claims.get("iss") == self._issuer
            and claims.get("aud") == self._audience
            and claims.get("exp", 0) > time.time()
            and claims.get(GRANT, "").startswith(self._viewers)
        )


def authoriser(port: int, checker: Checker) -> None:
    """204 or 401."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=204 if checker.allows(request.headers.get("Authorization", "")) else 401)

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    web.run_app(app, host="127.0.0.1", port=port, access_log=None, print=None)


def proxy(port: int, checker: Checker, upstream: int, leaf: tuple[str, str]) -> None:
    """TLS, token check, log line, forward."""
    log = Path(leaf[0]).with_suffix(".proxy.log").open("a", encoding="utf-8")
    sessions: list[ClientSession] = []

    async def answer(request: web.Request) -> web.StreamResponse:
        if not checker.allows(request.headers.get("Authorization", "")):
            return web.Response(status=401)
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _SKIPPED}
        target = f"http://127.0.0.1:{upstream}{request.raw_path}"
        async with sessions[0].request(request.method, target, headers=headers) as found:
            body = await found.read()
            log.write(f"{request.method} {request.path} {found.status}\n")
            return web.Response(status=found.status, body=body, content_type="application/json")

    async def start(_app: web.Application) -> None:
        sessions.append(ClientSession(connector=TCPConnector(limit=64)))

    async def stop(_app: web.Application) -> None:
        await sessions[0].close()

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", answer)
    app.on_startup.append(start)
    app.on_cleanup.append(stop)
    web.run_app(app, host="127.0.0.1", port=port, ssl_context=server_context(leaf), access_log=None, print=None)


if __name__ == "__main__":
    what, port_text, jwks_file, issuer_text, audience_text, *rest = sys.argv[1:]
    check = Checker(jwks_file, issuer_text, audience_text)
    if what == "authoriser":
        authoriser(int(port_text), check)
    else:
        proxy(int(port_text), check, int(rest[0]), (rest[1], rest[2]))
