"""Verdicts on ports: what answers is named, what refuses passes, and silence counts only where somebody listens."""

from dataclasses import replace

import pytest

from rayfence.model.evidence import Evidence
from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.inside.network import CLOSED, OPEN, SELF, Ground
from rayfence.verify.kubernetes.inside.ports import gateway_port_rows, missing_rows, port_rows
from rayfence.verify.kubernetes.inside.sightings import Report, Spot
from rayfence.verify.kubernetes.inside.targets import Target
from tests.unit.verify.kubernetes.inside.reports import (
    ASKS,
    GRPC,
    HEAD,
    HELLO,
    METRICS,
    SILENT,
    TLS,
    entry,
    open_ground,
    report,
    spot,
    walled,
)

EVERYWHERE = (OPEN, CLOSED, SELF)


def rows(ground: Ground, *table: RayPort, targets: tuple[Target, ...] = (HEAD,)) -> dict[str, Evidence]:
    return {row.attack.rpartition(".")[2]: row for row in port_rows(ground, targets, table)}


def seen(*ports: tuple[int, dict[str, object]]) -> Ground:
    return open_ground(report(EVERYWHERE, train_head=spot(*ports)))


METRIC = entry("8080", name="metrics", answers="200 to anybody: Ray asks for nothing here")


@pytest.mark.parametrize(
    ("row", "said", "verdict"),
    [
        (entry("52365", name="agent"), ASKS, Verdict.PASS),
        (entry("6379", name="agent"), GRPC, Verdict.PASS),
        (entry("8443", PortGuard.SIDECAR, "agent"), TLS, Verdict.PASS),
        (entry("52365", name="agent"), HELLO, Verdict.FAIL),
        (entry("52365", name="agent"), SILENT, Verdict.UNKNOWN),
        (entry("8265", PortGuard.LOOPBACK, "agent"), ASKS, Verdict.FAIL),
    ],
)
def test_what_a_port_says(row: RayPort, said: dict[str, object], verdict: Verdict) -> None:
    number = int(row.port)
    assert rows(seen((number, said)), row)["agent"].verdict is verdict


def test_metrics_that_answer_anybody_are_named_with_policy_and_datapath() -> None:
    hole = rows(seen((8080, METRICS)), METRIC)["metrics"]
    assert hole.attack == "ports.vision.cluster-train.head.metrics"
    assert "train-head:8080 GET /metrics 200" in hole.seen
    assert (hole.verdict, hole.fix, hole.field) == (
        Verdict.FAIL,
        "NetworkPolicy vision/default-deny",
        "target.kubernetes.datapath",
    )


def test_open_paths_beside_the_token_are_a_failure_too() -> None:
    said: dict[str, object] = {"kind": "http", "paths": {"GET /logs/": 401, "GET /api/healthz": 200}}
    hole = rows(seen((52365, said)), entry("52365", name="agent http"))["agent-http"]
    assert hole.verdict is Verdict.FAIL and "GET /api/healthz 200" in hole.seen
    assert hole.fix == "NetworkPolicy vision/default-deny"


@pytest.mark.parametrize(
    ("row", "fix"),
    [
        (entry("52365", name="x"), ("RayCluster vision/train", "authOptions.mode")),
        (entry("6379", PortGuard.MTLS, "x"), ("RayCluster vision/train", "tlsOptions.enabled")),
        (
            entry("8443", PortGuard.SIDECAR, "x"),
            ("ConfigMap vision/sidecar-cluster-train", "require_client_certificate"),
        ),
        (
            entry("8265", PortGuard.LOOPBACK, "x"),
            ("RayCluster vision/train", "headGroupSpec.rayStartParams.dashboard-host"),
        ),
    ],
)
def test_the_object_to_mend_is_the_one_that_keeps_the_port(row: RayPort, fix: tuple[str, str]) -> None:
    hole = rows(seen((int(row.port), HELLO)), row)["x"]
    assert (hole.verdict, (hole.fix, hole.field)) == (Verdict.FAIL, fix)


def test_ports_that_nobody_planned_have_a_row_of_their_own() -> None:
    table = (entry("8265", PortGuard.LOOPBACK, "dashboard"), entry("chosen at start", name="node manager"))
    found = rows(seen((41000, GRPC)), *table)
    assert found["others"].verdict is Verdict.PASS and "node manager" in found["others"].title
    assert rows(seen((41000, HELLO)), *table)["others"].verdict is Verdict.FAIL
    assert rows(seen((41000, SILENT)), *table)["others"].verdict is Verdict.UNKNOWN
    assert found["dashboard"].seen == "no connection"


def test_a_port_in_a_range_counts_for_the_narrowest_entry() -> None:
    table = (entry("10000-19999", name="workers"), entry("10001", name="client"))
    found = rows(seen((10001, HELLO), (10002, GRPC)), *table)
    assert found["client"].verdict is Verdict.FAIL and found["workers"].verdict is Verdict.PASS


def test_where_policies_hold_no_connection_passes_for_a_pod_that_is_ready() -> None:
    ground = walled(report(train_head=spot()), speech=report((SELF,), train_head=spot()))
    assert rows(ground, entry("6379", name="gcs"))["gcs"].verdict is Verdict.PASS
    idle = replace(HEAD, ready=False, why="ContainersNotReady")
    lame = rows(ground, entry("6379", name="gcs"), targets=(idle,))["gcs"]
    assert lame.verdict is Verdict.UNKNOWN and "ContainersNotReady" in lame.control


def test_where_policies_hold_a_scraper_must_get_through_to_metrics() -> None:
    def ground(scraped: Spot) -> Ground:
        return walled(report(train_head=spot()), report(train_head=scraped))

    assert rows(ground(spot((8080, METRICS))), METRIC)["metrics"].verdict is Verdict.PASS
    assert rows(ground(spot()), METRIC)["metrics"].verdict is Verdict.UNKNOWN
    autoscaler = entry("44217", name="autoscaler")
    assert rows(ground(spot()), autoscaler)["autoscaler"].verdict is Verdict.PASS


def test_a_sidecar_that_is_gone_is_no_pass() -> None:
    found = rows(seen(), entry("8443", PortGuard.SIDECAR, "sidecar"))["sidecar"]
    assert found.verdict is Verdict.UNKNOWN and "is the sidecar there?" in found.control


@pytest.mark.parametrize("lame", [report(()), report((SELF,))])
def test_an_attacker_that_can_not_attack_shows_nothing(lame: Report) -> None:
    assert rows(walled(lame), entry("6379", name="gcs"))["gcs"].verdict is Verdict.UNKNOWN
    ground = open_ground(speech=lame)
    assert rows(ground, entry("6379", name="gcs"))["gcs"].verdict is Verdict.UNKNOWN


def test_a_pod_that_was_not_tried_shows_nothing() -> None:
    second = replace(HEAD, name="second")
    found = rows(walled(), entry("6379", name="gcs"), targets=(HEAD, second))["gcs"]
    assert found.verdict is Verdict.UNKNOWN and "vision/second" in found.control


def test_what_another_tenants_pod_reaches_counts() -> None:
    ground = walled(speech=report((SELF,), train_head=spot((8080, METRICS))))
    hole = rows(ground, METRIC)["metrics"]
    assert hole.verdict is Verdict.FAIL and "from speech" in hole.seen


def test_pods_without_a_plan_and_plans_without_pods_are_unknown() -> None:
    assert rows(walled())["all"].verdict is Verdict.UNKNOWN
    worker = replace(entry("8080"), node="workers")
    (missing,) = missing_rows((HEAD,), (entry("8080"), worker))
    assert (missing.attack, missing.verdict) == ("ports.vision.cluster-train.workers.all", Verdict.NOT_APPLICABLE)
    (head,) = missing_rows((), (entry("8080"),))
    assert head.verdict is Verdict.UNKNOWN
    assert not list(missing_rows((replace(HEAD, node="workers small"),), (worker,)))


GATE = Target("vision", "vision", "gateway-0", "10.0.0.2", "", "", ready=True)


def test_a_gateway_has_no_port_but_its_own() -> None:
    def verdict(ground: Ground) -> Evidence:
        (found,) = gateway_port_rows(ground, (GATE, HEAD))
        return found

    fine = verdict(open_ground(report(EVERYWHERE, gateway_0=spot((8443, HELLO), (8449, HELLO)))))
    assert fine.verdict is Verdict.PASS
    hole = verdict(open_ground(report(EVERYWHERE, gateway_0=spot((8443, HELLO), (9901, HELLO)))))
    assert (hole.verdict, hole.fix) == (Verdict.FAIL, "StatefulSet vision-gateway/gateway")
    assert verdict(open_ground(report(EVERYWHERE, gateway_0=spot()))).verdict is Verdict.UNKNOWN
    assert verdict(open_ground(report(EVERYWHERE))).verdict is Verdict.UNKNOWN
    assert verdict(walled(report(gateway_0=spot()))).verdict is Verdict.PASS
