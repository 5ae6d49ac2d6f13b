"""A made-up instance for tests of `verify`: its scene, and a wire that answers from a table."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec

from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Audiences, GatewaySettings, Hosts, Limits
from rayfence.model.host import HeadPorts, NodePorts, Ports
from rayfence.model.wire import Answer, LogLine, Shot
from rayfence.ports.wire import Showing
from rayfence.verify.jws import Signer, stranger
from rayfence.verify.scene import Scene

CATALOG = load_routes("2.60.0")
NOW = 1_800_000_000
FILES = (
    *("envoy_dir", "envoy_admin_socket", "server_certificate", "server_key", "ray_client_certificate"),
    *("ray_client_key", "node_ca", "ray_token_sds", "jwks", "access_log", "service_socket", "signing_keys"),
    *("stamp_keys", "ray_token", "operator_key", "users", "trail_dir", "trail_heads_dir"),
)


def make_settings() -> GatewaySettings:
    """Settings whose files are named after what they are."""
    files: dict[str, Any] = {name: f"/sim/{name}" for name in FILES}
    return GatewaySettings(
        instance="sim",
        issuer="rayfence:sim",
        audiences=Audiences("rayfence:sim:api", "rayfence:sim:dashboard", "rayfence:sim:login"),
        hosts=Hosts(("localhost", "127.0.0.1", "[::1]"), "dashboard.sim.localhost", "login.sim.localhost"),
        bind_address="127.0.0.1",
        port=8443,
        ray_client_port=8449,
        limits=Limits(),
        ray_version="2.60.0",
        ray_dashboard_port=8265,
        ray_client_upstream_port=10001,
        serve_port=8000,
        serve_prefix="/serve/",
        envoy_concurrency=1,
        operator_subject="root",
        **files,
    )


def make_scene() -> Scene:
    """A scene with fresh keys."""
    nodes = tuple(
        NodePorts(first, first + 1, first + 2, first + 3, first + 4, first + 5, first + 10, first + 12)
        for first in (20000, 21000)
    )
    ports = Ports(8443, 8449, HeadPorts(6379, 8265, 10001, 44217, 44227, 8000), nodes)
    signer = Signer("0123456789abcdef", ec.generate_private_key(ec.SECP256R1()))
    return Scene(make_settings(), CATALOG, ports, signer, stranger("0123456789abcdef"), "5" * 64, "0a1b2c3d", NOW)


def refusal(status: int, request_id: str = "r-1", error: str = "forbidden") -> Answer:
    """The gateway's own refusal."""
    body = f'{{"error":"{error}","message":"No.","required":null,"request_id":"{request_id}"}}'
    return Answer(status, (("content-type", "application/json"),), body.encode())


def line(**changes: object) -> LogLine:
    """A line of the access log: refused by default, without anything passed on."""
    values: dict[str, object] = {
        "id": "r-1", "subject": "", "token_id": "", "surface": "api", "route": "version.api", "method": "GET",
        "path": "/api/version", "status": 403, "details": "rbac_access_denied", "flags": "", "upstream_ms": None,
    }  # fmt: skip
    return LogLine(**{**values, **changes})  # type: ignore[arg-type]


@dataclass
class SimWire:
    """`ports.Wire` that answers as told, and keeps what was sent. `doors`: port and what is shown to the outcome."""

    answers: Callable[[Shot], Answer]
    doors: dict[tuple[int, str], str] = field(default_factory=dict)
    sent: list[Shot] = field(default_factory=list)

    def send(self, shot: Shot) -> Answer:
        self.sent.append(shot)
        return self.answers(shot)

    def greet(self, port: int, showing: Showing) -> str:
        return self.doors.get((port, showing), "accepted" if showing == "node" else "refused")


@dataclass
class SimLines:
    """`ports.Lines` with what it is given; each read shows one line more, as a log that grows."""

    lines: tuple[LogLine, ...]
    shown: int = 0

    def read(self) -> tuple[LogLine, ...]:
        self.shown += 1
        return self.lines[: self.shown]
