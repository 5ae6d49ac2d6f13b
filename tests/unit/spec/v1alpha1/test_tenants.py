"""Tenants: from the file to the model."""

from rayfence.model.tenancy import FaultTolerance, Grant, PodShape, Quota, WorkloadIdentity
from rayfence.spec.v1alpha1.tenants import AccessSpec, GkeTenantSpec, TenantSpec
from tests.sim.platforms import DIGEST, REGISTRY, changed, gke, kubernetes

IMAGE = f"{REGISTRY}ray{DIGEST}"


def test_the_shortest_tenant_lets_nobody_in() -> None:
    tenant = TenantSpec.model_validate({"name": "vision"}).to_model()
    assert tenant.roles.viewer == tenant.roles.submitter == tenant.roles.operator == ()
    assert tenant.access == () and tenant.identity is WorkloadIdentity.PRINCIPAL and tenant.quota == Quota()


def test_the_shortest_cluster_has_a_head_and_workers() -> None:
    spec = {"name": "vision", "clusters": [{"ray": {"image": IMAGE}}]}
    (cluster,) = TenantSpec.model_validate(spec).to_model().clusters
    assert (cluster.name, cluster.pods.head, cluster.pods.image) == ("ray", PodShape(2, 8), IMAGE)
    assert [(group.minimum, group.maximum) for group in cluster.pods.workers] == [(0, 4)]


def test_every_field_reaches_the_model() -> None:
    tenant = TenantSpec.model_validate(kubernetes()["tenants"][0]).to_model()
    assert tenant.roles.serve_call == ("serviceAccount:front@acme-web.iam.gserviceaccount.com",)
    assert tenant.clusters[0].pods.fault_tolerance == FaultTolerance("redis.example.com:6379", "redis")
    assert (tenant.jobs[0].schedule, tenant.jobs[0].deadline_seconds) == ("0 2 * * 1-5", 600)
    assert tenant.services[0].config == "applications: []\n"
    assert tenant.quota == Quota(64, 256, 2, 40)
    assert (tenant.queue, tenant.extra_labels) == ("vision", {"cost-centre": "4711"})


def test_google_s_part() -> None:
    data = changed(gke(), ("tenants.0.identity", {"mode": "keyFile", "maxAgeDays": 30}))["tenants"][0]
    tenant = GkeTenantSpec.model_validate(data).to_model()
    assert (tenant.identity, tenant.key_max_age_days) == (WorkloadIdentity.KEY_FILE, 30)
    assert [grant.service for grant in tenant.access] == [
        "bigquery",
        "storage",
        "secretmanager",
        "pubsub",
        "artifactregistry",
        "kms",
    ]
    grant = AccessSpec.model_validate({"bigquery": "acme-data.images", "role": "dataViewer"}).to_model()
    assert grant == Grant("bigquery", "acme-data.images", "dataViewer")
