"""What fields are for, and which of them are guards."""

import pytest

from rayfence.plan.live.fields.importance import content_importance, importance, object_importance
from tests.unit.plan.live.trees import Json


def _object(kind: str, name: str = "train", namespace: str = "vision", **labels: str) -> Json:
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace, "labels": labels}}


@pytest.mark.parametrize(
    ("kind", "path", "security", "belongs"),
    [
        ("RayCluster", "spec.authOptions.mode", True, "Ray's token (authOptions.mode)"),
        ("RayCluster", "spec.headGroupSpec.rayStartParams.dashboard-host", True, "what Ray listens on"),
        ("RayCluster", "spec.headGroupSpec.template.spec.containers.env", True, "environment of the containers"),
        ("RayCluster", "spec.headGroupSpec.template.spec.serviceAccountName", True, "the pod's identity"),
        ("RayCluster", "spec.workerGroupSpecs.replicas", False, "workers of train (tenants.vision)"),
        ("RayCluster", "spec.workerGroupSpecs", True, "workers of train (tenants.vision)"),
        ("RayJob", "spec.entrypoint", True, "what the job runs"),
        ("RayJob", "spec.rayClusterSpec.headGroupSpec.template.spec.containers.image", True, "images by digest"),
        ("Deployment", "spec.template.metadata.labels.app", True, "what network policies and admission select pods by"),
        ("Deployment", "spec.replicas", False, "replicas of train"),
        ("Deployment", "spec.template.spec.containers.resources.limits.cpu", False, "size of the pods"),
        ("NetworkPolicy", "spec.ingress", True, "network isolation of vision (kubernetes.datapath)"),
        ("Role", "rules.verbs", True, "who may do what in vision"),
        ("ResourceQuota", "spec.hard.pods", True, "bounds of the tenant (tenants.vision.quota)"),
        ("ValidatingAdmissionPolicyBinding", "spec.validationActions", True, "admission guard train"),
        ("ServiceAccount", "metadata.annotations.iam.gke.io/gcp-service-account", True, "tenants.vision.identity"),
        ("ServiceAccount", "automountServiceAccountToken", True, "tenants.vision.identity"),
        ("Namespace", "metadata.labels.pod-security.kubernetes.io/enforce", True, "Pod Security of namespace train"),
        ("Namespace", "metadata.labels.cost-centre", False, "tenants.vision.labels"),
        ("ConfigMap", "metadata.labels.app.kubernetes.io/managed-by", False, "what is pruned and destroyed"),
        ("ConfigMap", "data.envoy.yaml", True, "configuration of gateway and sidecars"),
        ("Service", "spec.type", True, "how train is reached"),
        ("Unheard", "spec.x", False, ""),
    ],
)
def test_fields_belong_to_decisions(kind: str, path: str, security: bool, belongs: str) -> None:
    fields = path.split(".") if ".labels." not in path and ".annotations." not in path else path.split(".", 2)
    if path.startswith("spec.template.metadata"):
        fields = path.split(".")
    found = importance(_object(kind), fields)
    assert found.security is security and found.belongs.startswith(belongs), found


def test_the_tenant_of_a_gateway_and_of_a_label() -> None:
    assert "tenants.vision." in importance(_object("ServiceAccount", namespace="vision-gateway"), ["secrets"]).belongs
    labelled = _object("ServiceAccount", namespace="odd", **{"rayfence.dev/tenant": "speech"})
    assert "tenants.speech." in importance(labelled, ["secrets"]).belongs


def test_rights_of_the_operator_are_named_as_such() -> None:
    assert object_importance(_object("Role", "kuberay-operator")).belongs == "rights of the KubeRay operator in vision"
    cluster_wide = {"kind": "ClusterRole", "metadata": {"name": "x"}}
    assert object_importance(cluster_wide).belongs == "who may do what in the cluster"


@pytest.mark.parametrize("kind", ["NetworkPolicy", "Role", "ResourceQuota", "Namespace", "Secret", "ServiceAccount"])
def test_the_absence_of_a_guard_is_security_relevant(kind: str) -> None:
    assert object_importance(_object(kind)).security


@pytest.mark.parametrize("kind", ["Deployment", "RayCluster", "PodDisruptionBudget", "Unheard"])
def test_the_absence_of_a_workload_is_not(kind: str) -> None:
    assert not object_importance(_object(kind)).security


def test_what_goes_with_a_guard_in_it_is_a_guard() -> None:
    deployment = _object("Deployment")
    assert not importance(deployment, ["spec", "template"]).security
    pod = {"spec": {"containers": [{"securityContext": {"privileged": False}}]}}
    assert content_importance(deployment, ["spec", "template"], pod).security
    assert not content_importance(deployment, ["spec", "template"], {"spec": {"x": [{"resources": {}}]}}).security
