"""Twin of rayfence.render.kubernetes.admission.podrules, each condition on small values."""

import celpy
import pytest
from celpy.adapter import json_to_cel

from rayfence.render.kubernetes.admission.podrules import (
    by_digest,
    every_container,
    harmless_container,
    harmless_pod,
    no_own_token,
)
from tests.unit.render.kubernetes.resolutions import RAY_IMAGE, REGISTRY


def _holds(expression: str, value: object) -> bool:
    environment = celpy.Environment()
    program = environment.program(environment.compile(expression))
    return bool(program.evaluate({"x": json_to_cel(value)}))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["containers", "initContainers", "ephemeralContainers"])
def test_containers_of_every_kind_are_looked_at(kind: str) -> None:
    condition = every_container("x", by_digest("c", [REGISTRY]))
    assert _holds(condition, {kind: [{"image": RAY_IMAGE}]})
    assert not _holds(condition, {kind: [{"image": RAY_IMAGE}, {"image": "x:1"}]})
    assert not _holds(condition, {kind: [{"name": "no image"}]})
    assert _holds(condition, {})


@pytest.mark.parametrize("field", ["hostNetwork", "hostPID", "hostIPC"])
def test_host_namespaces(field: str) -> None:
    assert _holds(harmless_pod("x"), {field: False, "volumes": [{"emptyDir": {}}]})
    assert not _holds(harmless_pod("x"), {field: True})


def test_host_paths() -> None:
    assert not _holds(harmless_pod("x"), {"volumes": [{"emptyDir": {}}, {"hostPath": {"path": "/"}}]})


@pytest.mark.parametrize(
    ("container", "harmless"),
    [
        ({}, True),
        ({"securityContext": {"privileged": False, "capabilities": {"drop": ["ALL"]}}}, True),
        ({"securityContext": {"privileged": True}}, False),
        ({"securityContext": {"allowPrivilegeEscalation": True}}, False),
        ({"securityContext": {"capabilities": {"add": ["NET_ADMIN"]}}}, False),
        ({"ports": [{"containerPort": 1, "hostPort": 0}]}, True),
        ({"ports": [{"containerPort": 1}, {"containerPort": 2, "hostPort": 2}]}, False),
    ],
)
def test_containers(container: dict[str, object], *, harmless: bool) -> None:
    assert _holds(harmless_container("x"), container) == harmless


@pytest.mark.parametrize(
    ("container", "allowed"),
    [
        ({}, True),
        ({"env": [{"name": "RAY_USAGE_STATS_ENABLED"}], "envFrom": []}, True),
        ({"env": [{"name": "A"}, {"name": "RAY_AUTH_TOKEN_PATH"}]}, False),
        ({"env": [{"name": "RAY_TLS_SERVER_KEY"}]}, False),
        ({"env": [{"name": "RAY_USE_TLS"}]}, False),
        ({"env": [{"name": "RAY_ENABLE_K8S_TOKEN_AUTH"}]}, False),
        ({"envFrom": [{"secretRef": {"name": "s"}}]}, False),
    ],
)
def test_own_settings_of_authentication(container: dict[str, object], *, allowed: bool) -> None:
    assert _holds(no_own_token("x"), container) == allowed
