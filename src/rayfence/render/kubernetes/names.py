"""Names, labels and ports that several renderers must agree on. Pure; no object is made here."""

from typing import Final

PLATFORM: Final = "rayfence.dev/platform"
TENANT: Final = "rayfence.dev/tenant"
#: Of a namespace: tenant, gateway, operator or exposure.
ROLE: Final = "rayfence.dev/role"
#: Of a Ray pod: the Ray object it belongs to, `cluster-train`. KubeRay names clusters of jobs and services at random,
#: and a network policy can't say "the same value as mine", so `ray.io/cluster` alone does not do.
WORKLOAD: Final = "rayfence.dev/workload"
#: Of a pod that may reach the API server: heads with an autoscaler.
API_CLIENT: Final = "rayfence.dev/api-client"
#: Of a namespace whose pods may reach a tenant's gateway: `clients.rayfence.dev/<tenant>: "true"`.
CLIENT_PREFIX: Final = "clients.rayfence.dev/"
#: Of a namespace whose pods may scrape metrics.
SCRAPER: Final = "rayfence.dev/scraper"
#: Annotation of what `destroy` and pruning keep: `"true"`.
RETAIN: Final = "rayfence.dev/retain"
#: What a reader must know of an object, e.g. a rule wider than it should be.
NOTICE: Final = "rayfence.dev/notice"

RAY_CLUSTER_LABEL: Final = "ray.io/cluster"
RAY_NODE_TYPE_LABEL: Final = "ray.io/node-type"
NAMESPACE_NAME: Final = "kubernetes.io/metadata.name"
APP: Final = "app.kubernetes.io/name"
GATEWAY_APP: Final = "rayfence-gateway"
OPERATOR_APP: Final = "kuberay"

HEAD_ACCOUNT: Final = "ray-head"
WORKER_ACCOUNT: Final = "ray-worker"
#: Of heads that hold an autoscaler: a pod has one account, and only these need the API server.
AUTOSCALER_ACCOUNT: Final = "ray-autoscaler"
GATEWAY_ACCOUNT: Final = "gateway"
#: The ConfigMap with the certificate of the authority by which a gateway is known, for its clients.
GATEWAY_AUTHORITY: Final = "gateway-authority"
OPERATOR_ACCOUNT: Final = "kuberay-operator"
RAY_ACCOUNTS: Final = (HEAD_ACCOUNT, WORKER_ACCOUNT, AUTOSCALER_ACCOUNT)

GCS_PORT: Final = 6379
DASHBOARD_PORT: Final = 8265
RAY_CLIENT_PORT: Final = 10001
SERVE_PORT: Final = 8000
METRICS_PORT: Final = 8080
AUTOSCALER_METRICS_PORT: Final = 44217
DASHBOARD_METRICS_PORT: Final = 44227
#: What the sidecar of a head listens on, all with mutual TLS.
SIDECAR_DASHBOARD: Final = 8443
SIDECAR_CLIENT: Final = 8444
SIDECAR_SERVE: Final = 8445
#: What the gateway listens on.
GATEWAY_TLS: Final = 8443
GATEWAY_CLIENT: Final = 8449

#: KubeRay clips names of the objects it makes for a cluster to this length.
KUBERAY_NAME: Final = 50


def gateway_namespace(tenant: str) -> str:
    """Where the tenant's gateway and its keys live: apart from Ray, whose users can read their namespace's Secrets."""
    return f"{tenant}-gateway"


def exposure_namespace(platform: str) -> str:
    """Where the shared load balancer's Gateway lives."""
    return f"{platform}-exposure"


def probe_namespace(platform: str) -> str:
    """Where `verify` puts pods that are nobody's, while it attacks."""
    return f"{platform}-probe"


def friend_namespace(platform: str) -> str:
    """Where `verify` puts a pod that is let in, as a control: labelled as a scraper, and as a client of each tenant."""
    return f"{platform}-probe-friend"


def gateway_identity(tenant: str) -> str:
    """The name in the gateway's client certificate, which sidecars demand."""
    return f"gateway.{gateway_namespace(tenant)}.svc"


def kuberay_name(cluster: str) -> str:
    """Name of the Role, RoleBinding and Secret that KubeRay makes for a cluster: its last 50 characters.

    Source: KubeRay 1.6, `CheckName`.
    """
    clipped = cluster[-KUBERAY_NAME:]
    return clipped if clipped[:1].isalpha() else f"r{clipped[1:]}"


def tenant_group(tenant: str, part: str) -> str:
    """Title of a group of manifests."""
    return f"Tenant {tenant}: {part}"
