"""Live objects, events and pods of small size, for the tests of readiness."""

import datetime
from typing import Any

from tests.unit.plan.live.trees import OURS, entry

Json = dict[str, Any]
WRITTEN = "2026-11-26T06:00:00Z"
BEFORE = "2026-11-26T05:59:00Z"
AFTER = "2026-11-26T06:00:01Z"
NOW = datetime.datetime(2026, 11, 26, 6, 10, tzinfo=datetime.UTC)


def live(kind: str, name: str = "train", *, generation: int = 2, **parts: Any) -> Json:
    """An object that was last written at `WRITTEN`."""
    metadata: Json = {
        "name": name,
        "namespace": "vision",
        "uid": f"uid-{name}",
        "generation": generation,
        "creationTimestamp": "2026-11-26T05:00:00Z",
        "managedFields": [entry(OURS, {}, WRITTEN), entry("controller", {}, AFTER, "Update", "status")],
    }
    return {
        "apiVersion": "example.com/v1",
        "kind": kind,
        "metadata": {**metadata, **parts.pop("metadata", {})},
        **parts,
    }


def condition(name: str, status: str, reason: str = "", message: str = "", observed: int | None = None) -> Json:
    """One condition."""
    found: Json = {"type": name, "status": status, "reason": reason, "message": message}
    return found if observed is None else {**found, "observedGeneration": observed}


def event(about: Json, reason: str, message: str = "because", *, time: str = AFTER, kind: str = "Warning") -> Json:
    """An event about an object."""
    metadata = about["metadata"]
    involved = {"kind": about["kind"], "name": metadata["name"], "namespace": "vision", "uid": metadata["uid"]}
    return {"involvedObject": involved, "reason": reason, "message": message, "type": kind, "lastTimestamp": time}


def pod(name: str = "train-head", cluster: str = "train", **status: Any) -> Json:
    """A pod of a Ray cluster."""
    labels = {"ray.io/cluster": cluster, "app": "gateway"}
    return {
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "vision", "uid": name, "labels": labels},
        "status": status,
    }


def waiting_pod(reason: str, message: str = "because", **more: Any) -> Json:
    """A pod of which one container waits."""
    status = {"name": "ray-head", "state": {"waiting": {"reason": reason, "message": message}}, **more}
    return pod(phase="Pending", containerStatuses=[status])
