"""The gateway of one tenant: Envoy and the gateway service in one pod, twice.

Configuration comes from ConfigMap `gateway-config` (`gateway.json` and Envoy's files), keys from Secrets; all of them
are only named here. Both processes meet at sockets in a shared volume of the pod. The account has no rights and no
token in the pod. What the trail writes lies in a volume of the pod, so it must be shipped before the pod goes.
"""

from typing import Final

from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.names import (
    APP,
    GATEWAY_ACCOUNT,
    GATEWAY_APP,
    GATEWAY_CLIENT,
    GATEWAY_TLS,
    TENANT,
    gateway_namespace,
)
from rayfence.render.kubernetes.shape import Json, fixed_resources, resource, restricted_container, restricted_pod

USER: Final = 65532
CONFIG: Final = "gateway-config"
#: Secret to where it is mounted. All of them in the gateway's namespace, never where Ray's pods are.
SECRETS: Final = {
    "gateway-tls": "/etc/rayfence/tls",
    "gateway-client-tls": "/etc/rayfence/client-tls",
    "gateway-signing-keys": "/etc/rayfence/signing",
    "gateway-stamp-keys": "/etc/rayfence/stamp",
    "gateway-ray-tokens": "/etc/rayfence/ray-tokens",
}
CONFIG_PATH: Final = "/etc/rayfence/gateway"
#: What each process reads: Envoy never sees the keys that sign, the service never those that serve TLS.
_ENVOY_SECRETS: Final = ("gateway-tls", "gateway-client-tls", "gateway-ray-tokens")
_SERVICE_SECRETS: Final = ("gateway-client-tls", "gateway-signing-keys", "gateway-stamp-keys", "gateway-ray-tokens")
_SCRATCH: Final = {"runtime": "/run/rayfence", "envoy": "/var/lib/rayfence/envoy"}
_TRAIL: Final = {"trail": "/var/lib/rayfence/trail"}


def gateway_objects(tenant: ClusterTenant, image: str) -> tuple[Json, ...]:
    """Deployment and disruption budget."""
    namespace, labels = gateway_namespace(tenant.name), _labels(tenant)
    selector: Json = {"matchLabels": dict(labels)}
    deployment: Json = {
        "replicas": 2,
        "selector": selector,
        # A replica is added before one goes: two at work during an upgrade, never one.
        "strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1, "maxUnavailable": 0}},
        "template": {"metadata": {"labels": labels}, "spec": _pod(image, selector)},
    }
    budget: Json = {"maxUnavailable": 1, "selector": selector}
    return (
        resource("apps/v1", "Deployment", "gateway", namespace, labels=labels, spec=deployment),
        resource("policy/v1", "PodDisruptionBudget", "gateway", namespace, labels=labels, spec=budget),
    )


def gateway_service(tenant: ClusterTenant) -> Json:
    """The Service inside the cluster: TLS and Ray Client, both by the gateway."""
    ports: list[Json] = [
        {"name": "https", "port": 443, "targetPort": "https", "protocol": "TCP", "appProtocol": "HTTPS"},
        {"name": "ray-client", "port": GATEWAY_CLIENT, "targetPort": "ray-client", "protocol": "TCP"},
    ]
    spec: Json = {"type": "ClusterIP", "selector": _labels(tenant), "ports": ports}
    return resource("v1", "Service", "gateway", gateway_namespace(tenant.name), labels=_labels(tenant), spec=spec)


def gateway_selector(tenant: ClusterTenant) -> dict[str, str]:
    """Labels of the gateway's pods, for Services of other renderers."""
    return _labels(tenant)


def _labels(tenant: ClusterTenant) -> dict[str, str]:
    return {APP: GATEWAY_APP, TENANT: tenant.name}


def _pod(image: str, selector: Json) -> Json:
    spread = [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    scratch: list[Json] = [{"name": name, "emptyDir": {}} for name in (*_SCRATCH, *_TRAIL)]
    secrets: list[Json] = [{"name": name, "secret": {"secretName": name, "defaultMode": 0o440}} for name in SECRETS]
    return {
        "serviceAccountName": GATEWAY_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 60,
        "securityContext": restricted_pod(USER, USER),
        "topologySpreadConstraints": spread,
        "containers": [_envoy(image), _service(image)],
        "volumes": [{"name": "config", "configMap": {"name": CONFIG, "defaultMode": 0o444}}, *scratch, *secrets],
    }


def _envoy(image: str) -> Json:
    return {
        "name": "envoy",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["envoy"],
        "args": ["--config-path", f"{CONFIG_PATH}/envoy.yaml", "--disable-hot-restart", "--drain-time-s", "30"],
        "ports": [
            {"name": "https", "containerPort": GATEWAY_TLS, "protocol": "TCP"},
            {"name": "ray-client", "containerPort": GATEWAY_CLIENT, "protocol": "TCP"},
        ],
        "startupProbe": {"tcpSocket": {"port": "https"}, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {"tcpSocket": {"port": "https"}, "periodSeconds": 5},
        "livenessProbe": {"tcpSocket": {"port": "https"}, "periodSeconds": 20, "failureThreshold": 3},
        "resources": fixed_resources("1", "512Mi"),
        "securityContext": restricted_container(read_only_root=True),
        "volumeMounts": _mounts(_ENVOY_SECRETS, _SCRATCH),
    }


def _service(image: str) -> Json:
    # It listens on a unix socket, which no probe of the kubelet reaches; Envoy answers 503 while it is away.
    return {
        "name": "service",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python", "-m", "rayfence.gateway"],
        "args": [f"{CONFIG_PATH}/gateway.json"],
        "resources": fixed_resources("500m", "256Mi"),
        "securityContext": restricted_container(read_only_root=True),
        "volumeMounts": _mounts(_SERVICE_SECRETS, {**_SCRATCH, **_TRAIL}),
    }


def _mounts(secrets: tuple[str, ...], writable: dict[str, str]) -> list[Json]:
    fixed = {"config": CONFIG_PATH, **{name: SECRETS[name] for name in secrets}}
    found: list[Json] = [{"name": name, "mountPath": path, "readOnly": True} for name, path in fixed.items()]
    found += [{"name": name, "mountPath": path} for name, path in writable.items()]
    return found
