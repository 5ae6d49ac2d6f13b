"""Names by which a tenant's gateway is reached: the caller chooses a Ray object by host name.

Why not by path: Ray's dashboard, its command line and Ray Client know hosts only. Inside the cluster each Ray object
has a Service in the gateway's namespace for its API (`cluster-train`) and one for its dashboard (`d-cluster-train`),
all of the same pods; the log-in is at `gateway`. Through the load balancer the tenant's main Ray object is reached by
the tenant's hosts, and no other. See docs/adr/0013-a-host-for-each-ray-object.md.
"""

from typing import Final

from rayfence.model.gateway import Hosts
from rayfence.model.gke import IapExposure
from rayfence.render.kubernetes.exposure.iap import tenant_hosts
from rayfence.render.kubernetes.gateway.site import RayObject, Site
from rayfence.render.kubernetes.names import gateway_namespace

#: Service of the log-in host, and of the gateway as a whole.
LOGIN: Final = "gateway"
#: Begins the name of a dashboard's Service. One letter: a workload's label may have 61, and a name 63.
_DASHBOARD: Final = "d-"
#: What the cluster's DNS appends; a cluster with another domain is reached by the short names.
_DOMAIN: Final = ".cluster.local"


def host_services(site: Site) -> tuple[str, ...]:
    """Names of the Services besides `gateway`."""
    return tuple(name for one in site.objects for name in (one.label, f"{_DASHBOARD}{one.label}"))


def hosts_of(site: Site, one: RayObject) -> Hosts:
    """Hosts of one Ray object. No two of a tenant's share one: labels begin with their kind."""
    api = _names(site, one.label)
    dashboard, login = _names(site, f"{_DASHBOARD}{one.label}")[0], _names(site, LOGIN)
    if site.public is None:
        return Hosts(api, dashboard, login[0], login[1:])
    public = tenant_hosts(site.tenant, IapExposure(site.public, ()))
    if one != site.objects[0]:
        return Hosts(api, dashboard, public[2], login)
    return Hosts((public[0], *api), public[1], public[2], login)


def certificate_names(site: Site) -> tuple[str, ...]:
    """Every name that the front's certificate must bear."""
    found: dict[str, None] = {}
    for one in site.objects:
        hosts = hosts_of(site, one)
        found |= dict.fromkeys((*hosts.api, hosts.dashboard, *hosts.logins))
    return tuple(found)


def _names(site: Site, service: str) -> tuple[str, str]:
    name = f"{service}.{gateway_namespace(site.tenant)}.svc"
    return name, f"{name}{_DOMAIN}"
