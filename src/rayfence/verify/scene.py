"""The scene of an attack: one instance's addresses and keys, and requests and tokens as they are made there.

Every control carries a token of its own, so that its line in the access log is known by the token's id. The runner
reads the instance's signing key: tokens that are right but for one respect are the strongest attacks there are.
"""

import hashlib
from collections.abc import Mapping
from typing import Final

from rayfence.access.claims import GRANT, ID_DIGITS, write_grant
from rayfence.model.frozen import dataclass
from rayfence.model.gateway import GatewaySettings
from rayfence.model.host import Ports
from rayfence.model.routes import Right, Role, RouteCatalog, Surface
from rayfence.model.wire import Fields, Shot
from rayfence.verify.attack import Control
from rayfence.verify.jws import Signer

LIFETIME_SECONDS: Final = 1800
EVERY_RIGHT: Final = tuple(Right)
#: What a websocket client adds; the key is the example of RFC 6455.
UPGRADE: Final[Fields] = (
    ("Connection", "Upgrade"),
    ("Upgrade", "websocket"),
    ("Sec-WebSocket-Version", "13"),
    ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
)


@dataclass(frozen=True, slots=True)
class Scene:
    """Facts of the instance under attack. `run`: eight hex digits, new in each run. `now`: seconds since the epoch."""

    settings: GatewaySettings
    catalog: RouteCatalog
    ports: Ports
    signer: Signer
    stranger: Signer  # a key the instance does not know
    ray_token: str
    run: str
    now: int

    def subject(self, name: str) -> str:
        """A user name of this run."""
        return f"verify-{self.run}-{name}"

    def token_id(self, label: str) -> str:
        """The id of a token of this run, or of a session."""
        return hashlib.sha256(f"verify-{self.run}-{label}".encode()).hexdigest()[:ID_DIGITS]

    def claims(
        self,
        label: str,
        *,
        surface: Surface = Surface.API,
        role: Role | None = Role.VIEWER,
        rights: tuple[Right, ...] = (),
        subject: str = "",
        session: str = "",
    ) -> dict[str, object]:
        """Claims of a right token."""
        audience, subject = self.audience(surface), subject or self.subject(role.value if role else "nobody")
        return {
            "iss": self.settings.issuer,
            "aud": audience,
            "sub": subject,
            "iat": self.now,
            "nbf": self.now,
            "exp": self.now + LIFETIME_SECONDS,
            GRANT: write_grant(
                audience,
                role,
                rights,
                session=session or self.token_id("session"),
                issued_at=self.now,
                token_id=self.token_id(label),
                subject=subject,
            ),
        }

    def token(
        self,
        label: str,
        *,
        surface: Surface = Surface.API,
        role: Role | None = Role.VIEWER,
        rights: tuple[Right, ...] = (),
        subject: str = "",
    ) -> str:
        """A right token."""
        return self.signer.token(self.claims(label, surface=surface, role=role, rights=rights, subject=subject))

    def audience(self, surface: Surface) -> str:
        """The audience of a surface's tokens."""
        audiences = self.settings.audiences
        known = {Surface.DASHBOARD: audiences.dashboard, Surface.LOGIN: audiences.login}
        return known.get(surface, audiences.api)

    def host(self, surface: Surface) -> str:
        """Host name of a surface, without port."""
        hosts = self.settings.hosts
        known = {Surface.DASHBOARD: hosts.dashboard, Surface.LOGIN: hosts.login}
        return known.get(surface, hosts.api[0])

    def origin(self, surface: Surface) -> str:
        """The Origin that pages of the surface send."""
        return f"https://{self.host(surface)}:{self.settings.port}"

    def request(
        self,
        method: str,
        target: str,
        headers: Fields = (),
        body: bytes = b"",
        *,
        surface: Surface = Surface.API,
        token: str = "",
        host: str = "",
        seconds: float = 15.0,
    ) -> Shot:
        """A request to the gateway. `headers` come last, so that an attack's own follow what is usual."""
        name = self.host(surface)
        usual = [("Host", host or f"{name}:{self.settings.port}"), ("Connection", "close")]
        if token:
            usual.append(carrier(surface, token))
        given = {key.lower() for key, _ in headers}
        if (body or method not in ("GET", "HEAD", "DELETE")) and not given & {"content-length", "transfer-encoding"}:
            usual.append(("Content-Length", str(len(body))))
        if body and "content-type" not in given:
            usual.append(("Content-Type", "application/json"))
        usual = [(key, value) for key, value in usual if key.lower() not in given or key == "Host"]
        return Shot(self.settings.port, method, target, (*usual, *headers), body, server_name=name, seconds=seconds)

    def control(
        self,
        label: str,
        method: str,
        target: str,
        *,
        role: Role = Role.VIEWER,
        rights: tuple[Right, ...] = (),
        subject: str = "",
        surface: Surface = Surface.API,
        headers: Fields = (),
        body: bytes = b"",
        statuses: frozenset[int] = frozenset({200}),
        says: tuple[str, ...] = (),
        reaches: bool = True,
        seconds: float = 15.0,
    ) -> Control:
        """A request with a right token of its own."""
        token = self.token(label, surface=surface, role=role, rights=rights, subject=subject)
        shot = self.request(method, target, headers, body, surface=surface, token=token, seconds=seconds)
        return Control(label, shot, self.token_id(label), statuses, says, reaches)

    def plain(self, port: int, method: str, target: str, headers: Fields = (), body: bytes = b"") -> Shot:
        """A request in clear to one of Ray's own ports."""
        usual: list[tuple[str, str]] = [("Host", f"127.0.0.1:{port}"), ("Connection", "close")]
        if body:
            usual += [("Content-Length", str(len(body))), ("Content-Type", "application/json")]
        return Shot(port, method, target, (*usual, *headers), body, tls=False)


def carrier(surface: Surface, token: str) -> tuple[str, str]:
    """The one header that carries a surface's token."""
    if surface is Surface.DASHBOARD:
        return ("Cookie", f"__Host-rayfence={token}")
    return ("Authorization", f"Bearer {token}")


def changed(claims: Mapping[str, object], **changes: object) -> dict[str, object]:
    """Claims with some replaced, or removed by None."""
    return {name: value for name, value in {**claims, **changes}.items() if value is not None}
