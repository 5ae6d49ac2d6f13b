"""Twin of rayfence.render.kubernetes.operator.rights: per namespace, and enough to give what it must give."""

from rayfence.render.kubernetes.operator.rights import operator_rights, tenant_rules
from rayfence.render.kubernetes.tenant.accounts import autoscaler_rights
from tests.unit.render.kubernetes.resolutions import VISION, at, existing

GATES = ("RayClusterMTLS", "RayClusterNetworkPolicy")


def _allows(group: str, resource: str, verb: str, **settings: object) -> bool:
    return any(
        group in rule["apiGroups"] and resource in rule["resources"] and verb in rule["verbs"]  # type: ignore[operator]
        for rule in tenant_rules(existing(**settings).kubernetes)  # type: ignore[arg-type]
    )


def test_nothing_is_cluster_wide() -> None:
    values = operator_rights(existing())
    assert not [value for value in values if "Cluster" in str(value["kind"])]
    assert {at(value, "metadata", "namespace") for value in values} == {"ray-system", "vision", "speech"}
    assert "*" not in str([at(value, "rules") for value in values if value["kind"] == "Role"])


def test_it_holds_whatever_roles_it_may_make() -> None:
    made_by_kuberay = [("", "pods", verb) for verb in ("get", "list", "watch", "patch")]
    made_by_kuberay += [
        ("", "pods/resize", "patch"),
        ("ray.io", "rayclusters", "get"),
        ("ray.io", "rayclusters", "patch"),
    ]
    assert all(_allows(*right) for right in made_by_kuberay)
    assert list(autoscaler_rights(VISION))


def test_secrets_and_certificates_follow_the_gates() -> None:
    assert _allows("", "secrets", "create")
    assert not _allows("", "secrets", "delete")
    assert not _allows("cert-manager.io", "certificates", "create")
    assert _allows("", "secrets", "update", gates=GATES)
    assert _allows("cert-manager.io", "certificates", "create", gates=GATES)
    assert _allows("networking.k8s.io", "networkpolicies", "create", gates=GATES)
    assert not _allows("networking.k8s.io", "networkpolicies", "create")
    assert not _allows("networking.k8s.io", "networkpolicies", "get", operator_version="1.6.0")


def test_it_never_makes_accounts_or_runs_commands() -> None:
    for resource, verb in (("serviceaccounts", "create"), ("pods/exec", "create"), ("pods/proxy", "get")):
        assert not _allows("", resource, verb, gates=GATES)
