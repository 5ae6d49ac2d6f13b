"""A client of the log-in host's JSON API (`docs/gateway-api.md`).

The server is authenticated by its authority alone: a CA file pinned at log-in, never the machine's trust store,
unless none is given. `*.localhost` need not resolve: the client dials the gateway's address and names the host in SNI
and Host.
Answers are read into plain dicts; refusals become AccessRefused with the gateway's own sentence.
"""

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import httpx2

from rayfence.errors import AccessRefused, RayfenceError, cut

_TIMEOUT: Final = httpx2.Timeout(20.0, connect=5.0)
_MAX_ANSWER: Final = 16 * 1024 * 1024

Json = dict[str, object]


@dataclass(frozen=True, slots=True)
class Server:
    """Where a gateway is. `address` is dialled; `login_host` is the log-in surface's name; `ca_pem` text or empty."""

    address: str
    port: int
    login_host: str
    ca_pem: str


class GatewayUnreachable(RayfenceError):
    """Nothing answers there, or it is not the gateway we know."""

    exit_status = 5
    hint = "is it up? `rayfence status` tells"


class GatewayClient:
    """One connection pool to one gateway; a context manager."""

    def __init__(self, server: Server, bearer: str = "") -> None:
        context = ssl.create_default_context(cadata=server.ca_pem or None)
        headers = {"host": f"{server.login_host}:{server.port}", "accept": "application/json"}
        if bearer:
            headers["authorization"] = f"Bearer {bearer}"
        self._server = server
        self._http = httpx2.Client(
            base_url=f"https://{server.address}:{server.port}",
            headers=headers,
            verify=context,
            timeout=_TIMEOUT,
            trust_env=False,  # a proxy variable must not carry passwords elsewhere
            follow_redirects=False,
        )

    def __enter__(self) -> "GatewayClient":
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def discovery(self) -> Json:
        """Issuer, host names and ways to log in; needs no token."""
        return self._call("GET", "/.well-known/rayfence")

    def session(self, credentials: Mapping[str, str]) -> Json:
        """Log in: `{username, password}` or `{operator_key}`. Raises AccessRefused."""
        return self._call("POST", "/v1/session", credentials)

    def token(self, ttl: int | None, role: str | None, rights: tuple[str, ...] | None) -> Json:
        """Mint a token for Ray's own tools, at most as able as the session."""
        wish: Json = {}
        if ttl is not None:
            wish["ttl"] = ttl
        if role is not None:
            wish["role"] = role
        if rights is not None:
            wish["rights"] = list(rights)
        return self._call("POST", "/v1/token", wish)

    def get(self, path: str, query: Mapping[str, str] | None = None) -> Json:
        """Any GET of the API."""
        return self._call("GET", path, None, query)

    def write(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Json:
        """Any POST, PUT or DELETE of the API."""
        return self._call(method, path, body)

    def _call(
        self, method: str, path: str, body: Mapping[str, object] | None = None, query: Mapping[str, str] | None = None
    ) -> Json:
        try:
            answer = self._http.request(
                method,
                path,
                json=body,
                params=query,
                extensions={"sni_hostname": self._server.login_host},
            )
        except (httpx2.ConnectError, httpx2.TimeoutException) as error:
            raise GatewayUnreachable(f"{self._server.address}:{self._server.port}: {cut(str(error))}") from error
        except httpx2.HTTPError as error:
            raise GatewayUnreachable(f"the gateway broke off: {cut(str(error))}") from error
        return _read(answer)


def _read(answer: httpx2.Response) -> Json:
    try:
        data = answer.json() if len(answer.content) <= _MAX_ANSWER else None
    except ValueError:
        data = None
    if not isinstance(data, dict):
        raise GatewayUnreachable(f"answered {answer.status_code} without JSON: not a rayfence gateway?")
    if answer.status_code >= 400:
        raise AccessRefused(
            cut(str(data.get("message") or data.get("error") or answer.status_code)),
            hint=_hint(answer.status_code, data),
        )
    return data


def _hint(status: int, data: Mapping[str, object]) -> str:
    if status == 401 and data.get("error") != "login_failed":
        return "log in with `rayfence login`"
    if data.get("required"):
        return f"this needs the role or right {data['required']!r}; an admin grants it with `rayfence user role`"
    return ""


def status_of(server: Server, host: str, path: str) -> int | None:
    """Status of one anonymous GET under any Host; None when nothing answers.

    For looking at the gateway from outside.
    """
    context = ssl.create_default_context(cadata=server.ca_pem or None)
    try:
        with httpx2.Client(verify=context, timeout=5.0, trust_env=False) as http:
            answer = http.get(
                f"https://{server.address}:{server.port}{path}",
                headers={"host": f"{host}:{server.port}"},
                extensions={"sni_hostname": server.login_host},
            )
            return answer.status_code
    except (httpx2.HTTPError, OSError):
        return None
