"""Readiness and running pods against what a real KubeRay operator writes: see `tests/data/live`."""

import copy
import datetime
import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import FieldState, Phase
from rayfence.plan.live.compare import compare
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.ready.readiness import own_pods, readiness
from rayfence.plan.live.running import running_drift

FILE = Path(__file__).parents[1] / "data" / "live" / "operator-1.6.0.json.gz"
RECORDED: Any = json.loads(gzip.decompress(FILE.read_bytes()))
OBJECTS = {item["metadata"]["name"]: item for item in RECORDED["objects"]}
NOW = datetime.datetime(2026, 11, 26, 6, 45, tzinfo=datetime.UTC)
(DESIRED,) = RECORDED["desired"]
MANIFEST = Manifest(DESIRED, "Tenant vision: Ray", 5)


@pytest.mark.parametrize(
    ("name", "phase", "transient", "words"),
    [
        ("train", Phase.WAITING, False, "the head is not ready: Unknown"),
        ("bad", Phase.FAILED, False, "minimum Ray version is 2.52.0, got 2.40.0"),
        ("full", Phase.FAILED, True, "exceeded quota: tenant"),
        ("sweep", Phase.WAITING, False, "initializing"),
        ("answers", Phase.WAITING, False, "Initializing: RayService is initializing"),
        ("nightly", Phase.READY, False, "stored, and not refused"),
    ],
)
def test_how_far_the_operator_is(name: str, phase: Phase, transient: bool, words: str) -> None:
    found = readiness(OBJECTS[name], RECORDED["events"], NOW, RECORDED["pods"])
    assert (found.phase, found.transient) == (phase, transient)
    assert words in found.reason and "\n" not in found.reason


def test_a_refusal_counts_no_more_once_the_object_is_written_anew() -> None:
    repaired = copy.deepcopy(OBJECTS["bad"])
    repaired["metadata"]["managedFields"][0]["time"] = "2026-11-26T06:44:00Z"
    assert readiness(repaired, RECORDED["events"], NOW).phase is Phase.WAITING


def test_pods_are_the_clusters() -> None:
    assert len(own_pods(OBJECTS["train"], RECORDED["pods"])) == len(RECORDED["pods"]) == 2
    assert own_pods(OBJECTS["full"], RECORDED["pods"]) == ()


def test_a_cluster_that_the_operator_works_on_has_no_drift() -> None:
    assert changes(DESIRED, OBJECTS["train"], "rayfence") == ()
    assert compare([MANIFEST], [OBJECTS["train"]], "rayfence").objects == ()


def test_of_the_operators_pods_only_what_was_done_by_hand_is_drift() -> None:
    (drift,) = running_drift([MANIFEST], RECORDED["pods"], {})
    (change,) = drift.changes
    assert drift.reference.startswith("Pod vision/train-head-") and drift.security
    assert (change.path, change.state) == ("spec.containers[name=ray-head].image", FieldState.CHANGED)
    assert change.have == "evil:latest" and change.by is not None and change.by.manager == "kubectl-set"


def test_pods_of_a_spec_that_was_changed_since_are_found() -> None:
    newer = copy.deepcopy(DESIRED)
    head = newer["spec"]["headGroupSpec"]
    head["rayStartParams"]["dashboard-port"] = "8266"
    head["template"]["spec"]["containers"][0]["env"][0]["value"] = "changed"
    newer["spec"]["workerGroupSpecs"][0]["template"]["spec"]["serviceAccountName"] = "other"
    found = {drift.key.name.rpartition("-")[0]: drift.changes for drift in running_drift(
        [Manifest(newer, "g", 5)], RECORDED["pods"], {}
    )}  # fmt: skip
    assert [change.path for change in found["train-small-worker"]] == ["spec.serviceAccountName"]
    paths = [change.path for change in found["train-head"]]
    assert "spec.containers[name=ray-head].args --dashboard-port" in paths and len(paths) == 3
