"""What others may write in our objects, and what may not be put back."""

import copy
from typing import Any

from rayfence.model.live import FieldState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.owned import entries
from rayfence.plan.live.fields.rightful import is_rightful, matters, yielded
from tests.unit.plan.live.trees import LATE, OURS, Json, entry


def _cluster(autoscaled: bool = True) -> Json:
    group = {"groupName": "small", "replicas": 1, "minReplicas": 1, "maxReplicas": 8, "template": {"spec": {}}}
    return {
        "apiVersion": "ray.io/v1",
        "kind": "RayCluster",
        "metadata": {"name": "train", "namespace": "vision"},
        "spec": {"enableInTreeAutoscaling": autoscaled, "workerGroupSpecs": [group]},
    }


def _scaled(cluster: Json, replicas: object, **strategy: Any) -> Json:
    """The same after the autoscaler wrote: it takes the whole list, which is merged as one value."""
    live = copy.deepcopy(cluster)
    live["spec"]["workerGroupSpecs"][0] |= {"replicas": replicas, "numOfHosts": 1, "scaleStrategy": strategy}
    ours = entry(OURS, {"f:spec": {"f:enableInTreeAutoscaling": {}}})
    theirs = entry("python-requests", {"f:spec": {"f:workerGroupSpecs": {}}}, LATE, "Update")
    live["metadata"]["managedFields"] = [ours, theirs]
    return live


def test_what_the_autoscaler_chose_is_no_change() -> None:
    assert changes(_cluster(), _scaled(_cluster(), 5, workersToDelete=["a"]), OURS) == ()


def test_without_an_autoscaler_the_same_is_a_change() -> None:
    found = changes(_cluster(autoscaled=False), _scaled(_cluster(autoscaled=False), 5), OURS)
    assert [(change.path, change.want, change.have) for change in found] == [
        ("spec.workerGroupSpecs[groupName=small].replicas", 1, 5)
    ]
    assert found[0].by is not None and found[0].by.manager == "python-requests"


def test_replicas_beyond_the_bounds_are_a_change() -> None:
    (found,) = changes(_cluster(), _scaled(_cluster(), 50), OURS)
    assert (found.want, found.have) == (8, 50)


def test_other_fields_of_a_group_are_not_the_autoscalers() -> None:
    live = _scaled(_cluster(), 5)
    live["spec"]["workerGroupSpecs"][0]["template"]["spec"]["serviceAccountName"] = "foreign"
    (found,) = changes(_cluster(), live, OURS)
    assert found.path == "spec.workerGroupSpecs[groupName=small].template.spec.serviceAccountName"
    assert (found.state, found.security) == (FieldState.ADDED, True)


def test_a_group_beside_ours_is_found() -> None:
    live = _scaled(_cluster(), 5)
    live["spec"]["workerGroupSpecs"].append({"groupName": "foreign"})
    (found,) = changes(_cluster(), live, OURS)
    assert (found.path, found.state) == ("spec.workerGroupSpecs[groupName=foreign]", FieldState.ADDED)


def test_an_apply_by_force_keeps_the_workers_of_running_jobs() -> None:
    sent = yielded(_cluster(), _scaled(_cluster(), 5, workersToDelete=["a"]))
    (group,) = sent["spec"]["workerGroupSpecs"]  # type: ignore[index]
    assert group["replicas"] == 5 and group["scaleStrategy"] == {"workersToDelete": ["a"]}
    assert "numOfHosts" not in group


def test_nothing_is_yielded_where_nothing_is_there_or_nobody_scales() -> None:
    desired = _cluster()
    assert yielded(desired, {"kind": "RayCluster", "spec": {}}) is desired
    other = _scaled(_cluster(), 5)
    other["spec"]["workerGroupSpecs"][0]["groupName"] = "other"
    assert yielded(desired, other) == desired
    fixed = _cluster(autoscaled=False)
    assert yielded(fixed, _scaled(fixed, 5)) is fixed
    assert yielded(desired, _scaled(_cluster(), "many")) != desired  # only the strategy is kept
    service = {"kind": "Service", "metadata": {}}
    assert yielded(service, service) is service


def test_the_templates_of_jobs_and_services_are_scaled_too() -> None:
    for kind, path in (("RayJob", "rayClusterSpec"), ("RayService", "rayClusterConfig")):
        desired: Json = {"kind": kind, "spec": {path: _cluster()["spec"]}}
        live: Json = {"kind": kind, "spec": {path: _scaled(_cluster(), 4)["spec"]}}
        sent: Any = yielded(desired, live)
        assert sent["spec"][path]["workerGroupSpecs"][0]["replicas"] == 4


def test_a_deployment_keeps_its_replicas_under_a_horizontal_autoscaler_only() -> None:
    desired: Json = {"kind": "Deployment", "spec": {"replicas": 2}}
    fields: Json = {"f:spec": {"f:replicas": {}}}
    by_hand: Json = {"kind": "Deployment", "spec": {"replicas": 5}, "metadata": {}}
    by_hand["metadata"]["managedFields"] = [entry("kubectl", fields, LATE, "Update", "scale")]
    assert yielded(desired, by_hand) is desired
    by_autoscaler = copy.deepcopy(by_hand)
    by_autoscaler["metadata"]["managedFields"][0]["manager"] = "kube-controller-manager"
    assert yielded(desired, by_autoscaler) == {"kind": "Deployment", "spec": {"replicas": 5}}


def test_what_controllers_fill_in_is_rightful() -> None:
    hook: Json = {"kind": "ValidatingWebhookConfiguration"}
    assert is_rightful(hook, ("webhooks", "clientConfig", "caBundle"), "x")
    assert is_rightful({"kind": "Service"}, ("spec", "clusterIP"), "10.0.0.1")
    assert is_rightful({"kind": "Namespace"}, ("spec",), {"finalizers": ["kubernetes"]})
    assert not is_rightful({"kind": "Namespace"}, ("spec",), {"finalizers": [], "x": 1})
    assert not is_rightful({"kind": "Service"}, ("spec", "externalIPs"), ["1.2.3.4"])
    assert not is_rightful({"kind": "RayCluster", "spec": {}}, ("spec", "workerGroupSpecs", "scaleStrategy"), {})


def _owners(manager: str, subresource: str = "") -> Any:
    listed = entry(manager, {"f:spec": {}}, LATE, "Update", subresource)
    return entries({"metadata": {"managedFields": [listed]}})


def test_of_labels_and_annotations_only_those_matter_that_guard_or_identify() -> None:
    edit = _owners("kubectl-edit")
    assert matters("Namespace", ("metadata", "labels", "pod-security.kubernetes.io/enforce-version"), edit)
    assert matters("Namespace", ("metadata", "labels", "clients.rayfence.dev/speech"), edit)
    assert not matters("Namespace", ("metadata", "labels", "kubernetes.io/metadata.name"), edit)
    assert not matters("Namespace", ("metadata", "labels", "team"), edit)
    assert matters("ServiceAccount", ("metadata", "annotations", "iam.gke.io/gcp-service-account"), edit)
    assert not matters("Deployment", ("metadata", "annotations", "deployment.kubernetes.io/revision"), edit)
    assert matters("Deployment", ("spec", "template", "spec", "hostNetwork"), edit)


def test_the_control_plane_and_status_never_matter() -> None:
    path = ("spec", "template")
    assert not matters("Deployment", path, _owners("kube-controller-manager"))
    assert not matters("Deployment", path, _owners("anybody", "status"))
    assert not matters("ServiceAccount", ("secrets",), _owners("openshift"))
