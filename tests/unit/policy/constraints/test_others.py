"""Buckets, databases, notebooks, contacts and topics at their edges."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.others import CRITERIA
from tests.unit.policy.constraints.platforms import enforced, listed, made, workbench


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.constraint)
def test_what_the_platform_does_not_make_is_not_relevant(criterion: object) -> None:
    name = str(getattr(criterion, "constraint", ""))
    platform = made()
    platform.resources = []
    policies = [enforced(name), listed(name, "nothing-that-exists")]
    outcomes = {platform.judge([policy])[name].outcome for policy in policies}
    assert outcomes & {Outcome.NOT_RELEVANT, Outcome.SATISFIED} and Outcome.VIOLATED not in outcomes


def test_a_topic_that_names_nothing_is_unknown() -> None:
    name = "pubsub.enforceInTransitRegions"
    found = made().judge([enforced(name)])[name]
    assert found.outcome is Outcome.UNKNOWN and "enforceInTransit" in found.reason


def test_a_notebook_without_network_would_take_the_default_one() -> None:
    name = "ainotebooks.restrictVpcNetworks"
    body = workbench(networkInterfaces=[])
    platform = made().add("notebooks.googleapis.com/Instance", "n", body, "google_workbench_instance")
    assert platform.judge([listed(name, "under:projects/acme-ml")])[name].outcome is Outcome.VIOLATED


def test_a_bucket_without_public_access_prevention() -> None:
    name = "storage.publicAccessPrevention"
    bucket = made().add("storage.googleapis.com/Bucket", "b", {}, "google_storage_bucket")
    assert bucket.judge([enforced(name)])[name].outcome is Outcome.VIOLATED
    held = made().add(
        "storage.googleapis.com/Bucket",
        "b",
        {"iamConfiguration": {"publicAccessPrevention": "enforced"}},
        "google_storage_bucket",
    )
    assert held.judge([enforced(name)])[name].outcome is Outcome.SATISFIED_BY


def test_a_bucket_that_keeps_nothing_where_a_time_is_listed() -> None:
    for name in ("storage.retentionPolicySeconds", "storage.softDeletePolicySeconds"):
        bucket = made().add("storage.googleapis.com/Bucket", "b", {}, "google_storage_bucket")
        assert bucket.judge([listed(name, "86400")])[name].outcome is Outcome.VIOLATED
