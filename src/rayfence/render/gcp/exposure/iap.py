"""Who may pass the Identity-Aware Proxy: bindings on each tenant's own backend service, never on the project.

The load balancer's controller makes and names the backend services once the Gateway runs. So the bindings are a second
stage: the variable `iap_backend_services` is empty at first, and each name in it gets the bindings.
Source: IAP, "Managing access"; provider google 6.50, `google_iap_web_backend_service_iam_member`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.exposure.names import worldwide
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, project, region
from rayfence.render.gcp.values import label, reference

ACCESSOR: Final = "roles/iap.httpsResourceAccessor"
VARIABLE: Final = "iap_backend_services"


def iap_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One binding per member of `allow`, for each backend service of the variable."""
    iap = settings.iap
    if iap is None:
        return ()
    wide = worldwide(iap)
    kind = "google_iap_web_backend_service" if wide else "google_iap_web_region_backend_service"
    backend = reference("each.value", "of each tenant")
    return tuple(
        resource(
            "iam.googleapis.com/AllowPolicy",
            f"dashboard {member}",
            f"{kind}_iam_member.{label(member)}",
            "exposure",
            body={"bindings": [{"role": ACCESSOR, "members": [member]}]},
            attributes={
                "for_each": reference(f"var.{VARIABLE}", ""),
                "project": project(settings),
                "region": None if wide else region(settings),
                ("web_backend_service" if wide else "web_region_backend_service"): backend,
                "role": ACCESSOR,
                "member": member,
            },
            after=enabled(settings, "iap"),
        )
        for member in dict.fromkeys(iap.allow)
    )


def iap_variables(settings: GkeSettings) -> Mapping[str, Mapping[str, object]]:
    """The variable of the second stage; none without IAP."""
    if settings.iap is None:
        return {}
    return {
        VARIABLE: {
            "type": "map(string)",
            "default": {},
            "description": "Tenant to the name of its backend service, once the Gateway runs. Empty before that.",
        }
    }
