"""Every change of a field of ours is found, with its path, state and author, and nothing else is."""

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.model.live import FieldChange, FieldState
from rayfence.plan.live.fields.changes import changes
from tests.unit.plan.live import trees
from tests.unit.plan.live.trees import EARLY, LATE, OURS, Fields, Json, entry


def _pointed(value: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        name = part.replace("~1", "/").replace("~0", "~")
        value = value[int(name)] if isinstance(value, list) else value[name]
    return value


def _give(observed: Json, marks: list[str], manager: str, *, leave: bool = False) -> None:
    """Take the place from our entry and give it to another manager, as an update of its value does."""
    ours = observed["metadata"]["managedFields"][0]["fieldsV1"]
    theirs: Json = {}
    below = theirs
    for mark in marks[:-1]:
        ours = ours[mark]
        below = below.setdefault(mark, {})
    below[marks[-1]] = ours[marks[-1]]
    if not leave:
        del ours[marks[-1]]
    observed["metadata"]["managedFields"].append(entry(manager, theirs, LATE, "Update"))


@settings(max_examples=40)
@given(trees.TREES)
def test_what_was_applied_has_no_change(tree: Fields) -> None:
    assert changes(trees.wished(tree), trees.applied(tree), OURS) == ()


@settings(max_examples=40)
@given(trees.TREES, st.data())
def test_another_value_is_found_where_it_is_and_nothing_else(tree: Fields, data: st.DataObject) -> None:
    observed = trees.applied(tree)
    spots = [spot for spot in trees.spots(tree, observed) if not isinstance(spot.within[spot.key], dict | list)]
    if not spots:
        return
    spot = data.draw(st.sampled_from(spots))
    before = spot.within[spot.key]
    spot.within[spot.key] = data.draw(
        trees.SCALARS.filter(lambda value: value != before or type(value) is not type(before))
    )
    _give(observed, spot.marks, "kubectl-edit")
    (found,) = changes(trees.wished(tree), observed, OURS)
    assert (found.path, found.state, found.want) == (spot.path, FieldState.CHANGED, before)
    assert found.have == spot.within[spot.key] == _pointed(observed, found.pointer)
    assert found.by is not None and (found.by.manager, found.by.time, found.by.certain) == ("kubectl-edit", LATE, True)


@settings(max_examples=40)
@given(trees.TREES, st.data())
def test_a_field_that_vanished_is_found_and_nothing_else(tree: Fields, data: st.DataObject) -> None:
    observed = trees.applied(tree)
    spot = data.draw(st.sampled_from([spot for spot in trees.spots(tree, observed) if not spot.whole]))
    want, path = spot.within[spot.key], spot.path
    del spot.within[spot.key]
    if spot.within == []:  # nothing tells any more that its items had names
        want, path = [want], path.rpartition("[")[0]
    ours = observed["metadata"]["managedFields"][0]["fieldsV1"]
    for mark in spot.marks[:-1]:
        ours = ours[mark]
    del ours[spot.marks[-1]]
    (found,) = changes(trees.wished(tree), observed, OURS)
    state = FieldState.CHANGED if spot.within == [] else FieldState.MISSING
    assert (found.path, found.state, found.want) == (path, state, want)
    if found.state is FieldState.MISSING:
        assert _pointed(observed, found.pointer.rpartition("/")[0]) is spot.within


@settings(max_examples=40)
@given(trees.TREES, st.data())
def test_what_is_put_inside_a_value_of_ours_is_found(tree: Fields, data: st.DataObject) -> None:
    observed = trees.applied(tree)
    maps = [spot for spot in trees.spots(tree, observed) if spot.whole and isinstance(spot.within, dict)]
    if not maps:
        return
    spot = data.draw(st.sampled_from(maps))
    spot.within["fieldZ"] = "foreign"
    _give(observed, spot.marks, "kubectl-edit")
    (found,) = changes(trees.wished(tree), observed, OURS)
    assert (found.state, found.have) == (FieldState.ADDED, "foreign")
    assert found.path == f"{spot.path.rpartition('.')[0]}.fieldZ"


@settings(max_examples=40)
@given(trees.TREES, st.data())
def test_what_is_put_beside_ours_is_found_with_its_owner_and_no_owner_is_a_default(
    tree: Fields, data: st.DataObject
) -> None:
    observed = trees.applied(tree)
    spots = [spot for spot in trees.spots(tree, observed) if not spot.whole and isinstance(spot.within, dict)]
    spot = data.draw(st.sampled_from(spots))
    spot.within["fieldZ"] = "foreign"
    assert changes(trees.wished(tree), observed, OURS) == ()
    fields: Json = {"f:fieldZ": {}}
    for mark in reversed(spot.marks[:-1]):
        fields = {mark: fields}
    observed["metadata"]["managedFields"].append(entry("helm", fields, LATE, "Update"))
    (found,) = changes(trees.wished(tree), observed, OURS)
    assert (found.state, found.have, found.by and found.by.manager) == (FieldState.FOREIGN, "foreign", "helm")


@settings(max_examples=40)
@given(trees.TREES, st.data())
def test_what_an_earlier_apply_of_ours_left_is_found(tree: Fields, data: st.DataObject) -> None:
    spot = data.draw(st.sampled_from([s for s in trees.spots(tree, trees.applied(tree)) if not s.whole]))
    observed = trees.applied(tree)
    desired = trees.wished(tree)
    smaller: Any = desired
    for part in spot.marks[:-1]:
        kind, _, name = part.partition(":")
        smaller = smaller[name] if kind == "f" else next(i for i in smaller if f'"{i["name"]}"' in name)
    del smaller[spot.key]
    (found,) = changes(desired, observed, OURS)
    assert (found.path, found.state, found.want) == (spot.path, FieldState.LEFT, None)
    assert found.by is not None and found.by.manager == OURS


@settings(max_examples=40)
@given(trees.TREES)
def test_without_any_manager_a_change_is_still_found(tree: Fields) -> None:
    observed = trees.applied(tree)
    observed["metadata"]["managedFields"] = []
    assert changes(trees.wished(tree), observed, OURS) == ()
    observed["metadata"]["labels"] = {}
    (found,) = changes(trees.wished(tree), observed, OURS)
    assert found.path == 'metadata.labels["app.kubernetes.io/managed-by"]' and found.by is None


def _deployment() -> Json:
    container: Json = {
        "name": "gateway",
        "image": "registry.example/gateway@sha256:1",
        "resources": {"limits": {"cpu": "1000m", "memory": "1Gi"}},
        "env": [{"name": "MODE", "value": "on"}],
        "ports": [{"name": "tls", "containerPort": 8443, "protocol": "TCP"}],
    }
    pod: Json = {"serviceAccountName": "gateway", "hostNetwork": False, "containers": [container]}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "gateway", "namespace": "vision-gateway", "labels": {}, "annotations": {"a/b": "1"}},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "gateway"}},
            "template": {"metadata": {"labels": {"app": "gateway"}}, "spec": pod},
        },
    }


def _live_deployment() -> Json:
    """The same as Kubernetes keeps it: quantities rewritten, defaults filled in, false left out."""
    live = copy.deepcopy(_deployment())
    pod = live["spec"]["template"]["spec"]
    del pod["hostNetwork"]
    pod |= {"dnsPolicy": "ClusterFirst", "restartPolicy": "Always", "securityContext": {}}
    pod["containers"][0]["resources"]["limits"] = {"cpu": "1", "memory": "1073741824"}
    pod["containers"][0] |= {"terminationMessagePath": "/dev/termination-log", "imagePullPolicy": "IfNotPresent"}
    live["spec"] |= {"revisionHistoryLimit": 10, "progressDeadlineSeconds": 600}
    ours = {
        "f:metadata": {"f:annotations": {"f:a/b": {}}},
        "f:spec": {
            "f:replicas": {},
            "f:selector": {},
            "f:template": {
                "f:metadata": {"f:labels": {"f:app": {}}},
                "f:spec": {
                    "f:serviceAccountName": {},
                    "f:containers": {
                        'k:{"name":"gateway"}': {
                            ".": {},
                            "f:name": {},
                            "f:image": {},
                            "f:resources": {"f:limits": {"f:cpu": {}, "f:memory": {}}},
                            "f:env": {'k:{"name":"MODE"}': {".": {}, "f:name": {}, "f:value": {}}},
                            "f:ports": {
                                'k:{"containerPort":8443,"protocol":"TCP"}': {
                                    ".": {},
                                    "f:containerPort": {},
                                    "f:name": {},
                                    "f:protocol": {},
                                }
                            },
                        }
                    },
                },
            },
        },
    }
    status = entry("kube-controller-manager", {"f:status": {"f:replicas": {}}}, LATE, "Update", "status")
    live["metadata"] |= {"generation": 1, "managedFields": [entry(OURS, ours), status]}
    return live


def _only(observed: Json, desired: Json | None = None) -> FieldChange:
    (found,) = changes(desired or _deployment(), observed, OURS)
    return found


def test_what_the_server_completes_or_rewrites_is_no_change() -> None:
    assert changes(_deployment(), _live_deployment(), OURS) == ()


def test_a_false_that_is_kept_apart_from_nothing_is_missed() -> None:
    desired, live = _deployment(), _live_deployment()
    desired["spec"]["template"]["spec"]["automountServiceAccountToken"] = False
    found = _only(live, desired)
    assert (found.path, found.state) == ("spec.template.spec.automountServiceAccountToken", FieldState.MISSING)
    assert found.security


def test_scaling_by_hand_is_found_though_it_comes_through_a_subresource() -> None:
    live = _live_deployment()
    live["spec"]["replicas"] = 5
    del live["metadata"]["managedFields"][0]["fieldsV1"]["f:spec"]["f:replicas"]
    scaled = entry("kubectl", {"f:spec": {"f:replicas": {}}}, LATE, "Update", "scale")
    live["metadata"]["managedFields"].append(scaled)
    found = _only(live)
    assert (found.path, found.want, found.have) == ("spec.replicas", 2, 5)
    assert str(found.by) == f"kubectl (Update on scale, {LATE})"


def test_the_horizontal_autoscaler_may_scale() -> None:
    live = _live_deployment()
    live["spec"]["replicas"] = 5
    scaled = entry("kube-controller-manager", {"f:spec": {"f:replicas": {}}}, LATE, "Update", "scale")
    live["metadata"]["managedFields"].append(scaled)
    assert changes(_deployment(), live, OURS) == ()


def test_a_variable_beside_ours_is_found_and_named() -> None:
    live = _live_deployment()
    container = live["spec"]["template"]["spec"]["containers"][0]
    container["env"].append({"name": "RAY_AUTH_MODE", "value": "disabled"})
    added: Json = {".": {}, "f:name": {}, "f:value": {}}
    theirs: Json = {'k:{"name":"gateway"}': {"f:env": {'k:{"name":"RAY_AUTH_MODE"}': added}}}
    fields = {"f:spec": {"f:template": {"f:spec": {"f:containers": theirs}}}}
    live["metadata"]["managedFields"].append(entry("kubectl-set", fields, LATE, "Update"))
    found = _only(live)
    assert found.path == "spec.template.spec.containers[name=gateway].env[name=RAY_AUTH_MODE]"
    assert (found.state, found.security, found.by and found.by.manager) == (FieldState.FOREIGN, True, "kubectl-set")


def test_a_selector_is_one_value() -> None:
    live = _live_deployment()
    live["spec"]["selector"]["matchLabels"]["more"] = "x"
    found = _only(live)
    assert (found.path, found.state) == ("spec.selector.matchLabels.more", FieldState.ADDED)


def test_containers_in_another_order_are_another_pod() -> None:
    desired, live = _deployment(), _live_deployment()
    second = {"name": "second", "image": "x"}
    desired["spec"]["template"]["spec"]["containers"].append(second)
    live["spec"]["template"]["spec"]["containers"].insert(0, copy.deepcopy(second))
    found = _only(live, desired)
    assert (found.path, found.state, found.want, found.have) == (
        "spec.template.spec.containers",
        FieldState.REORDERED,
        ["gateway", "second"],
        ["second", "gateway"],
    )


def test_the_remover_of_a_field_is_who_wrote_after_us_and_is_not_certain() -> None:
    live = _live_deployment()
    del live["metadata"]["annotations"]["a/b"]
    live["metadata"]["managedFields"].append(entry("kubectl-edit", {"f:spec": {"f:paused": {}}}, LATE, "Update"))
    live["spec"]["paused"] = False
    first, second = changes(_deployment(), live, OURS)
    assert (first.path, first.state) == ('metadata.annotations["a/b"]', FieldState.MISSING)
    assert first.by is not None and not first.by.certain and str(first.by).startswith("perhaps kubectl-edit")
    assert (second.path, second.state) == ("spec.paused", FieldState.FOREIGN)


def test_an_update_under_our_name_is_not_ours() -> None:
    live = _live_deployment()
    live["spec"]["replicas"] = 0
    live["metadata"]["managedFields"].append(entry(OURS, {"f:spec": {"f:replicas": {}}}, LATE, "Update"))
    found = _only(live)
    assert found.by is not None and (found.by.operation, found.by.time) == ("Update", LATE)


@pytest.mark.parametrize(
    ("other", "state"), [(["x"], FieldState.CHANGED), ("x", FieldState.CHANGED), (None, FieldState.MISSING)]
)
def test_a_value_of_another_kind_is_a_change(other: object, state: FieldState) -> None:
    live = _live_deployment()
    live["spec"]["template"] = other
    found = _only(live)
    assert (found.path, found.state) == ("spec.template", state)


def _secret(time: str = EARLY) -> Json:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys", "namespace": "vision"}, "time": time}


def test_no_byte_of_a_secret_is_compared_as_a_field() -> None:
    desired, live = _secret(), _secret()
    desired["data"], live["data"] = {"a": "c2VjcmV0"}, {"a": "b3RoZXI="}
    assert "c2VjcmV0" not in repr(changes(desired, live, OURS)) and "b3RoZXI" not in repr(changes(desired, live, OURS))
