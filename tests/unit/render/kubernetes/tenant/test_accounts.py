"""Twin of rayfence.render.kubernetes.tenant.accounts."""

from dataclasses import replace

from rayfence.model.tenancy import WorkloadIdentity
from rayfence.render.kubernetes.tenant.accounts import (
    autoscaler_rights,
    google_account,
    role_binding,
    service_account,
    tenant_accounts,
)
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, at, existing, on_gke


def test_no_account_has_its_token_mounted_by_itself() -> None:
    accounts = tenant_accounts(VISION, existing())
    assert [at(account, "metadata", "name") for account in accounts] == [
        "default",
        "ray-head",
        "ray-worker",
        "ray-autoscaler",
    ]
    assert all(account["automountServiceAccountToken"] is False for account in accounts)
    assert service_account("a", "n")["automountServiceAccountToken"] is False


def test_only_an_annotated_tenant_impersonates() -> None:
    tenant = replace(VISION, identity=WorkloadIdentity.ANNOTATED)
    assert google_account(tenant, on_gke(tenant)) == "ray-vision@acme-ml.iam.gserviceaccount.com"
    assert google_account(tenant, existing(tenant)) is None
    default, *ray = tenant_accounts(tenant, on_gke(tenant))
    assert "annotations" not in str(default)
    for account in ray:
        assert at(account, "metadata", "annotations") == {
            "iam.gke.io/gcp-service-account": "ray-vision@acme-ml.iam.gserviceaccount.com"
        }
    assert "annotations" not in str(tenant_accounts(VISION, on_gke()))


def test_an_autoscaler_may_patch_its_own_cluster_only() -> None:
    role, binding = autoscaler_rights(VISION)
    assert at(role, "metadata", "name") == at(binding, "metadata", "name") == "train"
    assert at(role, "rules") == [
        {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]},
        {"apiGroups": ["ray.io"], "resources": ["rayclusters"], "resourceNames": ["train"], "verbs": ["get", "patch"]},
    ]
    assert at(binding, "subjects") == [{"kind": "ServiceAccount", "name": "ray-autoscaler", "namespace": "vision"}]


def test_without_an_autoscaler_there_are_no_rights() -> None:
    assert list(autoscaler_rights(SPEECH)) == []
    assert list(autoscaler_rights(replace(VISION, queue="gpus"))) == []
    assert at(role_binding("b", "n", "r", []), "roleRef", "kind") == "Role"
