"""One pod of a tenant's gateway: Envoy, and the gateway service beside it.

The service is an init container that goes on running (Kubernetes 1.29): it is there before Envoy, which reads what it
writes, and goes after Envoy has drained. They meet at sockets in memory. Envoy never sees the keys that sign, the
service never the one that serves TLS; only the service holds a token of the API server, and no Ray pod is near either.
"""

from typing import Final

from rayfence.render.envoy.bootstrap import envoy_argv
from rayfence.render.kubernetes.gateway.settings import (
    API_PATH,
    CLIENT_TLS_PATH,
    CONFIG_PATH,
    KEYS_PATH,
    LOG_PATH,
    RUNTIME_PATH,
    SIGNING_PATH,
    STAMP_PATH,
    TLS_PATH,
    TOKENS_PATH,
    TRAIL_PATH,
    served_settings,
)
from rayfence.render.kubernetes.gateway.site import Site
from rayfence.render.kubernetes.names import GATEWAY_ACCOUNT, GATEWAY_CLIENT, GATEWAY_TLS
from rayfence.render.kubernetes.shape import Json, fixed_resources, restricted_container, restricted_pod

USER: Final = 65532
CONFIG: Final = "gateway-config"
#: Secret to where it is mounted. All of them in the gateway's namespace, never where Ray's pods are.
SECRETS: Final = {
    "gateway-tls": TLS_PATH,
    "gateway-client-tls": CLIENT_TLS_PATH,
    "gateway-signing-keys": SIGNING_PATH,
    "gateway-stamp-keys": STAMP_PATH,
    "gateway-ray-tokens": TOKENS_PATH,
}
#: Made when a Ray cluster is: a gateway that waited for it would never let the cluster come.
_LATER: Final = frozenset({"gateway-ray-tokens"})
TRAIL_VOLUME: Final = "trail"
_API_TOKEN: Final = "api-token"  # noqa: S105 - the name of a volume
_FRONT: Final = "front-certificate"
#: The least that the API server gives.
_TOKEN_SECONDS: Final = 600
#: Envoy's listeners close after this; what still runs then may go on until the pod's own end.
_DRAIN_SECONDS: Final = 30
_GRACE_SECONDS: Final = 60
_PYTHON: Final = ("python", "-I", "-m")


def gateway_pod(image: str, site: Site, selector: Json) -> Json:
    """The pod's spec; `selector` of its like, which are spread over zones and nodes."""
    spread = [
        {"maxSkew": 1, "topologyKey": key, "whenUnsatisfiable": "ScheduleAnyway", "labelSelector": selector}
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    return {
        "serviceAccountName": GATEWAY_ACCOUNT,
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": _GRACE_SECONDS,
        "securityContext": restricted_pod(USER, USER),
        "topologySpreadConstraints": spread,
        "initContainers": [_service(image, site)],
        "containers": [_envoy(image, site)],
        "volumes": _volumes(),
    }


def _envoy(image: str, site: Site) -> Json:
    settings = served_settings(site, site.objects[0])
    command, *arguments = envoy_argv(settings, "envoy", drain_seconds=_DRAIN_SECONDS)
    health: Json = {
        "path": "/v1/health",
        "port": "https",
        "scheme": "HTTPS",
        "httpHeaders": [{"name": "Host", "value": settings.hosts.login}],
    }
    # On SIGTERM Envoy goes at once; until then connections end by themselves and new ones go elsewhere.
    drain = [*_PYTHON, "rayfence.gateway.pod.drain", settings.envoy_admin_socket, str(_DRAIN_SECONDS + 5)]
    return {
        "name": "envoy",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "command": [command],
        "args": arguments,
        "ports": [
            {"name": "https", "containerPort": GATEWAY_TLS, "protocol": "TCP"},
            {"name": "ray-client", "containerPort": GATEWAY_CLIENT, "protocol": "TCP"},
        ],
        "startupProbe": {"tcpSocket": {"port": "https"}, "periodSeconds": 2, "failureThreshold": 60},
        "readinessProbe": {"httpGet": health, "periodSeconds": 5, "timeoutSeconds": 5, "failureThreshold": 2},
        "livenessProbe": {"tcpSocket": {"port": "https"}, "periodSeconds": 20, "failureThreshold": 3},
        "lifecycle": {"preStop": {"exec": {"command": drain}}},
        "resources": fixed_resources("500m", "256Mi"),
        "securityContext": restricted_container(read_only_root=True),
        "volumeMounts": [
            _mount("config", CONFIG_PATH),
            *(_mount(name, SECRETS[name]) for name in ("gateway-tls", "gateway-client-tls", "gateway-ray-tokens")),
            _mount("runtime", RUNTIME_PATH, writable=True),
            _mount(TRAIL_VOLUME, LOG_PATH, writable=True, part="log"),
        ],
    }


def _service(image: str, site: Site) -> Json:
    # It listens on a unix socket, which no probe of the kubelet reaches: a small program asks there.
    settings = served_settings(site, site.objects[0])
    probe: Json = {"exec": {"command": [*_PYTHON, "rayfence.gateway.pod.probe", settings.service_socket]}}
    keys = ("gateway-client-tls", "gateway-signing-keys", "gateway-stamp-keys", "gateway-ray-tokens")
    return {
        "name": "service",
        "image": image,
        "imagePullPolicy": "IfNotPresent",
        "restartPolicy": "Always",
        "command": [*_PYTHON, "rayfence.gateway"],
        "args": ["--pod", f"{CONFIG_PATH}/gateway.json"],
        # The replica's own name, under which it writes its chain of the trail.
        "env": [{"name": "POD_NAME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}}],
        "startupProbe": {**probe, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 60},
        "livenessProbe": {**probe, "periodSeconds": 30, "timeoutSeconds": 10, "failureThreshold": 3},
        "resources": fixed_resources("300m", "256Mi"),
        "securityContext": restricted_container(read_only_root=True),
        "volumeMounts": [
            _mount("config", CONFIG_PATH),
            _mount(_FRONT, TLS_PATH),
            *(_mount(name, SECRETS[name]) for name in keys),
            _mount(_API_TOKEN, API_PATH),
            _mount("runtime", RUNTIME_PATH, writable=True),
            _mount("keys", KEYS_PATH, writable=True),
            _mount(TRAIL_VOLUME, TRAIL_PATH, writable=True, part="trail"),
            _mount(TRAIL_VOLUME, LOG_PATH, writable=True, part="log"),
        ],
    }


def _mount(name: str, path: str, *, writable: bool = False, part: str = "") -> Json:
    found: Json = {"name": name, "mountPath": path}
    if not writable:
        found["readOnly"] = True
    if part:
        found["subPath"] = part
    return found


def _volumes() -> list[Json]:
    found: list[Json] = [{"name": "config", "configMap": {"name": CONFIG, "defaultMode": 0o444}}]
    for name in SECRETS:
        later = {"optional": True} if name in _LATER else {}
        found.append({"name": name, "secret": {"secretName": name, "defaultMode": 0o440, **later}})
    certificate = {"secretName": "gateway-tls", "defaultMode": 0o440, "items": [{"key": "tls.crt", "path": "tls.crt"}]}
    found.append({"name": _FRONT, "secret": certificate})
    token: list[Json] = [
        {"serviceAccountToken": {"path": "token", "expirationSeconds": _TOKEN_SECONDS}},
        {"configMap": {"name": "kube-root-ca.crt", "items": [{"key": "ca.crt", "path": "ca.crt"}]}},
    ]
    found.append({"name": _API_TOKEN, "projected": {"defaultMode": 0o440, "sources": token}})
    found += [{"name": name, "emptyDir": {"medium": "Memory", "sizeLimit": "16Mi"}} for name in ("runtime", "keys")]
    return found
