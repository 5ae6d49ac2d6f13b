"""The simulated dashboard answers as Ray does: the same assertions on both, and the gateway service in front of both.

The real one is the head of an instance that `rayfence up` starts for this file, asked directly with Ray's own token.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from rayfence.gateway.answers import upstream_refusal
from rayfence.model.routes import Role, Surface
from tests.sim.gateway import SimGateway, sim_gateway
from tests.sim.ray_dashboard import TERMINAL, SimRay, job_record

pytestmark = pytest.mark.anyio

RAYFENCE = Path(sys.executable).with_name("rayfence")
SECRET = "s3cret-of-alice"


@dataclass(frozen=True)
class Place:
    """Where a dashboard is: a simulated one, or the port and token of a real one."""

    real: tuple[int, str] | None

    def transport(self) -> httpx2.AsyncBaseTransport:
        """The way to it."""
        return httpx2.ASGITransport(app=SimRay()) if self.real is None else httpx2.AsyncHTTPTransport()

    @property
    def address(self) -> str:
        """Its base URL."""
        return "http://ray" if self.real is None else f"http://127.0.0.1:{self.real[0]}"

    @property
    def token(self) -> str:
        """Ray's token."""
        return SimRay().token if self.real is None else self.real[1]


@pytest.fixture
def anyio_backend() -> str:
    """The gateway runs on asyncio only."""
    return "asyncio"


@pytest.fixture(
    scope="module", params=["simulated", pytest.param("real", marks=[pytest.mark.ray, pytest.mark.exhaustive])]
)
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """Both dashboards in turn; the real one is taken down and forgotten afterwards."""
    if request.param == "simulated":
        yield Place(None)
        return
    home, state = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("state")
    environment = {**os.environ, "HOME": str(home), "XDG_CONFIG_HOME": str(home)}
    words = ("--name", "contract", "--state-dir", str(state))

    def rayfence(*verb: str) -> subprocess.CompletedProcess[str]:
        command = [str(RAYFENCE), *verb, *words]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=300, env=environment)

    try:
        up = rayfence("up")
        assert up.returncode == 0, up.stderr
        settings = json.loads(next(state.rglob("gateway.json")).read_text(encoding="utf-8"))
        token = Path(settings["ray_token"]).read_text(encoding="utf-8").strip()
        yield Place((settings["ray_dashboard_port"], token))
    finally:
        rayfence("down", "--purge", "--yes")


@pytest.fixture
async def ray(place: Place) -> AsyncIterator[httpx2.AsyncClient]:
    """A client of the dashboard with Ray's token."""
    headers = {"authorization": f"Bearer {place.token}"}
    async with httpx2.AsyncClient(
        transport=place.transport(), base_url=place.address, headers=headers, timeout=60, trust_env=False
    ) as client:
        yield client


def fresh_name() -> str:
    """A submission id that no earlier test has used."""
    return f"contract-{time.monotonic_ns():016x}"


async def test_the_token(ray: httpx2.AsyncClient) -> None:
    assert (await ray.get("/api/version", headers={"authorization": "Bearer wrong"})).status_code == 403
    assert (await ray.get("/api/version", headers={"authorization": f"bearer {'x' * 64}"})).status_code == 403
    ray.headers.pop("authorization")
    assert (await ray.get("/api/version")).status_code == 401


async def test_the_version(ray: httpx2.AsyncClient) -> None:
    value = (await ray.get("/api/version")).json()
    assert set(value) == {"version", "ray_version", "ray_commit", "session_name"}
    assert (value["version"], value["ray_version"]) == ("4", "2.60.0")
    assert value["session_name"].startswith("session_")


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        ({"entrypoint": "x", "zzz": 1}, 400, "unexpected keyword argument 'zzz'"),
        ({}, 400, "missing 1 required positional argument: 'entrypoint'"),
    ],
)
async def test_bodies_ray_refuses(ray: httpx2.AsyncClient, body: object, status: int, reason: str) -> None:
    answer = await ray.post("/api/jobs/", json=body)
    assert answer.status_code == status
    assert "Traceback" in answer.text
    assert reason in upstream_refusal(answer.status_code, answer.text).message


async def test_bodies_ray_can_t_read_and_browsers(ray: httpx2.AsyncClient) -> None:
    answer = await ray.post("/api/jobs/", content=b"{")
    assert (answer.status_code, answer.text) == (500, "500 Internal Server Error\n\nServer got itself in trouble")
    for header in ("origin", "referer", "sec-fetch-site"):
        answer = await ray.post("/api/jobs/", json={"entrypoint": "x"}, headers={header: "https://x"})
        assert (answer.status_code, answer.text) == (405, "'POST' method not allowed for browser traffic.")


async def wait_for_end(ray: httpx2.AsyncClient, name: str) -> None:
    """Until the job has ended."""
    for _ in range(300):
        if (await ray.get(f"/api/jobs/{name}")).json()["status"] in TERMINAL:
            return
        time.sleep(0.2)
    raise AssertionError(f"{name} has not ended")


async def test_the_life_of_a_job(ray: httpx2.AsyncClient) -> None:
    name, path = (found := fresh_name()), f"/api/jobs/{found}"
    body = {"entrypoint": "sleep 300", "submission_id": name, "metadata": {"user": "anyone"}}
    environment = {"env_vars": {"KEY": SECRET}}
    submitted = await ray.post("/api/jobs/", json={**body, "runtime_env": environment})
    assert submitted.json() == {"job_id": name, "submission_id": name}
    detail = (await ray.get(path)).json()
    assert list(detail) == list(job_record(name))
    assert detail["status"] in {"PENDING", "RUNNING"}
    assert (detail["type"], detail["metadata"]) == ("SUBMISSION", {"user": "anyone"})
    assert detail["runtime_env"] == environment
    masked = (await ray.get(path, headers={"sec-fetch-site": "none"})).json()
    assert masked["runtime_env"] == {"env_vars": {"KEY": "<redacted>"}}
    listed = (await ray.get("/api/jobs/")).json()
    assert [row for row in listed if row["submission_id"] == name]
    again = await ray.post("/api/jobs/", json=body)
    assert again.status_code == 500
    refused = upstream_refusal(again.status_code, again.text)
    assert (refused.status, "already exists" in refused.message) == (400, True)
    early = await ray.delete(path)
    assert early.status_code == 500
    assert "non-terminal state" in upstream_refusal(early.status_code, early.text).message
    assert (await ray.post(f"{path}/stop")).json() == {"stopped": True}
    await wait_for_end(ray, name)
    assert (await ray.post(f"{path}/stop")).json() == {"stopped": False}
    assert (await ray.delete(path)).json() == {"deleted": True}
    for answer in (await ray.get(path), await ray.post(f"{path}/stop"), await ray.delete(path)):
        assert (answer.status_code, answer.text) == (404, f"Job {name} does not exist")


async def test_packages(ray: httpx2.AsyncClient) -> None:
    name = f"_ray_pkg_{time.monotonic_ns():x}.zip"
    path = f"/api/packages/gcs/{name}"
    missing = await ray.get(path)
    assert (missing.status_code, missing.text) == (404, f"Package gcs://{name} does not exist")
    for content in (b"one", b"another"):  # an overwrite is a success: Ray trusts the name
        stored = await ray.put(path, content=content)
        assert (stored.status_code, stored.content) == (200, b"")
    assert (await ray.get(path)).status_code == 200


async def test_a_package_that_breaks_off_is_not_stored(ray: httpx2.AsyncClient) -> None:
    path = f"/api/packages/gcs/_ray_pkg_{time.monotonic_ns():x}.zip"

    async def parts() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise RuntimeError("the client left")

    for headers in ({}, {"content-length": "5000"}):
        with pytest.raises(RuntimeError, match="the client left"):
            await ray.put(path, content=parts(), headers=headers)
    time.sleep(0.3)
    assert (await ray.get(path)).status_code == 404


ENVELOPES = {
    "/api/v0/jobs": ["data", "result", "result"],
    "/api/v0/tasks?detail=1": ["data", "result", "result"],
    "/api/v0/actors?detail=1": ["data", "result", "result"],
    "/api/v0/workers?detail=1": ["data", "result", "result"],
    "/api/v0/cluster_events": ["data", "result", "result"],
    "/api/v0/tasks/timeline": [],
    "/logical/actors": ["data", "actors"],
    "/nodes?view=summary": ["data", "summary"],
    "/nodes/nobody": ["data", "detail", "workers"],
    "/events": ["data", "events"],
}


@pytest.mark.parametrize("path", ENVELOPES)
async def test_where_the_rows_are(ray: httpx2.AsyncClient, path: str) -> None:
    answer = await ray.get(path)
    value = answer.json()
    assert answer.status_code == 200
    if ENVELOPES[path]:
        assert (value["result"], isinstance(value["msg"], str)) == (True, True)
    for step in ENVELOPES[path]:
        value = value[step]
    assert isinstance(value, list | dict)


async def test_refusals_of_the_state_api(ray: httpx2.AsyncClient) -> None:
    answer = await ray.get("/api/v0/logs")
    assert (answer.status_code, answer.json()["result"]) == (400, False)
    assert "node id" in upstream_refusal(answer.status_code, answer.text).message
    absent = await ray.get("/api/v0/platform_events")
    assert (absent.status_code, absent.text) == (404, "404: Not Found")
    actor = await ray.get("/logical/actors/nobody")
    assert (actor.status_code, actor.json()["data"]) == (200, {"detail": None})


async def test_serve_without_applications(ray: httpx2.AsyncClient) -> None:
    assert (await ray.get("/api/serve/applications/")).json()["applications"] == {}
    refused = await ray.put("/api/serve/applications/", json={"apps": []})
    assert refused.status_code == 400
    assert "Field required" in upstream_refusal(refused.status_code, refused.text).message
    scaled = await ray.post("/api/v1/applications/a/deployments/b/scale", json={"target_num_replicas": 1})
    assert (scaled.status_code, scaled.json()) == (503, {"error": "Serve controller is not available"})


async def get(gateway: SimGateway, path: str, token: str, surface: Surface = Surface.API) -> Any:
    """A GET through the service."""
    answer = await gateway.request("GET", path, token, surface=surface)
    assert answer.status_code == 200, f"{path}: {answer.text}"
    return answer.json()


async def test_the_service_in_front_of_it(place: Place) -> None:
    """A job's whole life as its owner, a stranger and an operator see it; no secret through any route."""
    async with sim_gateway(real_ray=place.real) as gateway:
        alice, bob, olga = gateway.token("alice"), gateway.token("bob"), gateway.token("olga", Role.OPERATOR)
        name = await gateway.submit(
            alice, entrypoint=f"sleep 300 # {SECRET}", runtime_env={"env_vars": {"KEY": SECRET}}
        )
        assert SECRET in json.dumps(await get(gateway, f"/api/jobs/{name}", alice))
        assert SECRET in json.dumps(await get(gateway, "/api/jobs/", olga))
        paths = [f"/api/jobs/{name}", "/api/jobs/", *(path for path in ENVELOPES if "nobody" not in path)]
        for surface in (Surface.API, Surface.DASHBOARD):
            stranger = gateway.token("bob", surface=surface)
            for path in paths:
                assert SECRET not in json.dumps(await get(gateway, path, stranger, surface)), path
        assert (await gateway.request("GET", f"/api/jobs/{name}/logs", bob)).status_code == 403
        assert (await gateway.request("GET", f"/api/jobs/{name}/logs", alice)).status_code == 200
        assert (await gateway.request("POST", f"/api/jobs/{name}/stop", bob)).status_code == 403
        assert (await gateway.request("DELETE", f"/api/jobs/{name}", alice)).status_code == 409
        assert (await gateway.request("POST", f"/api/jobs/{name}/stop", alice)).json() == {"stopped": True}
        for _ in range(300):
            if (await get(gateway, f"/api/jobs/{name}", alice))["status"] in TERMINAL:
                break
            time.sleep(0.2)
        assert (await gateway.request("DELETE", f"/api/jobs/{name}", alice)).json() == {"deleted": True}
        assert [verdict for *_, verdict in gateway.journal.actions()] == ["done", "done", "done"]


@pytest.mark.ray
@pytest.mark.exhaustive
async def test_rays_own_models_read_what_strangers_get() -> None:
    """Ray's client and its state API validate every row; a withheld field must not break them."""
    from ray.dashboard.modules.job.pydantic_models import JobDetails  # noqa: PLC0415 - seconds to import

    async with sim_gateway() as gateway:
        name = await gateway.submit(gateway.token("alice"), entrypoint="x")
        (row,) = await get(gateway, "/api/jobs/", gateway.token("bob"))
        details = JobDetails(**row)
        assert (details.submission_id, details.status.value, details.entrypoint) == (name, "PENDING", "")
