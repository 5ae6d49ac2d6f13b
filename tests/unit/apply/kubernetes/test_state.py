"""Where a platform keeps what is rayfence's own."""

from datetime import datetime, timedelta, timezone

from rayfence.apply.kubernetes.look import OURS
from rayfence.apply.kubernetes.state import own_object, state_manifests, state_namespace, written


def test_its_namespace_is_found_by_our_label_and_lets_no_pod_in() -> None:
    space, bounds = (manifest.object for manifest in state_manifests("ml"))
    labels = space["metadata"]["labels"]  # type: ignore[index]
    assert OURS.items() <= labels.items() and labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert space["metadata"]["name"] == state_namespace("ml") == "ml-rayfence"  # type: ignore[index]
    assert bounds["spec"] == {"hard": {"pods": "0"}}
    assert [manifest.stage for manifest in state_manifests("ml")] == [0, 1]


def test_what_lies_in_it_is_no_part_of_a_spec() -> None:
    value = own_object("v1", "ConfigMap", "receipt", "ml", data={"a": "b"})
    metadata = value["metadata"]
    assert isinstance(metadata, dict) and not OURS.keys() & metadata["labels"].keys()
    assert metadata["namespace"] == "ml-rayfence" and value["data"] == {"a": "b"}


def test_moments_are_written_in_utc() -> None:
    there = datetime(2026, 11, 26, 13, 30, 15, 250_000, tzinfo=timezone(timedelta(hours=1)))
    assert written(there) == "2026-11-26T12:30:15Z"
    assert written(there, micro=True) == "2026-11-26T12:30:15.250000Z"
