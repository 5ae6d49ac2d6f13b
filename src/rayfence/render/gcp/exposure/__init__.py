"""How people reach the dashboard by Identity-Aware Proxy: address, names, certificates, TLS policy, who may pass."""

from rayfence.render.gcp.exposure.address import address_resources
from rayfence.render.gcp.exposure.certificates import certificate_resources
from rayfence.render.gcp.exposure.iap import iap_resources, iap_variables
from rayfence.render.gcp.exposure.names import DashboardNames, dashboard_names
from rayfence.render.gcp.exposure.zone import name_resources

__all__ = [
    "DashboardNames",
    "address_resources",
    "certificate_resources",
    "dashboard_names",
    "iap_resources",
    "iap_variables",
    "name_resources",
]
