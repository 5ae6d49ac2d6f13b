"""A whole gateway service in one process: its files in a folder, Ray simulated, and Envoy's part played as the
contract says.

`SimGateway.request` does what Envoy does before the service sees a request: find the route in the catalogue, verify
the token of the surface, hand its payload on; for routes that go to Ray with an ownership question it asks that
question and gives the answer. Leaves out roles (the service checks them again) and everything Envoy does to Ray's
side.
"""

import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import httpx2
from argon2 import PasswordHasher
from joserfc.jwk import ECKey

from rayfence.access.claims import GRANT, write_grant
from rayfence.access.principal import Principal
from rayfence.catalog.matching import match
from rayfence.catalog.routes import load_routes
from rayfence.gateway.app import GatewayApp
from rayfence.gateway.handlers import HANDLERS, JUDGES
from rayfence.gateway.identity.passwords import Passwords
from rayfence.gateway.recorder import Detail
from rayfence.gateway.service import Service
from rayfence.gateway.sessions.roles import highest_role
from rayfence.gateway.startup import make_service
from rayfence.model.gateway import Audiences, GatewaySettings, Hosts, Limits
from rayfence.model.routes import Backend, Ownership, Right, Role, Surface
from tests.sim.ray_dashboard import SimRay

OPERATOR_KEY = "0f" * 32

#: Fast on purpose: tests are about who may log in, not about the cost of finding out.
CHEAP = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)


def make_settings(folder: Path, **changes: Any) -> GatewaySettings:
    """Settings of an instance below `folder`, whose files exist with their modes."""
    places = {name: folder / name for name in ("envoy", "signing", "stamp", "trail", "heads", "run")}
    for place in places.values():
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    key = ECKey.generate_key("P-256").as_dict(private=True)
    write(places["signing"] / "one.json", json.dumps({**key, "kid": secrets.token_hex(8)}))
    write(places["stamp"] / "stamp1", "ab" * 32 + "\n")
    write(folder / "ray-token", "ray-token\n")
    write(folder / "operator-key", OPERATOR_KEY + "\n")
    settings = GatewaySettings(
        instance="test",
        issuer="rayfence:test",
        audiences=Audiences("rayfence:test:api", "rayfence:test:dashboard", "rayfence:test:login"),
        hosts=Hosts(("localhost", "127.0.0.1"), "dashboard.test.localhost", "login.test.localhost"),
        bind_address="127.0.0.1",
        port=8443,
        ray_client_port=8449,
        limits=Limits(lockout_failures=3),
        ray_version="2.60.0",
        ray_dashboard_port=1,
        ray_client_upstream_port=2,
        serve_port=3,
        serve_prefix="/serve/",
        envoy_dir=str(places["envoy"]),
        envoy_admin_socket=str(places["run"] / "envoy.sock"),
        envoy_concurrency=1,
        server_certificate="",
        server_key="",
        ray_client_certificate="",
        ray_client_key="",
        node_ca="",
        ray_token_sds="",
        jwks=str(places["envoy"] / "jwks.json"),
        access_log=str(folder / "access.jsonl"),
        service_socket=str(places["run"] / "service.sock"),
        signing_keys=str(places["signing"]),
        stamp_keys=str(places["stamp"]),
        ray_token=str(folder / "ray-token"),
        operator_key=str(folder / "operator-key"),
        operator_subject="root",
        users=str(folder / "users.json"),
        trail_dir=str(places["trail"]),
        trail_heads_dir=str(places["heads"]),
    )
    return replace(settings, **changes)


def write(path: Path, text: str) -> None:
    """A file of mode 0600."""
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)


@dataclass
class SimJournal:
    """The journal in memory. `failing`: intents can't be stored, as on a full disk."""

    intents: dict[str, dict[str, Any]] = field(default_factory=dict)
    outcomes: dict[str, tuple[str, int]] = field(default_factory=dict)
    decisions: list[tuple[str, str, str, int]] = field(default_factory=list)
    failing: bool = False

    def intent(self, *, subject: str, action: str, object: str, detail: Detail | None = None) -> str:  # noqa: A002
        """See `recorder.JournalPort`."""
        if self.failing:
            raise OSError(28, "No space left on device")
        name = f"i{len(self.intents)}"
        self.intents[name] = {"subject": subject, "action": action, "object": object, **(detail or {})}
        return name

    def outcome(
        self,
        intent: str,
        *,
        verdict: Literal["done", "failed", "refused", "unknown"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """See `recorder.JournalPort`."""
        assert intent in self.intents
        self.outcomes[intent] = (verdict, status)

    def decision(
        self,
        *,
        subject: str,
        action: str,
        object: str,  # noqa: A002
        verdict: Literal["allowed", "refused"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """See `recorder.JournalPort`."""
        self.decisions.append((subject, action, verdict, status))

    def gauges(self) -> dict[str, int]:
        """See `recorder.JournalPort`."""
        return {"refuses_writes": 1} if self.failing else {}

    def actions(self) -> list[tuple[str, str, str]]:
        """(action, object, verdict) of every intent, in order; verdict "open" where no outcome is recorded."""
        return [
            (entry["action"], entry["object"], self.outcomes.get(name, ("open", 0))[0])
            for name, entry in self.intents.items()
        ]


@dataclass
class SimGateway:
    """The service with its neighbours. Subjects get roles by `role`."""

    settings: GatewaySettings
    service: Service
    ray: SimRay
    journal: SimJournal
    client: httpx2.AsyncClient
    app: GatewayApp

    def token(
        self,
        subject: str,
        role: Role = Role.SUBMITTER,
        rights: tuple[Right, ...] = (),
        surface: Surface = Surface.API,
        session: str | None = None,
    ) -> str:
        """A token as the service mints it."""
        audiences = {Surface.DASHBOARD: self.settings.audiences.dashboard, Surface.LOGIN: self.settings.audiences.login}
        audience = audiences.get(surface, self.settings.audiences.api)
        return self.service.minter.mint(audience, subject, role, rights, seconds=600, session=session)[0]

    async def request(
        self,
        method: str,
        target: str,
        token: str = "",
        *,
        surface: Surface = Surface.API,
        json_body: object = None,
        body: bytes | AsyncIterator[bytes] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> httpx2.Response:
        """One request through the part Envoy plays; an AssertionError means that Envoy would not ask the service."""
        path, _, _ = target.partition("?")
        found = match(load_routes(self.settings.ray_version), surface, method, path)
        assert found is not None, f"Envoy refuses {method} {path}"
        route = found[0]
        sent = {
            "x-rayfence-route": route.name,
            "x-rayfence-surface": surface.value,
            "x-request-id": "r-1",
            "x-forwarded-for": "10.9.9.9",
            **(headers or {}),
        }
        if token and not route.public:
            sent["x-rayfence-payload"] = token.split(".")[1]
        if route.backend is not Backend.SERVICE:
            assert route.ownership is not Ownership.NONE, f"Envoy passes {route.name} on"
            target = f"/authz{target}"
        content = json.dumps(json_body).encode() if json_body is not None else body
        if form is not None:
            return await self.client.request(method, target, data=dict(form), headers=sent)
        return await self.client.request(method, target, content=content, headers=sent)

    async def submit(self, token: str, **body: Any) -> str:
        """Submit a job and return its id."""
        answer = await self.request("POST", "/api/jobs/", token, json_body={"entrypoint": "true", **body})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["submission_id"])


def payload(claims: Principal, **changes: object) -> str:
    """`x-rayfence-payload` for claims, or for what a test makes of them."""
    value = {
        "aud": claims.audience,
        "sub": claims.subject,
        "iat": claims.issued_at,
        "exp": claims.expires_at,
        GRANT: write_grant(
            claims.audience,
            highest_role(claims),
            claims.rights,
            session=claims.session,
            issued_at=claims.issued_at,
            token_id=claims.token_id,
            subject=claims.subject,
        ),
        **changes,
    }
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


@asynccontextmanager
async def sim_gateway(*, real_ray: tuple[int, str] | None = None, **changes: Any) -> AsyncIterator[SimGateway]:
    """A running gateway with empty Ray behind it; `changes` go into its settings.

    `real_ray`: port and token of a real dashboard that takes the place of the simulated one.
    """
    folder = Path(tempfile.mkdtemp(prefix="rf-gw-"))
    ray, journal = SimRay(), SimJournal()
    try:
        settings = make_settings(folder, **changes)
        if real_ray is not None:
            settings = replace(settings, ray_dashboard_port=real_ray[0])
            write(Path(settings.ray_token), real_ray[1])
        transport_to_ray = httpx2.ASGITransport(app=ray) if real_ray is None else None
        service = make_service(settings, journal, transport=transport_to_ray, passwords=Passwords(CHEAP))
        app = GatewayApp(service, load_routes(settings.ray_version), dict(HANDLERS), JUDGES)
        transport = httpx2.ASGITransport(app=app, raise_app_exceptions=True)
        async with httpx2.AsyncClient(transport=transport, base_url="http://service") as client:
            yield SimGateway(settings, service, ray, journal, client, app)
        await service.close()
    finally:
        shutil.rmtree(folder)
