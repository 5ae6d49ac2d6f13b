"""Fields that did not come back."""

from rayfence.plan.live.ready.pruned import pruned
from tests.unit.plan.live.trees import OURS, Json, entry


def _cluster(**spec: object) -> Json:
    return {"apiVersion": "ray.io/v1", "kind": "RayCluster", "metadata": {"name": "a"}, "spec": spec}


def test_a_field_that_an_older_kind_does_not_know_is_named() -> None:
    sent = _cluster(rayVersion="2.60.0", tlsOptions={"enabled": True}, authOptions={"mode": "token"})
    came = _cluster(rayVersion="2.60.0", authOptions={})
    came["metadata"] = {"name": "a", "managedFields": [entry(OURS, {"f:spec": {"f:rayVersion": {}}})]}
    assert pruned(sent, came, OURS) == ("spec.tlsOptions", "spec.authOptions.mode")


def test_what_came_back_completed_is_not_pruned() -> None:
    assert pruned(_cluster(rayVersion="2.60.0"), _cluster(rayVersion="2.60.0", suspend=False), OURS) == ()
