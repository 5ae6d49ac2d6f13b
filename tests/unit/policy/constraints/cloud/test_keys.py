"""Keys at their edges: volumes of foreign classes, keys in unexpected fields, what is not verified."""

import pytest

from rayfence.model.cloud import CloudDesired
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.cloud.keys import keys
from rayfence.policy.constraints.rendered import Rendered, read
from tests.unit.policy.constraints.platforms import KEY, Json, Made, autopilot, listed, made, workbench

NON_CMEK = "gcp.restrictNonCmekServices"
PROJECTS = "gcp.restrictCmekCryptoKeyProjects"
COMPUTE = "compute.googleapis.com"
CONTAINER = "container.googleapis.com"


def _read(platform: Made) -> Rendered:
    return read(platform.resolution, CloudDesired(tuple(platform.resources)), ())


def _cmek(platform: Made, *services: str) -> Outcome:
    return platform.judge([listed(NON_CMEK, denied=services)])[NON_CMEK].outcome


@pytest.mark.parametrize(
    ("kind", "path", "service"),
    [
        ("NodePool", "config.bootDiskKmsKey", COMPUTE),
        ("NodePool", "config.bootDiskKmsKey", CONTAINER),
        ("Repository", "kmsKeyName", "artifactregistry.googleapis.com"),
        ("Topic", "kmsKeyName", "pubsub.googleapis.com"),
    ],
)
def test_whatever_can_take_a_key_must_have_one(kind: str, path: str, service: str) -> None:
    assert _cmek(made(), service) is Outcome.SATISFIED_BY
    assert _cmek(made().set(kind, path, None), service) is Outcome.VIOLATED
    assert _cmek(made().set(kind, path, None), "dns.googleapis.com") is Outcome.SATISFIED


def test_the_pool_of_the_making_and_automatic_nodes_need_keys_too() -> None:
    assert _cmek(made().set("Cluster", "nodeConfig.bootDiskKmsKey", None), COMPUTE) is Outcome.VIOLATED
    path = "autoscaling.autoprovisioningNodePoolDefaults.bootDiskKmsKey"
    assert _cmek(autopilot().set("Cluster", path, None), CONTAINER) is Outcome.VIOLATED


def test_secrets_without_a_key_are_not_verified() -> None:
    platform = made().set("Cluster", "databaseEncryption", None)
    found = platform.judge([listed(NON_CMEK, denied=(CONTAINER,))])[NON_CMEK]
    assert found.outcome is Outcome.UNKNOWN and "Secrets" in found.reason
    assert _cmek(platform, COMPUTE) is Outcome.SATISFIED_BY


def _claim(storage_class: str | None) -> Json:
    spec: Json = {} if storage_class is None else {"storageClassName": storage_class}
    return {"kind": "PersistentVolumeClaim", "metadata": {"namespace": "vision", "name": "data"}, "spec": spec}


@pytest.mark.parametrize(
    ("storage_class", "outcome"),
    [
        ("ray-spill", Outcome.SATISFIED_BY),
        ("standard-rwo", Outcome.VIOLATED),
        (None, Outcome.VIOLATED),
        ("theirs", Outcome.UNKNOWN),
    ],
)
def test_volumes_need_a_class_with_a_key(storage_class: str | None, outcome: Outcome) -> None:
    assert _cmek(made().apply(_claim(storage_class)), COMPUTE) is outcome
    stateful: Json = {
        "kind": "StatefulSet",
        "metadata": {"namespace": "vision", "name": "redis"},
        "spec": {
            "volumeClaimTemplates": [{"spec": {} if storage_class is None else {"storageClassName": storage_class}}]
        },
    }
    assert _cmek(made().apply(stateful), COMPUTE) is outcome


def test_a_class_of_ours_without_a_key() -> None:
    platform = made()
    platform.manifests[0]["parameters"] = {"type": "pd-balanced"}
    assert _cmek(platform, COMPUTE) is Outcome.VIOLATED


def test_secrets_and_notebooks_of_listed_services() -> None:
    replication: Json = {
        "replication": {"userManaged": {"replicas": [{"customerManagedEncryption": {"kmsKeyName": KEY}}]}}
    }
    block, service = "google_secret_manager_secret", "secretmanager.googleapis.com"
    assert (
        _cmek(made().add("secretmanager.googleapis.com/Secret", "s", replication, block), service)
        is Outcome.SATISFIED_BY
    )
    bare: Json = {"replication": {"automatic": {}}}
    assert _cmek(made().add("secretmanager.googleapis.com/Secret", "s", bare, block), service) is Outcome.VIOLATED
    notes = made().add("notebooks.googleapis.com/Instance", "n", workbench(), "google_workbench_instance")
    assert _cmek(notes, "notebooks.googleapis.com", COMPUTE) is Outcome.SATISFIED_BY
    undone = workbench(dataDisks=[{"diskSizeGb": "10"}])
    notes = made().add("notebooks.googleapis.com/Instance", "n", undone, "google_workbench_instance")
    assert _cmek(notes, "notebooks.googleapis.com") is Outcome.VIOLATED


def test_a_key_counts_wherever_it_stands() -> None:
    foreign = "projects/mine/locations/us-central1/keyRings/r/cryptoKeys/k"
    platform = made().add("x.googleapis.com/Thing", "t", {"deep": [{"odd": foreign}]}, "google_x")
    assert ("Thing t: deep[0].odd", foreign) in set(keys(_read(platform)))
    assert platform.judge([listed(PROJECTS, "projects/acme-kms")])[PROJECTS].outcome is Outcome.VIOLATED
    assert made().judge([listed(PROJECTS, "under:folders/3")])[PROJECTS].outcome is Outcome.SATISFIED_BY
    unknown = made().judge([listed(PROJECTS, "under:folders/3")], ancestry={})[PROJECTS]
    assert unknown.outcome is Outcome.UNKNOWN and "above projects/acme-kms" in unknown.reason
