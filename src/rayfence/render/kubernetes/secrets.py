"""Which Secrets a platform's gateways and sidecars need: requests, in the order in which they are made.

Two authorities for each tenant, both in the gateway's namespace and in no pod: who may create Ray objects can read
every Secret where Ray runs, so nothing that signs lies there. The front's certifies hosts that people and programs see,
the inner one the gateway and the sidecars of heads, and each only names of its own tenant.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind, TokenSource
from rayfence.model.tenancy import ClusterTenant
from rayfence.render.kubernetes.gateway.hosts import certificate_names
from rayfence.render.kubernetes.gateway.settings import sidecar_host
from rayfence.render.kubernetes.gateway.site import Site, site_of
from rayfence.render.kubernetes.names import GATEWAY_AUTHORITY, gateway_identity, gateway_namespace, kuberay_name
from rayfence.render.kubernetes.operator.features import names_tokens
from rayfence.render.kubernetes.workloads.listing import Kind, Workload, workloads
from rayfence.render.kubernetes.workloads.tokens import token_secret

FRONT_AUTHORITY: Final = "authority-front"
INNER_AUTHORITY: Final = "authority-inner"
_DAY: Final = 24
#: An apply renews: whoever applies once a month never meets an expired leaf.
_LEAF: Final = (90 * _DAY, 45 * _DAY)
_AUTHORITY: Final = (5 * 365 * _DAY, 365 * _DAY)
_SIGNING: Final = (180 * _DAY, 90 * _DAY)


def secret_requests(resolution: ClusterResolution) -> tuple[ClusterSecret, ...]:
    """Every Secret that apply makes; none without the gateway's image."""
    if resolution.platform.images.gateway is None:
        return ()
    return tuple(found for tenant in resolution.platform.tenants for found in _tenant(tenant, resolution))


def _tenant(tenant: ClusterTenant, resolution: ClusterResolution) -> Iterator[ClusterSecret]:
    site, home = site_of(tenant, resolution), gateway_namespace(tenant.name)
    if not site.objects:
        return
    yield from _authorities(site, home)
    front = FRONT_AUTHORITY
    yield ClusterSecret(
        ClusterSecretKind.CERTIFICATE, home, GATEWAY_AUTHORITY, ("clients",), authority=front, authority_namespace=home
    )
    names = certificate_names(site)
    yield _leaf(home, "gateway-tls", home, FRONT_AUTHORITY, names, ("Envoy of the gateway",), server=True)
    peers = (gateway_identity(tenant.name),)
    consumers = ("Envoy of the gateway", "the gateway service")
    yield _leaf(home, "gateway-client-tls", home, INNER_AUTHORITY, peers, consumers, client=True)
    service = ("the gateway service",)
    signing, life, renew = ClusterSecretKind.SIGNING_KEYS, *_SIGNING
    yield ClusterSecret(signing, home, "gateway-signing-keys", service, hours=life, renew_before=renew)
    yield ClusterSecret(ClusterSecretKind.STAMP_KEYS, home, "gateway-stamp-keys", service)
    for workload in workloads(tenant):
        label = workload.label
        host = (sidecar_host(tenant.name, label),)
        consumer = (f"the sidecar of {label}'s head",)
        yield _leaf(tenant.name, f"sidecar-{label}", home, INNER_AUTHORITY, host, consumer, server=True)
        if names_tokens(resolution.kubernetes):
            pods = (f"Ray's pods of {label}", "KubeRay")
            yield ClusterSecret(ClusterSecretKind.RAY_TOKEN, tenant.name, token_secret(workload), pods)
    sources = tuple(_sources(tenant, resolution))
    yield ClusterSecret(ClusterSecretKind.RAY_TOKENS, home, "gateway-ray-tokens", consumers, sources=sources)


def _authorities(site: Site, home: str) -> Iterator[ClusterSecret]:
    """Names are permitted with everything below them."""
    public = () if site.public is None else (site.public.rstrip("."),)
    front = (f"{home}.svc", f"{home}.svc.cluster.local", *public)
    inner = (f"{home}.svc", f"{site.tenant}.svc")
    for name, names in ((FRONT_AUTHORITY, front), (INNER_AUTHORITY, inner)):
        yield ClusterSecret(
            ClusterSecretKind.AUTHORITY, home, name, (), hours=_AUTHORITY[0], renew_before=_AUTHORITY[1], names=names
        )


def _leaf(
    namespace: str,
    name: str,
    home: str,
    authority: str,
    names: tuple[str, ...],
    consumers: tuple[str, ...],
    *,
    server: bool = False,
    client: bool = False,
) -> ClusterSecret:
    return ClusterSecret(
        ClusterSecretKind.LEAF,
        namespace,
        name,
        consumers,
        hours=_LEAF[0],
        renew_before=_LEAF[1],
        authority=authority,
        authority_namespace=home,
        names=names,
        server=server,
        client=client,
    )


def _sources(tenant: ClusterTenant, resolution: ClusterResolution) -> Iterator[TokenSource]:
    """Below KubeRay 1.6 the operator makes and names tokens: those of jobs and services at random, so not these."""
    for workload in workloads(tenant):
        name = _original(workload, resolution)
        if name:
            yield TokenSource(workload.label, tenant.name, name)


def _original(workload: Workload, resolution: ClusterResolution) -> str:
    if names_tokens(resolution.kubernetes):
        return token_secret(workload)
    return kuberay_name(workload.name) if workload.kind is Kind.CLUSTER else ""
