"""The flows a platform on GKE needs, as data with their reasons.

Source: GKE, "Automatically created firewall rules" and "Control plane security"; Cloud Load Balancing, "Firewall
rules" (addresses of proxies and health checks); IAP, "TCP forwarding"; Private Google Access (virtual addresses).
Mesh flows name the ports that Ray and Kubernetes use, so that a rule that closes SSH between nodes is no conflict.
"""

from collections.abc import Iterator
from ipaddress import IPv4Network, ip_address
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import IapScope, NetworkKind
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.proofs import Flow
from rayfence.policy.gke.destinations import REDIS_PORT, at_google, host_and_port, in_cluster

#: Where a tenant's gateway listens in its pod.
GATEWAY_TLS: Final = "tcp:8443"
#: Ports of an internal load balancer: packets pass it with the Service's port, not the pod's.
SERVICE_PORTS: Final = ("tcp:443", "tcp:8449")
#: Where kube-proxy answers health checks of a Service with `externalTrafficPolicy: Local`; which port is chosen late.
HEALTH_PORTS: Final = ("tcp:30000-32767",)
PROBERS: Final = ("35.191.0.0/16", "130.211.0.0/22")
IAP_TCP: Final = ("35.235.240.0/20",)
VIPS: Final = {"restricted": ("199.36.153.4/30",), "private": ("199.36.153.8/30",)}
#: DNS, TLS, Ray's own ports, kubelet and webhooks, Ray's worker ports (10002-19999), node ports and ephemeral ports.
MESH_TCP: Final = ("53", "443", "6379", "8000", "8080", "8265", "8443-8449", "9443", "10001-19999", "30000-65535")
MESH: Final = (*(f"tcp:{port}" for port in MESH_TCP), "udp:53")
WEBHOOKS: Final = ("tcp:443", "tcp:8443", "tcp:9443", "tcp:10250")
#: Addresses that are nobody's on the internet: private, shared, loopback, link-local, documentation, multicast.
NOT_PUBLIC: Final = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.0.0.0/24",
    "192.0.2.0/24",
    "192.168.0.0/16",
    "198.18.0.0/15",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "224.0.0.0/3",
)
#: Where Artifact Registry serves images and packages, behind the virtual addresses of Google's APIs.


def needed_flows(resolution: ClusterResolution, gke: GkeSettings) -> tuple[Flow, ...]:
    """Every flow, ingress first, in a stable order."""
    return (*_ingress(gke), *_egress(resolution, gke))


def node_accounts(gke: GkeSettings) -> tuple[str, ...]:
    """Service accounts of the platform's nodes, each once."""
    return tuple(dict.fromkeys([pool.account for pool in gke.pools] or [gke.account]))


def public_ranges() -> tuple[str, ...]:
    """The internet's addresses as CIDRs."""
    left = [IPv4Network("0.0.0.0/0")]
    for text in NOT_PUBLIC:
        gone = IPv4Network(text)
        left = [
            part
            for network in left
            for part in (network.address_exclude(gone) if gone.subnet_of(network) else [network])
            if not part.subnet_of(gone)
        ]
    return tuple(str(network) for network in sorted(left))


def _known(*cidrs: str | None) -> tuple[str, ...]:
    """The CIDRs; nothing unless all are known: a part of them would be taken for all."""
    return tuple(cidr for cidr in cidrs if cidr is not None) if None not in cidrs else ()


def _ingress(gke: GkeSettings) -> Iterator[Flow]:
    net, accounts = gke.network, node_accounts(gke)
    port = (GATEWAY_TLS,)
    by = "GKE's controllers in an own network, rayfence's rules everywhere"
    if gke.iap is not None or gke.internal is not None:
        why = "load balancers ask whether a gateway lives, and its backends get traffic from the same addresses"
        fields = ("exposure",)
        yield Flow(
            "probers", False, "Google's health checks and proxies", PROBERS, port, why, accounts, by, fields=fields
        )
    if gke.iap is not None and gke.iap.scope is not IapScope.GLOBAL:
        yield Flow(
            "proxies",
            False,
            "the proxy-only subnet",
            _known(net.proxy_only_cidr),
            port,
            "regional and internal load balancers reach the gateway from there",
            accounts,
            "rayfence's rules",
            fields=(f"target.gke.network.{net.kind}.proxyOnlyCidr",),
        )
    if gke.internal is not None:
        made_by = "rayfence's rules" if net.kind is NetworkKind.SHARED_VPC else "GKE, for each Service"
        yield Flow(
            "clients",
            False,
            "clients of the internal load balancer",
            gke.internal.source_ranges,
            SERVICE_PORTS,
            "an internal load balancer passes packets on with their own source address",
            accounts,
            made_by,
            fields=("exposure.internal.sourceRanges",),
        )
        yield Flow(
            "client-health",
            False,
            "Google's health checks",
            PROBERS,
            HEALTH_PORTS,
            "an internal load balancer asks each node whether a gateway runs on it",
            accounts,
            made_by,
            every=False,
            fields=("exposure.internal",),
        )
    yield Flow(
        "webhooks",
        False,
        "the control plane",
        _known(net.nodes_cidr, net.pods_cidr),
        WEBHOOKS,
        "the API server calls admission webhooks (KubeRay, Kueue, cert-manager) and kubelets, through its endpoint in "
        "the nodes' subnet or the tunnel of konnectivity agents",
        accounts,
        "GKE, and rayfence's rules for 8443 and 9443",
    )
    mesh = "Ray's processes talk from pod to pod, kubelets probe pods, and nodes answer for services"
    nodes = _known(net.nodes_cidr, net.pods_cidr)
    yield Flow("mesh-in", False, "nodes and pods", nodes, MESH, mesh, accounts, "GKE")
    if net.iap_ssh or gke.workbench is not None:
        yield Flow(
            "iap-ssh",
            False,
            "IAP's TCP forwarding",
            IAP_TCP,
            ("tcp:22",),
            "an administrator reaches a node's or notebook's machine by SSH; the platform itself does not need it",
            accounts,
            "rayfence's rules" if net.iap_ssh else "nobody: the spec does not ask for it",
            needed=net.iap_ssh,
            fields=(f"target.gke.network.{net.kind}.iapSsh",),
        )


def _egress(resolution: ClusterResolution, gke: GkeSettings) -> Iterator[Flow]:
    net, accounts = gke.network, node_accounts(gke)
    by = "rayfence's rules"
    yield Flow(
        "control-plane",
        True,
        "the control plane's endpoint in the nodes' subnet",
        _known(net.nodes_cidr),
        ("tcp:443", "tcp:8132"),
        "kubelets and pods call the API server (443), konnectivity agents keep its tunnel open (8132)",
        accounts,
        by,
    )
    yield Flow(
        "google-apis",
        True,
        f"Google's APIs at the {net.vip} addresses",
        VIPS.get(net.vip, ()),
        ("tcp:443",),
        "images, logs, metrics, tokens, keys, buckets, mirrors in Artifact Registry, and the control plane's DNS name",
        accounts,
        by,
    )
    mesh = "Ray's processes talk from pod to pod; services and cluster DNS are reached by their own addresses"
    ranges = _known(net.nodes_cidr, net.pods_cidr)
    yield Flow("mesh-out", True, "nodes and pods", ranges, MESH, mesh, accounts, by)
    yield Flow(
        "metadata",
        True,
        "metadata server and Cloud DNS",
        ("169.254.169.254/32", "169.254.169.252/32"),
        ("tcp:80", "tcp:53", "udp:53"),
        "tokens of Workload Identity and names; no firewall rule of Google Cloud filters this address",
        accounts,
        "Google",
        filtered=False,
    )
    if net.nat:
        why = "images and packages from outside Google, through Cloud NAT"
        fields = (f"target.gke.network.{net.kind}.nat",)
        yield Flow(
            "internet", True, "the internet", public_ranges(), ("tcp:443",), why, accounts, by, False, fields=fields
        )
    yield from _elsewhere(resolution, accounts)


def _elsewhere(resolution: ClusterResolution, accounts: tuple[str, ...]) -> Iterator[Flow]:
    """What the spec names by host: the package mirror, and external Redis of tenants."""
    index = resolution.kubernetes.pip_index
    if index is not None and not at_google(host_and_port(index, 443)[0]):
        host, port = host_and_port(index, 443)
        why = "packages come from the organisation's own mirror, because there is no NAT"
        yield _named("pip-mirror", host, port, why, accounts, ("images.pipIndex",))
    for number, tenant in enumerate(resolution.platform.tenants):
        kinds = (tenant.clusters, tenant.services, tenant.jobs)
        pods = [item.pods for kind in kinds for item in kind]
        hosts = [made.fault_tolerance.redis for made in pods if made.fault_tolerance is not None]
        for redis in dict.fromkeys(hosts):
            host, port = host_and_port(redis, REDIS_PORT)
            if not in_cluster(host):
                why = f"the state of tenant {tenant.name}'s head survives it in Redis"
                yield _named(f"redis-{tenant.name}", host, port, why, accounts, (f"tenants.{number}",))


def _named(name: str, host: str, port: int, why: str, accounts: tuple[str, ...], fields: tuple[str, ...]) -> Flow:
    try:
        ranges: tuple[str, ...] = (str(IPv4Network(str(ip_address(host)))),)
    except ValueError:
        ranges = ()
    return Flow(name, True, host, ranges, (f"tcp:{port}",), why, accounts, "rayfence's rules", fields=fields)
