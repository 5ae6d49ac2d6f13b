"""Twin of rayfence.render.kubernetes.tenant.namespaces."""

from dataclasses import replace

from rayfence.model.tenancy import Quota
from rayfence.render.kubernetes.tenant.namespaces import (
    limits,
    namespace,
    pod_security_labels,
    quota,
    tenant_namespaces,
)
from tests.unit.render.kubernetes.resolutions import VISION, at
from tests.unit.render.kubernetes.schemas import check


def test_both_namespaces_are_restricted() -> None:
    ours, gateway = tenant_namespaces("ml", VISION)
    for value, role in ((ours, "tenant"), (gateway, "gateway")):
        labels = at(value, "metadata", "labels")
        assert isinstance(labels, dict)
        assert labels["rayfence.dev/role"] == role
        assert labels["rayfence.dev/tenant"] == "vision"
        assert pod_security_labels().items() <= labels.items()
        check(value, "1.7.0")
    assert pod_security_labels()["pod-security.kubernetes.io/enforce"] == "restricted"
    assert pod_security_labels()["pod-security.kubernetes.io/enforce-version"] == "latest"
    assert len(pod_security_labels()) == 6


def test_labels_of_the_spec_never_replace_ours() -> None:
    hostile = {
        "pod-security.kubernetes.io/enforce": "privileged",
        "rayfence.dev/role": "gateway",
        "rayfence.dev/platform": "other",
        "rayfence.dev/tenant": "speech",
        "team": "vision",
    }
    labels = at(tenant_namespaces("ml", replace(VISION, extra_labels=hostile))[0], "metadata", "labels")
    assert isinstance(labels, dict)
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
    assert labels["rayfence.dev/role"] == "tenant"
    assert labels["rayfence.dev/platform"] == "ml"
    assert labels["rayfence.dev/tenant"] == "vision"
    assert labels["team"] == "vision"
    assert at(namespace("n", "ml", "operator"), "metadata", "labels", "rayfence.dev/role") == "operator"


def test_a_quota_is_always_there() -> None:
    bare = at(quota(replace(VISION, quota=Quota())), "spec", "hard")
    assert bare == {"services.loadbalancers": "0", "services.nodeports": "0"}
    full = quota(VISION)
    assert at(full, "spec", "hard", "limits.memory") == at(full, "spec", "hard", "requests.memory") == "256Gi"
    assert at(full, "spec", "hard", "requests.nvidia.com/gpu") == "4"
    check(full, "1.7.0")


def test_defaults_of_containers() -> None:
    value = limits("vision")
    item = at(value, "spec", "limits", 0)
    assert at(item, "default") == at(item, "defaultRequest")
    check(value, "1.7.0")


def test_what_the_spec_marks_is_marked_on_both_namespaces() -> None:
    for value in tenant_namespaces("ml", replace(VISION, retain=True)):
        assert at(value, "metadata", "annotations") == {"rayfence.dev/retain": "true"}
        check(value, "1.7.0")
    assert all("annotations" not in value["metadata"] for value in tenant_namespaces("ml", VISION))  # type: ignore[operator]
