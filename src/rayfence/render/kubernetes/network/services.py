"""What every namespace of ours may need outside of it: names, the API server, Google's metadata server and APIs.

The datapath decides how the API server is named: Cilium takes it for an entity and ignores addresses inside the
cluster; all others see the endpoint's address, after the Service's was translated. Dataplane V2 takes no policies of
Cilium's own from users, and its API server is an address outside the cluster. Source: KubeRay #5030, GKE's network
policy guide.
"""

from typing import Final

from rayfence.model.cluster_platform import Datapath
from rayfence.model.cluster_resolution import ClusterResolution, KubernetesSettings
from rayfence.model.tenancy import ClusterTenant, WorkloadIdentity
from rayfence.render.kubernetes.names import NAMESPACE_NAME, NOTICE
from rayfence.render.kubernetes.network.flows import blocks, out_to, policy, tcp, udp
from rayfence.render.kubernetes.shape import Json, annotated, resource

_DNS_PODS: Final = ("kube-dns", "node-local-dns", "coredns")
_NODE_DNS: Final = "169.254.20.10/32"
_CLOUD_DNS: Final = "169.254.169.254/32"
_METADATA: Final = "169.254.169.254/32"
_GKE_METADATA: Final = "169.254.169.252/32"
_VIPS: Final = {"restricted": "199.36.153.4/30", "private": "199.36.153.8/30"}
#: Never part of a rule that is wide for want of knowledge: every node's own services are here.
_LINK_LOCAL: Final = ("169.254.0.0/16", "fe80::/10")
_API_PORTS: Final = (443, 6443)


def dns(namespace: str, settings: KubernetesSettings) -> Json:
    """Names, for all pods: the cluster's DNS pods and the address where the node answers itself."""
    servers: Json = {
        "namespaceSelector": {"matchLabels": {NAMESPACE_NAME: "kube-system"}},
        "podSelector": {"matchExpressions": [{"key": "k8s-app", "operator": "In", "values": list(_DNS_PODS)}]},
    }
    local = (_NODE_DNS, _CLOUD_DNS) if settings.on_gke else (_NODE_DNS,)
    rule = out_to([servers, *blocks(local)], [*udp(53), *tcp(53)])
    return policy("allow-dns", namespace, {}, egress=[rule])


def api_server(namespace: str, pods: dict[str, str], settings: KubernetesSettings) -> Json:
    """The API server, for the pods with these labels only."""
    name = "allow-api-server"
    if settings.datapath is Datapath.CILIUM and not settings.on_gke:
        ports = [{"port": str(port), "protocol": "TCP"} for port in _API_PORTS]
        spec: Json = {
            "endpointSelector": {"matchLabels": dict(pods)},
            "egress": [{"toEntities": ["kube-apiserver"], "toPorts": [{"ports": ports}]}],
        }
        return resource("cilium.io/v2", "CiliumNetworkPolicy", name, namespace, spec=spec)
    if settings.api_server_cidrs:
        peers = blocks(settings.api_server_cidrs)
        return policy(name, namespace, pods, egress=[out_to(peers, tcp(*_API_PORTS))])
    peers = blocks(("0.0.0.0/0", "::/0"), _LINK_LOCAL)
    wide = {NOTICE: "wide: the API server's address is not known, so its ports are open to every address"}
    return policy(name, namespace, pods, egress=[out_to(peers, tcp(*_API_PORTS))], notice=wide)


def uses_google(tenant: ClusterTenant, settings: KubernetesSettings) -> bool:
    """Whether the tenant's pods call Google APIs: they have grants, an identity that was asked for, or a mirror."""
    asked = tenant.identity in {WorkloadIdentity.ANNOTATED, WorkloadIdentity.NODE, WorkloadIdentity.KEY_FILE}
    return settings.on_gke and (asked or bool(tenant.access) or settings.pip_index is not None)


def google(tenant: ClusterTenant, resolution: ClusterResolution) -> tuple[Json, ...]:
    """Google's APIs by their private addresses, and the metadata server that pods get tokens from.

    A key file needs no metadata server, so it is closed then: the node's identity is behind it.
    """
    settings, gke = resolution.kubernetes, resolution.gke
    if gke is None or not uses_google(tenant, settings):
        return ()
    apis = out_to(blocks([_VIPS.get(gke.network.vip, _VIPS["restricted"])]), tcp(443))
    found = [policy("allow-google-apis", tenant.name, {}, egress=[apis])]
    if tenant.identity is not WorkloadIdentity.KEY_FILE:
        rules = [out_to(blocks([_GKE_METADATA]), tcp(987, 988)), out_to(blocks([_METADATA]), tcp(80))]
        found.append(policy("allow-metadata-server", tenant.name, {}, egress=rules))
    return tuple(found)


def flagged(policies: tuple[Json, ...], settings: KubernetesSettings) -> tuple[Json, ...]:
    """The same policies; where nothing enforces them, each says so."""
    if settings.datapath is not Datapath.NONE:
        return policies
    notice = {NOTICE: "not enforced: this cluster's datapath ignores network policies"}
    return tuple(annotated(value, notice) for value in policies)
