"""The whole attack from inside, on simulated pods and a simulated network."""

from typing import Any

import pytest

from rayfence.errors import Refused
from rayfence.model.api_objects import Json
from rayfence.model.evidence import Evidence
from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.inside.campaign import Field, attack_from_inside, targets_of
from rayfence.verify.kubernetes.inside.stage import Stage
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.controllers import SimControllers
from tests.sim.kubernetes.probes import HELLO, SimProbes
from tests.unit.verify.kubernetes.inside.test_gateway import DOORS
from tests.unit.verify.kubernetes.inside.test_targets import GATEWAY, HEAD, pod

RAY = "RayCluster vision/train"
TABLE = (
    RayPort(RAY, "head", "8265", "dashboard", PortGuard.LOOPBACK, (), True, "no connection", ""),
    RayPort(RAY, "head", "6379", "GCS", PortGuard.POLICY, (), True, "UNAUTHENTICATED", ""),
    RayPort(
        RAY, "head", "8080", "metrics", PortGuard.POLICY, (), True, "200 to anybody: Ray asks for nothing here", ""
    ),
    RayPort(RAY, "head", "8443", "sidecar", PortGuard.SIDECAR, (), True, "TLS refusal", ""),
)
METRICS: dict[str, object] = {"kind": "http", "paths": {"GET /metrics": 200}}
PODS = (pod("head", HEAD), pod("gateway-0", GATEWAY, "vision-gateway", "10.0.0.2"))
FIELD = Field(
    "ml", ("vision", "speech"), TABLE, {"vision": DOORS["vision"]}, "r/g@sha256:0", "code", "0a", 1_764_000_000
)


class World:
    """A cluster with one head and one gateway, and a network."""

    def __init__(self, *, walls: bool) -> None:
        self.sim = SimCluster()
        SimControllers(self.sim)
        for name in ("vision", "speech", "vision-gateway"):
            self.sim.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
        self.probes = SimProbes(self.sim, walls=walls)
        gateway = DOORS["vision"].settings.hosts.login
        self.probes.ports |= {
            "10.0.0.1": {
                6379: {"kind": "grpc", "calls": {"A/B": 16}},
                8080: METRICS,
                8443: {"kind": "tls", "outcome": "refused"},
            },
            "10.0.0.2": {8443: HELLO},
            gateway: {443: HELLO},
        }
        allowed = {("friend", "10.0.0.1", 8080), ("friend", gateway, 443)}
        self.probes.let_in = lambda *way: way in allowed
        self.stage = Stage(
            self.sim, self.sim.kinds(), self.sim.clock, lambda _: None, self.sim.log, "ml", FIELD.tenants, "rfv:"
        )

    def rows(self, pattern: str = "") -> dict[str, Evidence]:
        found = attack_from_inside(FIELD, self.stage, PODS, lambda name: pattern in name)
        assert self.stage.clear() == ()
        return {row.attack: row for row in found}


def test_where_policies_hold_everything_passes() -> None:
    found = World(walls=True).rows()
    assert {name: row.seen for name, row in found.items() if row.verdict is not Verdict.PASS} == {}
    assert {"network.enforced", "network.egress.vision", "ports.vision.cluster-train.head.metrics"} <= set(found)


def test_where_nothing_enforces_them_that_is_said_and_what_answers_is_named() -> None:
    found = World(walls=False).rows()
    holes = {name for name, row in found.items() if row.verdict is Verdict.FAIL}
    assert holes == {
        "network.enforced", "network.egress.vision", "network.egress.speech", "network.gateway.vision",
        "ports.vision.cluster-train.head.metrics",
    }  # fmt: skip
    assert found["ports.vision.cluster-train.head.gcs"].verdict is Verdict.PASS


def test_a_dashboard_on_the_pods_address_is_a_hole_with_and_without_a_token() -> None:
    world = World(walls=False)
    world.probes.ports["10.0.0.1"][8265] = {"kind": "http", "paths": {"GET /api/version": 401}}
    hole = world.rows()["ports.vision.cluster-train.head.dashboard"]
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, RAY)


def test_only_what_was_asked_for_is_told() -> None:
    assert set(World(walls=True).rows("metrics")) == {"ports.vision.cluster-train.head.metrics"}


def test_a_listener_that_does_not_start_leaves_everything_unknown() -> None:
    world = World(walls=True)
    world.probes.broken["closed"] = "Failed"
    (row,) = world.rows().values()
    assert row.verdict is Verdict.UNKNOWN and "closed-0a" in row.seen


@pytest.mark.parametrize("part", ["neighbour", "friend", "tenant"])
def test_a_pod_that_tells_nothing_makes_no_pass(part: str) -> None:
    world = World(walls=True)
    world.probes.broken[part] = "Failed"
    found = world.rows()
    lost = {"neighbour": "network.enforced", "friend": "gateway.vision.nobody", "tenant": "network.egress.speech"}
    assert found[lost[part]].verdict is Verdict.UNKNOWN
    assert not any(row.verdict is Verdict.FAIL for row in found.values())


def test_a_tenant_whose_quota_has_no_room_for_a_pod_is_told_apart() -> None:
    world = World(walls=True)

    def full(verb: str, value: Json) -> None:
        metadata: Any = value.get("metadata") or {}
        if verb == "create" and metadata.get("namespace") == "speech":
            raise Refused("exceeded quota: tenant", "Forbidden")

    world.sim.faults.append(full)
    found = world.rows()
    assert "exceeded quota" in found["network.egress.speech"].seen
    assert found["network.enforced"].verdict is Verdict.PASS


def test_nobody_attacks_pods_of_its_own_tenant_and_the_friend_only_what_it_may() -> None:
    world = World(walls=True)
    world.rows()
    whole = [[1, 65535]]
    assert world.probes.wishes["neighbour"]["targets"]["vision/head"]["ports"] == whole
    assert world.probes.wishes["neighbour"]["targets"]["vision-gateway/gateway-0"]["ports"] == whole
    assert world.probes.wishes["friend"]["targets"]["vision/head"]["ports"] == [
        [8080, 8080],
        [44217, 44217],
        [44227, 44227],
    ]
    assert world.probes.wishes["tenant"]["targets"]["vision/head"]["ports"][0] == [6379, 6379]
    assert world.probes.wishes["neighbour"]["requests"] == {}
    assert {target.name for target in targets_of(FIELD, PODS)} == {"head", "gateway-0"}
