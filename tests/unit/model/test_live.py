"""How live values are worded and counted."""

from rayfence.model.live import Drift, ObjectDrift, ObjectKey, ObjectState, Right, Writer


def test_a_writer_says_when_and_through_what_and_when_it_is_a_guess() -> None:
    assert str(Writer("kubectl-edit", "Update", "06:00:00Z")) == "kubectl-edit (Update, 06:00:00Z)"
    assert str(Writer("kubectl", "Update", "", "scale")) == "kubectl (Update on scale)"
    assert str(Writer("helm", "Apply", "", certain=False)) == "perhaps helm (Apply)"


def test_keys_are_written_as_references() -> None:
    assert str(ObjectKey("apps", "Deployment", "vision", "gateway")) == "Deployment vision/gateway"
    assert str(ObjectKey("", "Namespace", "", "vision")) == "Namespace vision"


def test_rights_are_written_for_who_must_grant_them() -> None:
    right = Right("apps", "deployments", "vision", ("create", "patch"))
    assert str(right) == "create, patch on deployments.apps in vision"
    assert str(Right("", "namespaces", "", ("get",), "vision")) == "get on namespaces vision in the whole cluster"


def test_drift_is_told_apart_by_state_and_weight() -> None:
    key = ObjectKey("", "ConfigMap", "vision", "a")
    missing = ObjectDrift(key, ObjectState.MISSING, "g", 1, security=True)
    changed = ObjectDrift(key, ObjectState.CHANGED, "g", 1)
    drift = Drift((missing, changed), 5)
    assert drift.of(ObjectState.MISSING) == (missing,) and drift.of(ObjectState.EXTRA) == ()
    assert drift.security == (missing,) and missing.reference == "ConfigMap vision/a"
