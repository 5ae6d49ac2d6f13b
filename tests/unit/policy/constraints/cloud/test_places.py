"""Places at their edges: unnamed zones, bare regions, objects that say where they stand by name only."""

import pytest

from rayfence.model.cloud import CloudDesired
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.cloud.places import places
from rayfence.policy.constraints.rendered import Rendered, read
from tests.unit.policy.constraints.platforms import Json, Made, listed, made, workbench

PLACES = "gcp.resourceLocations"


def _read(platform: Made) -> Rendered:
    return read(platform.resolution, CloudDesired(tuple(platform.resources)), ())


def _places(platform: Made, *allowed: str) -> Outcome:
    return platform.judge([listed(PLACES, *allowed)])[PLACES].outcome


def test_every_place_is_found() -> None:
    found = {field: place for item in _read(made()).items for field, place in places(item)}
    assert found["Cluster ray: location"] == "us-central1" and found["Cluster ray: locations"] == "us-central1-b"
    assert found["KeyRing ray: name"] == "us-central1" and found["Repository ray: name"] == "us-central1"
    assert found["Subnetwork ray: region"] == "us-central1"
    assert not any(field.startswith(("Network", "Topic")) for field in found)


def test_a_bare_region_does_not_admit_its_zones() -> None:
    assert _places(made(), "us-central1") is Outcome.VIOLATED
    assert _places(made(), "us-central1", "us-central1-a", "us-central1-b") is Outcome.SATISFIED_BY
    assert _places(made(), "in:us-locations") is Outcome.SATISFIED_BY
    assert _places(made(), "in:eu-locations") is Outcome.VIOLATED
    assert _places(made(), "in:mars-locations") is Outcome.UNKNOWN


def test_zones_that_google_chooses() -> None:
    unnamed = made().set("Cluster", "locations", None)
    assert _places(unnamed, "in:us-central1-locations") is Outcome.SATISFIED_BY
    assert _places(unnamed, "us-central1") is Outcome.UNKNOWN
    zonal = made().set("Cluster", "location", "us-central1-c").set("Cluster", "locations", None)
    assert _places(zonal, "us-central1", "us-central1-c") is Outcome.SATISFIED_BY


def test_places_of_terraform_form_topics_secrets_and_notebooks() -> None:
    platform = made().add("x.googleapis.com/Thing", "t", {}, "google_x", location="europe-west4", region="${local.r}")
    assert _places(platform, "in:us-locations") is Outcome.VIOLATED
    topic = made().set("Topic", "messageStoragePolicy.allowedPersistenceRegions", ["europe-west4"])
    assert _places(topic, "in:us-locations") is Outcome.VIOLATED
    notes = made().add("notebooks.googleapis.com/Instance", "n", workbench(), "google_workbench_instance")
    assert _places(notes, "us-central1", "us-central1-b") is Outcome.VIOLATED
    replicas: Json = {"replication": {"userManaged": {"replicas": [{"location": "asia-east1"}]}}}
    secret = made().add("secretmanager.googleapis.com/Secret", "s", replicas, "google_secret_manager_secret")
    assert _places(secret, "in:us-locations") is Outcome.VIOLATED
    anywhere = made().add("x.googleapis.com/Thing", "t", {"location": "global"}, "google_x")
    assert _places(anywhere, "in:us-locations") is Outcome.SATISFIED_BY


@pytest.mark.parametrize(
    ("kind", "path"), [("Cluster", "location"), ("Subnetwork", "region"), ("KeyRing", "name"), ("Repository", "name")]
)
def test_what_does_not_say_where_it_stands_is_unknown(kind: str, path: str) -> None:
    found = made().set(kind, path, None).judge([listed(PLACES, "in:us-locations")])[PLACES]
    assert found.outcome is Outcome.UNKNOWN and f"where {kind} ray stands" in found.reason


def test_a_secret_that_google_may_put_anywhere() -> None:
    body: Json = {"replication": {"automatic": {}}}
    secret = made().add("secretmanager.googleapis.com/Secret", "s", body, "google_secret_manager_secret")
    assert _places(secret, "in:us-locations") is Outcome.UNKNOWN
