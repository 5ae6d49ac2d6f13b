"""`gateway.json` of a tenant's gateway: what Envoy and the service of each pod must agree on.

Paths are those of `gateway/deployment.py`. Mounted folders are read-only; what the service writes lies in volumes of
the pod. Envoy's rendered files come from the ConfigMap, those that change while it runs from the service.
"""

from typing import Final

from rayfence.model.gateway import Audiences, GatewaySettings, Sidecar
from rayfence.model.gateway_pod import Holder, Mounts, PodSettings
from rayfence.model.routes import Right, Role
from rayfence.model.tenancy import Roles
from rayfence.render.kubernetes.gateway.hosts import hosts_of
from rayfence.render.kubernetes.gateway.site import RayObject, Site
from rayfence.render.kubernetes.names import (
    DASHBOARD_PORT,
    GATEWAY_CLIENT,
    GATEWAY_TLS,
    RAY_CLIENT_PORT,
    SERVE_PORT,
    SIDECAR_CLIENT,
    SIDECAR_DASHBOARD,
    SIDECAR_SERVE,
    gateway_namespace,
)
from rayfence.render.kubernetes.workloads.listing import sidecar_ports

#: The ConfigMap with `gateway.json` and Envoy's files.
CONFIG_PATH: Final = "/etc/rayfence/gateway"
TLS_PATH: Final = "/etc/rayfence/tls"
CLIENT_TLS_PATH: Final = "/etc/rayfence/client-tls"
SIGNING_PATH: Final = "/etc/rayfence/signing"
STAMP_PATH: Final = "/etc/rayfence/stamp"
TOKENS_PATH: Final = "/etc/rayfence/ray-tokens"
API_PATH: Final = "/var/run/secrets/kubernetes.io/serviceaccount"
#: Sockets, and files of Envoy that the service writes: in memory, of both containers.
RUNTIME_PATH: Final = "/run/rayfence"
#: The service's own copies of mounted keys: in memory, of the service alone.
KEYS_PATH: Final = "/var/lib/rayfence/keys"
#: Of the replica: it outlives the pod.
TRAIL_PATH: Final = "/var/lib/rayfence/trail"
#: Envoy's log, on the same volume: what it holds is part of the trail as soon as the service has read it.
LOG_PATH: Final = "/var/lib/rayfence/log"

#: By which replicas share revocations and lock-outs.
STATE: Final = "gateway-state"
#: Published prefix of Serve's data plane, as the catalogue names it (route `serve.data`).
SERVE_PREFIX: Final = "/serve/"


def pod_settings(site: Site, roles: Roles) -> PodSettings:
    """Settings of a tenant's gateway. The site must have a Ray object."""
    return PodSettings(
        tenant=site.tenant,
        namespace=gateway_namespace(site.tenant),
        served=tuple(served_settings(site, one) for one in site.objects),
        holders=holders(roles),
        mounts=Mounts(SIGNING_PATH, STAMP_PATH, TOKENS_PATH, f"{API_PATH}/token", f"{API_PATH}/ca.crt"),
        state=STATE,
        client_audience=client_audience(site.platform, site.tenant) if reviews(roles, people=site.people) else "",
        people=site.people and bool(groups(roles)),
    )


def served_settings(site: Site, one: RayObject) -> GatewaySettings:
    """Settings of one Ray object."""
    base, label, ports = _issuer(site), one.label, sidecar_ports(one.kind)
    return GatewaySettings(
        instance=f"{site.platform}-{site.tenant}",
        issuer=base,
        audiences=Audiences(f"{base}:api", f"{base}:dashboard", f"{base}:login"),
        hosts=hosts_of(site, one),
        bind_address="0.0.0.0",  # noqa: S104 - TLS only, and network policy
        port=443,
        ray_client_port=GATEWAY_CLIENT,
        limits=site.limits,
        ray_version=one.version,
        ray_dashboard_port=DASHBOARD_PORT,
        ray_client_upstream_port=RAY_CLIENT_PORT,
        serve_port=SERVE_PORT,
        serve_prefix=SERVE_PREFIX,
        envoy_dir=f"{RUNTIME_PATH}/envoy",
        envoy_admin_socket=f"{RUNTIME_PATH}/sockets/envoy.sock",
        envoy_concurrency=1,
        server_certificate=f"{TLS_PATH}/tls.crt",
        server_key=f"{TLS_PATH}/tls.key",
        ray_client_certificate=f"{CLIENT_TLS_PATH}/tls.crt",
        ray_client_key=f"{CLIENT_TLS_PATH}/tls.key",
        node_ca=f"{CLIENT_TLS_PATH}/ca.crt",
        ray_token_sds=f"{CONFIG_PATH}/{token_file(label)}",
        jwks=f"{RUNTIME_PATH}/envoy/jwks.json",
        access_log=f"{LOG_PATH}/access.jsonl",
        service_socket=f"{RUNTIME_PATH}/sockets/service.sock",
        signing_keys=f"{KEYS_PATH}/signing",
        stamp_keys=f"{KEYS_PATH}/stamp",
        ray_token=f"{KEYS_PATH}/ray-tokens/{label}",
        operator_key="",  # nobody is the operator of a pod by holding a file
        operator_subject="rayfence",
        users="",  # local accounts would be a replica's own
        trail_dir=f"{TRAIL_PATH}/chains",
        trail_heads_dir=f"{TRAIL_PATH}/heads",
        static_dir=CONFIG_PATH,
        listen_port=GATEWAY_TLS,
        workload=label,
        sidecar=Sidecar(
            sidecar_host(site.tenant, label),
            SIDECAR_DASHBOARD,
            SIDECAR_CLIENT if SIDECAR_CLIENT in ports else 0,
            SIDECAR_SERVE if SIDECAR_SERVE in ports else 0,
        ),
    )


def sidecar_host(tenant: str, label: str) -> str:
    """Name of a head's headless Service, and in its sidecar's certificate."""
    return f"{label}.{tenant}.svc"


def token_file(label: str) -> str:
    """Name of the file that says where a Ray object's token lies."""
    return f"sds_token_{label}.yaml"


def holders(roles: Roles) -> tuple[Holder, ...]:
    """Each member once, with its highest role and every right, in the spec's order."""
    found: dict[str, Holder] = {}
    ranked = ((Role.VIEWER, roles.viewer), (Role.SUBMITTER, roles.submitter), (Role.OPERATOR, roles.operator))
    for role, members in ranked:
        found |= {member: Holder(member, role) for member in members}
    for right, members in ((Right.RAY_CLIENT, roles.ray_client), (Right.SERVE_CALL, roles.serve_call)):
        for member in members:
            known = found.get(member, Holder(member, None))
            found[member] = Holder(member, known.role, (*known.rights, right))
    return tuple(found.values())


def client_accounts(roles: Roles) -> tuple[str, ...]:
    """Members that are service accounts of this cluster: `serviceAccount:NAMESPACE/NAME`."""
    listed = (holder.member for holder in holders(roles))
    return tuple(member for member in listed if member.startswith("serviceAccount:") and "/" in member)


def groups(roles: Roles) -> tuple[str, ...]:
    """Groups that hold a role or a right; never one of the API server's own, in which service accounts are."""
    listed = (holder.member.partition(":") for holder in holders(roles))
    return tuple(name for kind, _, name in listed if kind == "group" and name and not name.startswith("system:"))


def reviews(roles: Roles, *, people: bool) -> bool:
    """Whether the gateway asks the API server whose a token is."""
    return bool(client_accounts(roles) or (people and groups(roles)))


def client_audience(platform: str, tenant: str) -> str:
    """What tokens of service accounts must be made for, to get in at the tenant's gateway."""
    return f"rayfence:{platform}:{tenant}:clients"


def _issuer(site: Site) -> str:
    return f"rayfence:{site.platform}:{site.tenant}"
