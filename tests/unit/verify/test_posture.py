"""Each control: passes on a healthy sighting, and fails or is unknown for the reason it exists."""

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.verdict import Posture, Verdict
from rayfence.verify.posture import (
    CONTROLS,
    REFUSED,
    LeafSighting,
    PortSighting,
    RaySighting,
    Sightings,
    TrailSighting,
    failing,
    posture,
)

RAY = RaySighting("raylet", 61500, own_mounts=True, own_pids=True, capabilities=0, no_new_privileges=True)
HEALTHY = Sightings(
    operator_uid=0,
    parts=(("service", "ready"), ("ray-head", "ready")),
    keeper_watched=True,
    listeners=30,
    exposed=(),
    ray_ports=(
        PortSighting("dashboard", 1, True, 401),
        PortSighting("agent", 2, True, 401),
        PortSighting("gcs", 3, True, None, REFUSED),
        PortSighting("metrics", 4, False),
        PortSighting("serve", 5, False),
    ),
    anonymous_status=401,
    foreign_host_status=421,
    ray=(RAY,),
    leaves=(LeafSighting("gateway", 100, 48, True), LeafSighting("ray-head", 500, 168, False)),
    loose_files=(),
    trail=TrailSighting(10, "", 0),
    ray_version="2.60.0",
    ray_floor="2.56.0",
)


def row(control: str, **change: Any) -> Posture:
    rows = {one.control: one for one in posture(replace(HEALTHY, **change))}
    return rows[control]


def test_a_healthy_instance_fails_nothing() -> None:
    assert list(failing(posture(HEALTHY))) == []


def test_every_control_has_evidence() -> None:
    assert all(one.evidence for one in posture(HEALTHY))
    assert len({control for control, _, _ in CONTROLS}) == len(CONTROLS)


@pytest.mark.parametrize(
    ("control", "change"),
    [
        ("instance.parts", {"parts": ()}),
        ("instance.parts", {"parts": (("envoy", "backoff"),)}),
        ("instance.parts", {"keeper_watched": False}),
        ("ray.version", {"ray_version": "2.9.3"}),
        ("ray.listeners.loopback", {"exposed": ("0.0.0.0:6379 (gcs_server)",)}),
        ("ray.token", {"ray_ports": (PortSighting("dashboard", 1, True, 200),)}),
        ("ray.mtls", {"ray_ports": (PortSighting("gcs", 3, True, None, "accepted"),)}),
        ("ray.metrics", {"ray_ports": (PortSighting("metrics", 4, True, 200),)}),
        ("ray.serve", {"ray_ports": (PortSighting("serve", 8000, True, 200),)}),
        ("ray.walls", {"ray": (replace(RAY, uid=0, own_pids=False),)}),
        ("ray.walls", {"ray": (replace(RAY, capabilities=1),)}),
        ("ray.walls", {"ray": (replace(RAY, no_new_privileges=False),)}),
        ("gateway.identity", {"anonymous_status": 200}),
        ("gateway.hosts", {"foreign_host_status": 401}),
        ("certificates", {"leaves": (LeafSighting("ray-head", -1, 168, False),)}),
        ("certificates", {"leaves": (LeafSighting("ray-head", 20, 168, False),)}),
        ("secrets.files", {"loose_files": ("/s/key",)}),
        ("trail", {"trail": TrailSighting(10, "record 4 was edited", 0)}),
        ("trail", {"trail": TrailSighting(10, "", 3)}),
    ],
)
def test_fails(control: str, change: dict[str, Any]) -> None:
    assert row(control, **change).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("control", "change"),
    [
        ("ray.listeners.loopback", {"listeners": None}),
        ("ray.listeners.loopback", {"listeners": 0}),
        ("ray.token", {"ray_ports": ()}),
        ("ray.mtls", {"ray_ports": ()}),
        ("ray.walls", {"ray": ()}),
        ("gateway.identity", {"anonymous_status": None}),
        ("gateway.hosts", {"foreign_host_status": None}),
        ("certificates", {"leaves": ()}),
        ("secrets.files", {"loose_files": None}),
        ("trail", {"trail": None}),
    ],
)
def test_what_was_not_seen_is_unknown(control: str, change: dict[str, Any]) -> None:
    assert row(control, **change).verdict is Verdict.UNKNOWN


def test_a_hot_leaf_in_its_window_is_no_failure() -> None:
    assert row("certificates", leaves=(LeafSighting("gateway", 20, 48, True),)).verdict is Verdict.PASS


def test_the_same_uid_behind_namespaces_is_walled() -> None:
    assert row("ray.walls", ray=(replace(RAY, uid=0),)).verdict is Verdict.PASS
