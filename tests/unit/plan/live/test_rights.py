"""Rights that are needed, and those that lack."""

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import ObjectKey, Right
from rayfence.plan.live.rights import Purpose, missing_rights, needed_rights, plural
from rayfence.render.kubernetes.render import render
from tests.unit.plan.live.trees import Json
from tests.unit.render.kubernetes.resolutions import existing

RBAC = "rbac.authorization.k8s.io"


def _manifest(value: Json) -> Manifest:
    return Manifest(value, "g", 2)


def _role(rules: list[Json], kind: str = "Role") -> Manifest:
    metadata = {"name": "reader", "namespace": "vision"} if kind == "Role" else {"name": "reader"}
    return _manifest({"apiVersion": f"{RBAC}/v1", "kind": kind, "metadata": metadata, "rules": rules})


def _binding(kind: str = "Role", name: str = "reader") -> Manifest:
    value: Json = {"apiVersion": f"{RBAC}/v1", "kind": "RoleBinding", "metadata": {"name": "b", "namespace": "vision"}}
    return _manifest({**value, "roleRef": {"kind": kind, "name": name, "apiGroup": RBAC}})


PODS: Json = {"apiGroups": [""], "resources": ["pods", "pods/log"], "verbs": ["get", "list"]}


def test_an_apply_may_have_to_create() -> None:
    (right,) = needed_rights([_manifest({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision"}})])
    assert (right.group, right.resource, right.namespace) == ("", "namespaces", "")
    assert set(right.verbs) == {"get", "list", "create", "patch"}


def test_comparing_reads_and_destroying_deletes() -> None:
    deployment: Json = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "g", "namespace": "v"}}
    (diff,) = needed_rights([_manifest(deployment)], Purpose.DIFF)
    assert diff.verbs == ("get", "list") and str(diff).endswith("on deployments.apps in v")
    (destroy,) = needed_rights([_manifest(deployment)], Purpose.DESTROY)
    assert "delete" in destroy.verbs and "create" not in destroy.verbs
    waits = {(right.resource, right.verbs) for right in needed_rights([_manifest(deployment)])}
    assert {("events", ("list",)), ("pods", ("list",))} <= waits


def test_pruning_needs_to_delete_what_left() -> None:
    (right,) = needed_rights([], removed=[ObjectKey("ray.io", "RayJob", "vision", "old")])
    assert (right.resource, right.namespace, right.verbs) == ("rayjobs", "vision", ("get", "delete"))


def test_who_writes_a_role_escalates_or_holds_what_it_gives() -> None:
    escalate = next(right for right in needed_rights([_role([PODS])]) if right.verbs == ("escalate",))
    assert (escalate.group, escalate.resource, escalate.name, escalate.namespace) == (RBAC, "roles", "reader", "vision")
    assert [str(right) for right in escalate.instead] == [
        "get, list on pods in vision",
        "get, list on pods/log in vision",
    ]


def test_who_binds_a_role_may_bind_or_holds_what_it_gives() -> None:
    bind = next(right for right in needed_rights([_role([PODS]), _binding()]) if right.verbs == ("bind",))
    assert (bind.resource, bind.name, len(bind.instead)) == ("roles", "reader", 2)
    cluster = next(
        r for r in needed_rights([_role([PODS], "ClusterRole"), _binding("ClusterRole")]) if "bind" in r.verbs
    )
    assert cluster.resource == "clusterroles" and {right.namespace for right in cluster.instead} == {"vision"}


def test_a_role_of_others_can_only_be_bound_by_who_may_bind() -> None:
    bind = next(right for right in needed_rights([_binding("ClusterRole", "view")]) if right.verbs == ("bind",))
    assert bind.name == "view" and bind.instead == ()


def test_a_role_that_gives_nothing_needs_nothing() -> None:
    assert not any({"bind", "escalate"} & set(right.verbs) for right in needed_rights([_role([]), _binding()]))


def test_a_rule_on_paths_can_not_be_held_by_rights_on_resources() -> None:
    paths: Json = {"nonResourceURLs": ["/metrics"], "verbs": ["get"]}
    escalate = next(right for right in needed_rights([_role([paths], "ClusterRole")]) if "escalate" in right.verbs)
    assert escalate.instead == ()


def test_names_in_a_rule_are_kept() -> None:
    rule: Json = {"apiGroups": ["ray.io"], "resources": ["rayclusters"], "verbs": ["patch"], "resourceNames": ["train"]}
    escalate = next(right for right in needed_rights([_role([rule])]) if "escalate" in right.verbs)
    assert [str(right) for right in escalate.instead] == ["patch on rayclusters.ray.io train in vision"]


def test_an_administrator_lacks_nothing_and_is_asked_little() -> None:
    asked: list[Right] = []

    def allowed(right: Right) -> bool:
        asked.append(right)
        return True

    rights = needed_rights(render(existing()))
    assert missing_rights(rights, allowed) == () and len(asked) == len(set(asked))
    assert all(not right.namespace and len(right.verbs) == 1 for right in asked)


def test_each_missing_verb_is_named_where_it_lacks() -> None:
    rights = needed_rights(
        [_manifest({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s", "namespace": "v"}})]
    )
    (left,) = missing_rights(rights, lambda right: right.verbs[0] != "patch")
    assert str(left) == "patch on services in v"


def test_holding_what_a_role_gives_does_instead() -> None:
    rights = [right for right in needed_rights([_role([PODS])]) if "escalate" in right.verbs]
    assert missing_rights(rights, lambda right: right.resource in {"pods", "pods/log"}) == ()
    (left,) = missing_rights(rights, lambda right: right.resource == "pods")
    assert left.verbs == ("escalate",)


@pytest.mark.parametrize(
    ("kind", "resource"),
    [
        ("NetworkPolicy", "networkpolicies"),
        ("Ingress", "ingresses"),
        ("StorageClass", "storageclasses"),
        ("Gateway", "gateways"),
        ("RayCluster", "rayclusters"),
        ("GCPBackendPolicy", "gcpbackendpolicies"),
        ("LocalQueue", "localqueues"),
    ],
)
def test_plurals(kind: str, resource: str) -> None:
    assert plural(kind) == resource
