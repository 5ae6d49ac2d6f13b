"""Names that the load balancer's Kubernetes objects refer to: they are how the Gateway finds what stands here."""

from rayfence.model.frozen import dataclass
from rayfence.model.gke import IapExposure, IapScope
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.values import label


@dataclass(frozen=True, slots=True)
class DashboardNames:
    """Short names in the platform's project. `certificates`: the map of a global, else the certificate itself."""

    address: str
    certificates: str
    ssl_policy: str


@dataclass(frozen=True, slots=True)
class LoadBalancer:
    """`address`: its name; `label`: Terraform's; `hosts` that resolve to it, without a final dot."""

    address: str
    label: str
    hosts: tuple[str, ...]


def dashboard_names(settings: GkeSettings) -> DashboardNames:
    """The three names, made of the cluster's."""
    base = f"{settings.cluster}-dashboard"
    return DashboardNames(address=base, certificates=base, ssl_policy=f"{settings.cluster}-tls")


def tenant_hosts(tenant: str, iap: IapExposure) -> tuple[str, ...]:
    """Hosts of a tenant's API, dashboard and log-in, as the load balancer's Kubernetes objects have them."""
    host = iap.host.rstrip(".")
    return f"{tenant}.{host}", f"{tenant}-dashboard.{host}", f"{tenant}-login.{host}"


def balancers(settings: GkeSettings, iap: IapExposure, tenants: tuple[str, ...]) -> tuple[LoadBalancer, ...]:
    """One load balancer for all tenants; with the article's Ingress one for each, where there are several."""
    base = dashboard_names(settings).address
    if iap.legacy_ingress and len(tenants) > 1:
        return tuple(
            LoadBalancer(f"{base}-{name}", label("dashboard", name), tenant_hosts(name, iap)) for name in tenants
        )
    return (LoadBalancer(base, "dashboard", (f"*.{iap.host.rstrip('.')}",)),)


def worldwide(iap: IapExposure) -> bool:
    """Whether the load balancer is a global one; Ingress knows no other."""
    return iap.scope is IapScope.GLOBAL or iap.legacy_ingress
