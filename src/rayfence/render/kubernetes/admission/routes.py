"""A guard over routes to the shared load balancer: a gateway's namespace serves its own tenant's hosts only.

The load balancer's listener takes routes from every gateway namespace, so without this one of them could claim the
host of another tenant and see its log-ins. Source: gateway.networking.k8s.io/v1 HTTPRoute.
"""

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.render.kubernetes.admission.cel import text
from rayfence.render.kubernetes.admission.policies import Guard, Rule, Subject
from rayfence.render.kubernetes.names import TENANT


def routes_guard(resolution: ClusterResolution) -> tuple[Guard, ...]:
    """The guard; none where there is no shared load balancer."""
    gke = resolution.gke
    if gke is None or gke.iap is None or gke.iap.legacy_ingress:
        return ()
    tenant = f"namespaceObject.metadata.labels[{text(TENANT)}]"
    parent = gke.iap.host.rstrip(".")
    hosts = ", ".join(f"{tenant} + {text(f'{suffix}.{parent}')}" for suffix in ("", "-dashboard", "-login"))
    named = "has(object.spec.hostnames) && size(object.spec.hostnames) > 0"
    return (
        Guard(
            "routes",
            (Subject("gateway.networking.k8s.io", ("httproutes",)),),
            (
                Rule(
                    f"{named} && object.spec.hostnames.all(h, h in variables.hosts)",
                    "a gateway's namespace serves the hosts of its own tenant only, each by name",
                ),
            ),
            variables=(("hosts", f"[{hosts}]"),),
            roles=("tenant", "gateway"),
        ),
    )
