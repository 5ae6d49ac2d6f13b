"""The service checks again what Envoy checked, and says nothing when it fails.

Subject: `rayfence.gateway.app`, driven through the whole service.
"""

import base64
import json
from dataclasses import replace

import httpx2
import pytest

from rayfence.catalog.routes import load_routes
from rayfence.gateway.app import GatewayApp
from rayfence.gateway.handlers import HANDLERS, JUDGES
from rayfence.gateway.service import Call, Service
from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway, payload

pytestmark = pytest.mark.anyio


async def ask(gateway: SimGateway, method: str, path: str, **headers: str) -> httpx2.Response:
    """A request with exactly these headers."""
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return await gateway.client.request(method, path, headers=sent)


@pytest.mark.parametrize(
    ("method", "path", "route", "surface"),
    [
        ("GET", "/v1/whoami", "", "login"),
        ("GET", "/v1/whoami", "nonsense", "login"),
        ("GET", "/v1/whoami", "api.users.list", "login"),
        ("GET", "/v1/whoami", "api.whoami", "api"),
        ("GET", "/v1/whoami", "api.whoami", ""),
        ("POST", "/v1/whoami", "api.whoami", "login"),
        ("GET", "/v1/whoami/", "api.whoami", "login"),
        ("GET", "/v1/%77hoami", "api.whoami", "login"),
        ("GET", "/authz/v1/whoami", "api.whoami", "login"),
        ("GET", "/authz", "api.whoami", "login"),
        ("GET", "/api/jobs/a-1/logs", "jobs.logs", "api"),
        ("GET", "/", "ui.index", "dashboard"),
    ],
)
async def test_a_request_that_does_not_fit_its_route_is_refused(
    gateway: SimGateway, method: str, path: str, route: str, surface: str
) -> None:
    _, admin = gateway.service.minter.mint(gateway.settings.audiences.login, "root", Role.ADMIN, [], seconds=60)
    admin_payload = payload(
        admin, aud=gateway.settings.audiences.login if surface == "login" else gateway.settings.audiences.api
    )
    answer = await ask(
        gateway, method, path, x_rayfence_route=route, x_rayfence_surface=surface, x_rayfence_payload=admin_payload
    )
    assert answer.status_code in {403, 500}
    assert answer.json()["error"] in {"misrouted", "wrong_audience"}
    assert not gateway.ray.seen


@pytest.mark.parametrize(
    ("text", "status"),
    [
        ("", 401),
        ("!!!", 401),
        (base64.urlsafe_b64encode(b"[]").decode(), 401),
        (base64.urlsafe_b64encode(b"{}").decode(), 401),
        (base64.urlsafe_b64encode(json.dumps({"sub": "x", "aud": "rayfence:test:login"}).encode()).decode(), 403),
        (
            base64.urlsafe_b64encode(
                json.dumps({"sub": "x", "aud": "rayfence:test:api", "grant": "x"}).encode()
            ).decode(),
            403,
        ),
    ],
)
async def test_a_payload_of_nobody(gateway: SimGateway, text: str, status: int) -> None:
    answer = await ask(
        gateway, "GET", "/v1/whoami", x_rayfence_route="api.whoami", x_rayfence_surface="login", x_rayfence_payload=text
    )
    assert answer.status_code == status


async def test_roles_are_checked_again(gateway: SimGateway) -> None:
    token = gateway.token("eve", Role.OPERATOR, surface=Surface.LOGIN)
    answer = await gateway.request("GET", "/v1/users", token, surface=Surface.LOGIN)
    assert answer.json() == {
        "error": "forbidden",
        "message": "Your role does not allow this.",
        "required": "admin",
        "request_id": "r-1",
    }


async def test_a_fault_is_logged_and_not_told(
    gateway: SimGateway, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(service: Service, call: Call) -> None:
        raise RuntimeError("secret place")

    monkeypatch.setitem(gateway.app._handlers, "api.whoami", broken)
    token = gateway.token("alice", surface=Surface.LOGIN)
    answer = await gateway.request("GET", "/v1/whoami", token, surface=Surface.LOGIN)
    assert (answer.status_code, answer.json()["error"]) == (500, "internal")
    assert "secret place" not in answer.text
    assert "secret place" in caplog.text


async def test_a_request_for_another_ray_object_goes_to_its_own_service(gateway: SimGateway) -> None:
    """Envoy names the object; a name that nobody serves is misrouted, and none is the first one's."""
    first = gateway.service
    other = replace(first, settings=replace(first.settings, workload="service-answers", instance="other"))
    catalog = load_routes(first.settings.ray_version)
    app = GatewayApp(first, catalog, HANDLERS, JUDGES, {"service-answers": (other, catalog)})
    assert app.others == (other,)
    transport = httpx2.ASGITransport(app=app)
    told = {"x-rayfence-route": "login.discovery", "x-rayfence-surface": "api"}
    async with httpx2.AsyncClient(transport=transport, base_url="http://gateway") as client:

        async def instance(workload: str | None) -> tuple[int, object]:
            named = {} if workload is None else {"x-rayfence-workload": workload}
            answer = await client.get("/.well-known/rayfence", headers={**told, **named})
            return answer.status_code, answer.json().get("instance")

        for workload in (None, "", "-"):
            assert await instance(workload) == (200, "test")
        assert await instance("service-answers") == (200, "other")
        assert await instance("cluster-nobody") == (500, None)
