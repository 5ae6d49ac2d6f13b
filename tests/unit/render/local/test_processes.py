"""Order, walls and secrets of the processes."""

import json
from dataclasses import asdict

from rayfence.model.desired import Account, ProcessSpec
from rayfence.render.local.layout import Layout
from rayfence.render.local.processes import process_specs
from rayfence.render.local.settings import gateway_settings
from tests.unit.policy.test_resolve import resolved


def specs() -> dict[str, ProcessSpec]:
    resolution = resolved()
    layout = Layout(resolution.host.places)
    return {spec.name: spec for spec in process_specs(resolution, layout, gateway_settings(resolution, layout))}


def test_the_door_is_guarded_before_ray_starts() -> None:
    assert list(specs()) == ["service", "envoy", "renewal", "ray-head", "ray-workers-1"]
    assert specs()["envoy"].after == ("service",)
    worker = specs()["ray-workers-1"]
    assert (worker.after, worker.restart_with) == ((), ("ray-head",)), "it loads Ray beside its head"
    assert "--leader-marker=/run/rayfence/0.r/head.started" in worker.argv


def test_the_gateways_own_processes_must_go_on_answering() -> None:
    """Ray's are watched by their launcher and by the head."""
    asked = {name: spec.liveness for name, spec in specs().items() if spec.liveness is not None}
    assert set(asked) == {"service", "envoy"}
    for name, probe in asked.items():
        assert probe.kind == "answers"
        assert dict(probe.facts)["socket"] == dict(specs()[name].readiness.facts)["socket"]


def test_ray_runs_walled_in_and_the_gateway_does_not_share_its_account() -> None:
    for name, spec in specs().items():
        if not name.startswith("ray-"):
            assert (spec.account, spec.sandbox) == (Account.OPERATOR, None)
            continue
        assert spec.account is Account.RAY
        assert spec.sandbox is not None
        assert spec.sandbox.uid == 61500
        assert "/state/t" in spec.sandbox.hide
        assert spec.sandbox.writable == ("/run/rayfence/0.r",)


def test_the_environment_is_built_from_nothing() -> None:
    for spec in specs().values():
        assert {"PATH", "HOME", "LANG"} <= dict(spec.env).keys()
        assert not {"LD_PRELOAD", "PYTHONPATH", "http_proxy"} & dict(spec.env).keys()


def test_ray_is_told_to_ask_for_token_and_certificate_by_file() -> None:
    environment = dict(specs()["ray-head"].env)
    assert environment["RAY_AUTH_MODE"] == "token"
    assert environment["RAY_USE_TLS"] == "1"
    assert environment["RAY_AUTH_TOKEN_PATH"].startswith("/run/rayfence/0.r/")
    assert "RAY_AUTH_TOKEN" not in environment


def test_no_path_of_the_gateways_secrets_reaches_rays_command_or_environment() -> None:
    for name in ("ray-head", "ray-workers-1"):
        spec = specs()[name]
        assert "/state/t" not in json.dumps([spec.argv, spec.env])


def test_every_pinned_port_is_listed() -> None:
    head = specs()["ray-head"]
    assert {9001, 9002, 9003, 9004, 9005, 10_000, 10_005} <= set(head.listens)
    assert json.loads(json.dumps(asdict(head)))["listens"] == list(head.listens)
