from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.actors import load_actors
from rayfence.model.kubernetes import Manifest
from rayfence.model.proofs import ActorGrant, RbacRule
from rayfence.model.tenancy import Job
from rayfence.policy.proofs.grants.rbac import KUBERAY_AUTOSCALER, actor_of, rbac_grants
from tests.unit.policy.proofs.made import GKE, pods, resolution, tenant


def role(name: str, namespace: str, rules: list[dict[str, object]], kind: str = "Role") -> Manifest:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    return Manifest({"apiVersion": "rbac", "kind": kind, "metadata": metadata, "rules": rules}, "g", 2)


def binding(
    name: str, namespace: str, role_kind: str, subjects: list[dict[str, str]], kind: str = "RoleBinding"
) -> Manifest:
    metadata = {"name": name, "namespace": namespace} if namespace else {"name": name}
    reference = {"kind": role_kind, "name": name}
    return Manifest(
        {"apiVersion": "rbac", "kind": kind, "metadata": metadata, "roleRef": reference, "subjects": subjects}, "g", 2
    )


def account(name: str, namespace: str) -> dict[str, str]:
    return {"kind": "ServiceAccount", "name": name, "namespace": namespace}


def group(name: str) -> dict[str, str]:
    return {"kind": "Group", "name": name}


def granted(*manifests: Manifest) -> list[ActorGrant]:
    return list(rbac_grants(resolution(), manifests, load_actors()))


READ: list[dict[str, object]] = [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]


def test_a_binding_carries_the_exact_rules_of_its_role() -> None:
    found = granted(role("viewer", "vision", READ), binding("viewer", "vision", "Role", [group("vision@acme.com")]))
    assert [(item.actor, item.role, item.on, item.members) for item in found] == [
        ("developer", "Role viewer", "vision", ("group:vision@acme.com",))
    ]
    assert found[0].rules == (RbacRule(("",), ("pods",), ("get", "list")),)
    assert found[0].meaning == "get, list of pods" and found[0].why and found[0].bound


def test_a_role_of_another_namespace_is_not_taken() -> None:
    found = granted(role("viewer", "other", READ), binding("viewer", "vision", "Role", [group("vision@acme.com")]))
    assert found[0].rules == () and found[0].meaning == "not rendered"


def test_subjects_are_put_down_to_actors() -> None:
    made = resolution()
    assert actor_of("ServiceAccount", "ray-head", "vision", "vision", made) == "ray-head"
    assert actor_of("ServiceAccount", "ray-autoscaler", "vision", "vision", made) == "autoscaler"
    assert actor_of("ServiceAccount", "gateway", "vision-gateway", "vision-gateway", made) == "gateway"
    assert actor_of("ServiceAccount", "kuberay-operator", "ray-system", "vision", made) == "operator"
    assert actor_of("ServiceAccount", "kuberay-operator", "ray-system", "*", made) == "unexplained"
    assert actor_of("ServiceAccount", "x", "kube-system", "vision", made) == "unexplained"
    assert actor_of("Group", "vision@acme.com", "", "speech", made) == "unexplained"
    assert actor_of("User", "eve@acme.com", "", "vision", made) == "unexplained"


def test_cluster_bindings_hold_everywhere() -> None:
    rules = role("all", "", READ, "ClusterRole")
    found = granted(rules, binding("all", "", "ClusterRole", [group("system:masters")], "ClusterRoleBinding"))
    assert (found[0].actor, found[0].on, found[0].rules != ()) == ("unexplained", "*", True)


def test_what_kuberay_binds_by_itself_is_listed() -> None:
    busy = replace(tenant(), jobs=(Job("j", pods(), "python x.py"),))
    found = list(rbac_grants(resolution(GKE, busy), (), load_actors()))
    assert [(item.actor, item.bound, item.rules) for item in found] == [("autoscaler", False, KUBERAY_AUTOSCALER)]
    assert not list(rbac_grants(resolution(GKE, replace(busy, queue="q")), (), load_actors()))


def test_nonsense_is_no_traceback() -> None:
    odd = Manifest({"kind": "RoleBinding", "metadata": {"name": "x"}, "roleRef": 3, "subjects": ["y", {}]}, "g", 2)
    assert [item.actor for item in granted(odd)] == ["unexplained"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=12,
)


@given(JSON, JSON, JSON, JSON)
def test_any_json_in_a_binding_or_role_gives_grants_or_none(
    one: object, two: object, three: object, four: object
) -> None:
    made = (
        Manifest({"kind": "Role", "metadata": one, "rules": two}, "g", 2),
        Manifest({"kind": "RoleBinding", "metadata": one, "roleRef": three, "subjects": four}, "g", 2),
        Manifest({"kind": "ClusterRoleBinding", "metadata": one, "roleRef": three, "subjects": [four]}, "g", 2),
    )
    assert all(item.actor for item in granted(*made))
