"""Serve's control plane: operators only, recorded first, Ray's reason told.

Subject: `rayfence.gateway.jobs.serve`, driven through the whole service.
"""

from typing import Any

import pytest

from rayfence.model.routes import Role
from tests.sim.gateway import SimGateway

pytestmark = pytest.mark.anyio
PATH = "/api/serve/applications/"


async def ask(gateway: SimGateway, method: str, path: str = PATH, role: Role = Role.OPERATOR, **options: Any) -> Any:
    """A request of olga's."""
    return await gateway.request(method, path, gateway.token("olga", role), **options)


async def test_deploy_see_and_delete(gateway: SimGateway) -> None:
    schema = {"applications": [{"name": "app1", "import_path": "m:app", "runtime_env": {"env_vars": {"K": "s3cret"}}}]}
    assert (await ask(gateway, "PUT", json_body=schema)).status_code == 200
    assert set(gateway.ray.serve["applications"]) == {"app1"}
    assert "s3cret" in (await ask(gateway, "GET")).text
    shown = await ask(gateway, "GET", role=Role.VIEWER)
    assert "s3cret" not in shown.text
    assert "m:app" not in shown.text
    assert shown.json()["applications"]["app1"]["name"] == "app1"
    assert (await ask(gateway, "DELETE")).status_code == 200
    assert gateway.ray.serve["applications"] == {}
    assert gateway.journal.actions() == [
        ("serve.deploy", "applications", "done"),
        ("serve.delete", "applications", "done"),
    ]
    assert next(iter(gateway.journal.intents.values()))["applications"] == "app1"


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("role", [Role.VIEWER, Role.SUBMITTER])
async def test_others_change_nothing(gateway: SimGateway, method: str, role: Role) -> None:
    answer = await ask(gateway, method, role=role, json_body={"applications": []} if method == "PUT" else None)
    assert (answer.status_code, answer.json()["required"]) == (403, "operator")
    assert not gateway.ray.writes()


async def test_packages_are_the_deployers_own(gateway: SimGateway) -> None:
    uri = "gcs://_ray_pkg_0123.zip"
    actors = {"ray_actor_options": {"runtime_env": {"py_modules": [uri]}, "num_cpus": 1}, "user_config": {"from": uri}}
    app = {"name": "a", "runtime_env": {"working_dir": uri}, "args": {"runtime_env": uri}, "deployments": [actors]}
    assert (await ask(gateway, "PUT", json_body={"applications": [app]})).status_code == 200
    sent = gateway.ray.serve["applications"]["a"]
    mapped = sent["runtime_env"]["working_dir"]
    assert mapped.startswith("gcs://_ray_pkg_rf") and mapped.endswith("_0123.zip")
    deployment = sent["deployments"][0]
    assert deployment["ray_actor_options"] == {"runtime_env": {"py_modules": [mapped]}, "num_cpus": 1}
    assert (sent["args"], deployment["user_config"]) == ({"runtime_env": uri}, {"from": uri})
    foreign = {"applications": [{"name": "a", "runtime_env": {"working_dir": " GCS://_ray_pkg_0123.zip"}}]}
    refused = await ask(gateway, "PUT", json_body=foreign)
    assert (refused.status_code, refused.json()["error"]) == (400, "bad_request")


async def test_what_is_shown_of_a_deployment_can_be_deployed_again(gateway: SimGateway) -> None:
    """`serve config` and `serve deploy` in a circle: the deployer's names stay theirs, another's are out of reach."""
    uri = "gcs://_ray_pkg_0123.zip"
    environments = {"runtime_env": {"working_dir": uri, "py_modules": ["gcs://m-1.0-py3-none-any.whl"]}}
    app = {"name": "a", **environments, "deployments": [{"name": "d", "ray_actor_options": environments}]}
    assert (await ask(gateway, "PUT", json_body={"applications": [app]})).status_code == 200
    deployed = gateway.ray.serve["applications"]["a"]
    shown = (await ask(gateway, "GET")).json()["applications"]["a"]
    assert shown["runtime_env"]["working_dir"] != uri
    assert (await ask(gateway, "PUT", json_body={"applications": [shown]})).status_code == 200
    assert gateway.ray.serve["applications"]["a"] == deployed == shown
    theirs = await gateway.request(
        "PUT", PATH, gateway.token("otto", Role.OPERATOR), json_body={"applications": [shown]}
    )
    assert theirs.status_code == 200
    again = gateway.ray.serve["applications"]["a"]
    for one in (again, again["deployments"][0]["ray_actor_options"]):
        for mapped in (one["runtime_env"]["working_dir"], *one["runtime_env"]["py_modules"]):
            assert mapped not in str(deployed)


async def test_refusals(gateway: SimGateway) -> None:
    assert (await ask(gateway, "PUT", body=b'{"applications":[],"applications":[]}')).status_code == 400
    assert not gateway.ray.writes()
    refused = await ask(gateway, "PUT", json_body={"apps": []})
    assert (refused.status_code, refused.json()["error"]) == (400, "ray_refused")
    assert "applications Field required" in refused.json()["message"]
    assert "pydantic.dev" not in refused.text
    gateway.journal.failing = True
    assert (await ask(gateway, "DELETE")).status_code == 503
    assert len(gateway.ray.writes()) == 1


async def test_scaling(gateway: SimGateway) -> None:
    path = "/api/v1/applications/app1/deployments/main/scale"
    answer = await ask(gateway, "POST", path, json_body={"target_num_replicas": 2})
    assert answer.status_code == 502
    assert "Serve controller is not available" in answer.json()["message"]
    assert gateway.journal.actions() == [("serve.deploy", "app1/main", "failed")]
