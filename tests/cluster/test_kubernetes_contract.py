"""One contract for both implementations of `ports.kubernetes`: the simulator always, a real API server on demand.

What a test here shows of the simulator, the real server shows too; so what is tested on the simulator holds.
"""

import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from rayfence.adapters.kubernetes import connect
from rayfence.api.clock import SystemClock
from rayfence.errors import AlreadyThere, ChangedMeanwhile, FieldConflict, KindMissing, Refused
from rayfence.model.api_objects import Json, Kind, at, name_of, objects_at, text_at
from rayfence.ports.kubernetes import KubernetesApi
from tests.cluster.harness.cluster import Cluster
from tests.sim.kubernetes.cluster import SimCluster
from tests.sim.kubernetes.kinds import KINDS

CONFIG_MAP = KINDS["v1", "ConfigMap"]
DEPLOYMENT = KINDS["apps/v1", "Deployment"]
NAMESPACE = KINDS["v1", "Namespace"]
LEASE = KINDS["coordination.k8s.io/v1", "Lease"]


@pytest.fixture(params=["simulator", pytest.param("server", marks=pytest.mark.cluster)])
def api(request: pytest.FixtureRequest) -> Iterator[KubernetesApi]:
    """The implementation under test."""
    if request.param == "simulator":
        yield SimCluster(validate=True)
        return
    cluster: Cluster = request.getfixturevalue("cluster")
    server = connect(None, SystemClock(), {"KUBECONFIG": str(cluster.kubeconfig)})
    yield server
    server.close()


@pytest.fixture
def home(api: KubernetesApi) -> Iterator[str]:
    """A namespace of the test's own."""
    name = f"contract-{secrets.token_hex(4)}"
    made = api.apply(NAMESPACE, _object(NAMESPACE, name), manager="contract")
    yield name
    api.delete(NAMESPACE, name, uid=text_at(made, "metadata", "uid"))


def _object(kind: Kind, name: str, namespace: str = "", **fields: Any) -> dict[str, Any]:
    metadata = {"name": name, **({"namespace": namespace} if namespace else {}), **fields.pop("metadata", {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, **fields}


def _deployment(namespace: str, replicas: int | None = 0, **container: Any) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "selector": {"matchLabels": {"app": "a"}},
        "template": {
            "metadata": {"labels": {"app": "a"}},
            "spec": {"containers": [{"name": "one", "image": "localhost/none:1", **container}]},
        },
    }
    if replicas is not None:
        spec["replicas"] = replicas
    return _object(DEPLOYMENT, "d", namespace, spec=spec)


def _managers(value: Json) -> set[tuple[str, str]]:
    return {(text_at(e, "manager"), text_at(e, "operation")) for e in objects_at(value, "metadata", "managedFields")}


def test_the_server_says_who_it_is_and_whom_it_sees(api: KubernetesApi) -> None:
    assert api.version().startswith("v1.") and api.whoami()


def test_kinds_tell_their_plural_and_scope(api: KubernetesApi) -> None:
    kinds = api.kinds()
    assert (kinds["apps/v1", "Deployment"].plural, kinds["apps/v1", "Deployment"].namespaced) == ("deployments", True)
    assert not kinds["v1", "Namespace"].namespaced and {"list", "delete"} <= set(kinds["v1", "Namespace"].verbs)
    assert not any("/" in kind.plural for kind in kinds.values())


def test_what_is_applied_is_stored_with_its_manager(api: KubernetesApi, home: str) -> None:
    made = api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home, data={"k": "v"}), manager="contract")
    found = api.get(CONFIG_MAP, "a", home)
    assert found is not None and at(found, "data") == {"k": "v"} and _managers(found) == {("contract", "Apply")}
    assert text_at(found, "metadata", "uid") == text_at(made, "metadata", "uid") != ""


def test_what_is_not_there_is_none(api: KubernetesApi, home: str) -> None:
    assert api.get(CONFIG_MAP, "absent", home) is None
    assert api.get(CONFIG_MAP, "absent", "no-such-namespace") is None
    assert api.get(Kind("nobody.example/v1", "Nothing", "nothings", True), "x", home) is None
    assert api.list(Kind("nobody.example/v1", "Nothing", "nothings", True)) == ()


def test_the_same_apply_again_changes_nothing(api: KubernetesApi, home: str) -> None:
    value = _deployment(home, env=[{"name": "A", "value": "1"}])
    first = api.apply(DEPLOYMENT, value, manager="contract")
    again = api.apply(DEPLOYMENT, value, manager="contract")
    # Not the version: a controller may have written the status in between.
    mine = [
        [entry for entry in objects_at(made, "metadata", "managedFields") if text_at(entry, "manager") == "contract"]
        for made in (first, again)
    ]
    assert mine[0] == mine[1] and at(first, "metadata", "generation") == at(again, "metadata", "generation")


def test_a_field_that_is_no_longer_applied_goes(api: KubernetesApi, home: str) -> None:
    api.apply(DEPLOYMENT, _deployment(home, env=[{"name": "A", "value": "1"}, {"name": "B"}]), manager="contract")
    made = api.apply(DEPLOYMENT, _deployment(home, env=[{"name": "B"}]), manager="contract")
    containers = objects_at(made, "spec", "template", "spec", "containers")
    assert [name["name"] for name in objects_at(containers[0], "env")] == ["B"]


def test_a_field_of_another_is_a_conflict_that_names_both(api: KubernetesApi, home: str) -> None:
    api.apply(DEPLOYMENT, _deployment(home, 0), manager="other")
    with pytest.raises(FieldConflict) as caught:
        api.apply(DEPLOYMENT, _deployment(home, 1), manager="contract")
    assert caught.value.owners == (("other", ".spec.replicas"),)
    found = api.get(DEPLOYMENT, "d", home)
    assert at(found, "spec", "replicas") == 0


def test_a_field_in_a_list_with_keys_is_named_by_its_key(api: KubernetesApi, home: str) -> None:
    api.apply(DEPLOYMENT, _deployment(home), manager="other")
    changed = _deployment(home)
    changed["spec"]["template"]["spec"]["containers"][0]["image"] = "localhost/none:2"
    with pytest.raises(FieldConflict) as caught:
        api.apply(DEPLOYMENT, changed, manager="contract")
    assert caught.value.owners == (("other", '.spec.template.spec.containers[name="one"].image'),)


def test_force_takes_the_field_over(api: KubernetesApi, home: str) -> None:
    api.apply(DEPLOYMENT, _deployment(home, 0), manager="other")
    made = api.apply(DEPLOYMENT, _deployment(home, 1), manager="contract", force=True)
    assert at(made, "spec", "replicas") == 1
    with pytest.raises(FieldConflict):
        api.apply(DEPLOYMENT, _deployment(home, 2), manager="other")


def test_equal_values_of_two_managers_are_no_conflict_and_stay_while_one_wants_them(
    api: KubernetesApi, home: str
) -> None:
    api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home, data={"k": "v", "l": "w"}), manager="other")
    api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home, data={"k": "v"}), manager="contract")
    made = api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home), manager="other")
    assert at(made, "data") == {"k": "v"}


def test_a_dry_run_answers_and_stores_nothing(api: KubernetesApi, home: str) -> None:
    value = _object(CONFIG_MAP, "a", home, data={"k": "v"})
    assert at(api.apply(CONFIG_MAP, value, manager="contract", dry_run=True), "data") == {"k": "v"}
    assert api.get(CONFIG_MAP, "a", home) is None


def test_an_unknown_field_is_refused(api: KubernetesApi, home: str) -> None:
    value = _deployment(home)
    value["spec"]["nonsense"] = 1
    with pytest.raises(Refused, match="nonsense"):
        api.apply(DEPLOYMENT, value, manager="contract")


def test_an_object_of_no_namespace_that_is_there_is_refused(api: KubernetesApi) -> None:
    with pytest.raises(Refused, match='namespaces "no-such-namespace" not found'):
        api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", "no-such-namespace"), manager="contract")


def test_an_unknown_kind_is_missing(api: KubernetesApi, home: str) -> None:
    kind = Kind("nobody.example/v1", "Nothing", "nothings", True)
    with pytest.raises(KindMissing):
        api.apply(kind, _object(kind, "a", home), manager="contract")


def test_labels_select(api: KubernetesApi, home: str) -> None:
    for name in ("a", "b"):
        labels = {"which": name, "home": home}
        value = _object(CONFIG_MAP, name, home, metadata={"labels": labels})
        api.apply(CONFIG_MAP, value, manager="contract")
    found = api.list(CONFIG_MAP, labels={"home": home, "which": "b"})
    assert [(name_of(item), item["kind"], item["apiVersion"]) for item in found] == [("b", "ConfigMap", "v1")]
    assert {name_of(item) for item in api.list(CONFIG_MAP, labels={"home": home})} == {"a", "b"}


def test_create_makes_once(api: KubernetesApi, home: str) -> None:
    value = _object(LEASE, "l", home, spec={"holderIdentity": "me"})
    made = api.create(LEASE, value, manager="contract")
    assert _managers(made) == {("contract", "Update")}
    with pytest.raises(AlreadyThere):
        api.create(LEASE, value, manager="contract")


def test_replace_demands_the_version_that_was_seen(api: KubernetesApi, home: str) -> None:
    seen = api.create(LEASE, _object(LEASE, "l", home, spec={"holderIdentity": "me"}), manager="contract")
    first = api.replace(LEASE, {**seen, "spec": {"holderIdentity": "you"}}, manager="contract")
    assert text_at(first, "spec", "holderIdentity") == "you"
    with pytest.raises(ChangedMeanwhile):
        api.replace(LEASE, {**seen, "spec": {"holderIdentity": "they"}}, manager="contract")


def _operations(*parts: tuple[str, str, Any]) -> list[dict[str, Any]]:
    return [{"op": op, "path": path, "value": value} for op, path, value in parts]


def test_a_patch_changes_what_it_names_under_its_own_name(api: KubernetesApi, home: str) -> None:
    value = _object(CONFIG_MAP, "a", home, data={"k": "v", "l": "w", "m": "y"})
    made = api.apply(CONFIG_MAP, value, manager="contract")
    version = text_at(made, "metadata", "resourceVersion")
    operations = _operations(("test", "/metadata/resourceVersion", version), ("replace", "/data/k", "x"))
    tried = api.patch(CONFIG_MAP, value, operations, manager="hand", dry_run=True)
    assert at(tried, "data", "k") == "x" and at(api.get(CONFIG_MAP, "a", home), "data", "k") == "v"
    done = api.patch(CONFIG_MAP, value, [*operations, {"op": "remove", "path": "/data/l"}], manager="hand")
    assert at(done, "data") == {"k": "x", "m": "y"}
    assert _managers(done) == {("contract", "Apply"), ("hand", "Update")}
    # What the hand took belongs to it from now on; what it removed belongs to nobody.
    with pytest.raises(FieldConflict) as caught:
        api.apply(CONFIG_MAP, value, manager="contract")
    assert caught.value.owners == (("hand", ".data.k"),)


def test_a_patch_of_what_has_changed_is_told_apart(api: KubernetesApi, home: str) -> None:
    value = _object(CONFIG_MAP, "a", home, data={"k": "v"})
    api.apply(CONFIG_MAP, value, manager="contract")
    with pytest.raises(ChangedMeanwhile):
        api.patch(
            CONFIG_MAP, value, _operations(("test", "/data/k", "other"), ("replace", "/data/k", "x")), manager="h"
        )
    assert at(api.get(CONFIG_MAP, "a", home), "data") == {"k": "v"}


def test_a_patch_of_what_is_not_there_is_refused(api: KubernetesApi, home: str) -> None:
    value = _object(CONFIG_MAP, "absent", home)
    with pytest.raises(Refused) as caught:
        api.patch(CONFIG_MAP, value, _operations(("add", "/data", {"k": "v"})), manager="hand")
    assert caught.value.reason == "NotFound"


def test_delete_takes_the_very_object_and_may_be_repeated(api: KubernetesApi, home: str) -> None:
    made = api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home), manager="contract")
    uid = text_at(made, "metadata", "uid")
    with pytest.raises(ChangedMeanwhile):
        api.delete(CONFIG_MAP, "a", home, uid="00000000-0000-0000-0000-0000000000ff")
    with pytest.raises(ChangedMeanwhile):
        api.delete(CONFIG_MAP, "a", home, uid=uid, version="1")
    api.delete(CONFIG_MAP, "a", home, uid=uid, dry_run=True)
    assert api.get(CONFIG_MAP, "a", home) is not None
    api.delete(CONFIG_MAP, "a", home, uid=uid)
    assert api.get(CONFIG_MAP, "a", home) is None
    api.delete(CONFIG_MAP, "a", home, uid=uid)


def test_a_finalizer_holds_an_object_that_is_deleted(api: KubernetesApi, home: str) -> None:
    value = _object(CONFIG_MAP, "a", home, metadata={"finalizers": ["example.com/wait"]})
    made = api.apply(CONFIG_MAP, value, manager="contract")
    api.delete(CONFIG_MAP, "a", home, uid=text_at(made, "metadata", "uid"))
    found = api.get(CONFIG_MAP, "a", home)
    assert found is not None and text_at(found, "metadata", "deletionTimestamp")
    api.apply(CONFIG_MAP, _object(CONFIG_MAP, "a", home), manager="contract")
    assert api.get(CONFIG_MAP, "a", home) is None


def test_nothing_new_comes_into_a_namespace_that_ends(api: KubernetesApi, home: str) -> None:
    held = _object(CONFIG_MAP, "held", home, metadata={"finalizers": ["example.com/wait"]})
    api.apply(CONFIG_MAP, held, manager="contract")
    space = api.get(NAMESPACE, home)
    api.delete(NAMESPACE, home, uid=text_at(space, "metadata", "uid"))
    assert text_at(api.get(NAMESPACE, home), "status", "phase") == "Terminating"
    with pytest.raises(Refused) as caught:
        api.apply(CONFIG_MAP, _object(CONFIG_MAP, "late", home), manager="contract")
    assert caught.value.reason == "NamespaceTerminating"
    api.apply(CONFIG_MAP, _object(CONFIG_MAP, "held", home), manager="contract")


def test_rights_are_told(api: KubernetesApi, home: str) -> None:
    assert api.allowed("create", "apps", "deployments", home) and api.allowed("get", "", "pods/log", home)


def test_events_are_listed(api: KubernetesApi, home: str) -> None:
    kind = KINDS["v1", "Event"]
    fields = {"involvedObject": {"kind": "Pod", "namespace": home, "name": "p"}, "reason": "Because", "type": "Warning"}
    api.create(kind, _object(kind, "p.1", home, message="told", **fields), manager="contract")
    assert [text_at(event, "reason") for event in api.events(home)] == ["Because"]
