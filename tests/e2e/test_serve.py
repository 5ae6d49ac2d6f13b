"""Serve through the gateway: an operator deploys, who has the right calls it, nobody else; no secret reaches it."""

import io
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.stack import Person, Stack

pytestmark = [pytest.mark.ray, pytest.mark.exhaustive]
PROGRAM = Path(__file__).parent / "programs" / "application.py"
APPLICATIONS = "/api/serve/applications/"
DEPLOY_SECONDS = 180


def deployment(stack: Stack, package: str) -> dict[str, object]:
    """Ray's own deploy schema, as `serve deploy` sends it."""
    return {
        "proxy_location": "HeadOnly",
        "http_options": {"host": "127.0.0.1", "port": stack.record.ports.head.serve},
        "applications": [
            {
                "name": "echo",
                "route_prefix": "/echo",
                "import_path": "application:app",
                "runtime_env": {"working_dir": f"gcs://{package}"},
            }
        ],
    }


def await_running(olga: Person) -> None:
    """Until Ray has found the package and the application in it."""
    deadline = time.monotonic() + DEPLOY_SECONDS
    while (state := olga.http.get(APPLICATIONS).json()["applications"].get("echo", {})).get("status") != "RUNNING":
        assert time.monotonic() < deadline, state
        assert state.get("status") != "DEPLOY_FAILED", state
        time.sleep(0.5)


@pytest.fixture(scope="module")
def application(stack: Stack, olga: Person, bob: Person) -> Iterator[str]:
    """Deployed by an operator; its path at the gateway."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("application.py", PROGRAM.read_text(encoding="utf-8"))
    name = "_ray_pkg_fedcba9876543210.zip"
    assert olga.http.put(f"/api/packages/gcs/{name}", content=content.getvalue()).status_code == 200
    body = deployment(stack, name)
    assert bob.http.put(APPLICATIONS, json=body).status_code == 403, "deploying is running code as the cluster"
    answer = olga.http.put(APPLICATIONS, json=body)
    assert answer.status_code == 200, answer.text
    await_running(olga)
    yield "/serve/echo"
    assert bob.http.delete(APPLICATIONS).status_code == 403
    assert olga.http.delete(APPLICATIONS).status_code == 200


def test_who_has_the_right_calls_it(olga: Person, application: str) -> None:
    answer = olga.http.post(f"{application}/anything?x=1", content=b"hello")
    assert answer.status_code == 200, answer.text
    assert answer.json() == {"method": "POST", "path": "/echo/anything", "body": "hello"}


def test_an_answer_comes_in_pieces(olga: Person, application: str) -> None:
    arrivals = []
    with olga.http.stream("GET", f"{application}/stream") as answer:
        assert answer.status_code == 200
        for line in answer.iter_lines():
            arrivals.append((line, time.monotonic()))
    assert [line for line, _ in arrivals] == [f"piece {number}" for number in range(5)]
    assert arrivals[-1][1] - arrivals[0][1] > 0.8, "they came all at once"


def test_what_is_shown_of_it_can_be_deployed_again(stack: Stack, olga: Person, application: str) -> None:
    shown = olga.http.get(APPLICATIONS).json()["applications"]["echo"]["deployed_app_config"]
    assert shown["runtime_env"]["working_dir"].startswith("gcs://_ray_pkg_rf")
    body = {**deployment(stack, ""), "applications": [shown]}
    assert olga.http.put(APPLICATIONS, json=body).status_code == 200
    assert olga.http.get(APPLICATIONS).json()["applications"]["echo"]["deployed_app_config"] == shown
    await_running(olga)
    assert olga.http.post(f"{application}/again", content=b"hello").json()["path"] == "/echo/again"


def test_who_lacks_the_right_does_not(bob: Person, vera: Person, application: str) -> None:
    for person in (bob, vera):
        answer = person.http.get(f"{application}/headers")
        assert answer.status_code == 403
        assert answer.json()["required"] == "serve:call"


def test_no_secret_reaches_it(stack: Stack, olga: Person, application: str) -> None:
    """Neither Ray's token nor the caller's own: an application is code of whoever deployed it."""
    sent = {"x-ray-authorization": "Bearer forged", "x-forwarded-for": "1.2.3.4", "x-rayfence-payload": "forged"}
    answer = olga.http.get(f"{application}/headers?access_token=x", headers=sent)
    assert answer.status_code == 200, answer.text
    text = answer.text
    token = Path(stack.layout.ray_token).read_text(encoding="ascii").strip()
    for secret in (token, olga.token, "forged", "1.2.3.4"):
        assert secret not in text
    underscored = olga.http.get(f"{application}/headers", headers={"x_rayfence_payload": "forged"})
    assert underscored.status_code == 400, "an underscore is how a server behind may read a stripped header"
    names = {name for name, _ in answer.json()["headers"]}
    assert not names & {"authorization", "cookie", "x-rayfence-payload", "x-ray-authorization"}


def test_its_deployment_keeps_its_configuration_from_others(bob: Person, olga: Person, application: str) -> None:
    assert application
    assert "working_dir" in olga.http.get(APPLICATIONS).text
    shown = bob.http.get(APPLICATIONS)
    assert shown.status_code == 200
    assert "working_dir" not in shown.text.replace('"working_dir": ""', "")
