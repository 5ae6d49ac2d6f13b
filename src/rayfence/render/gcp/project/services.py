"""The APIs that the platform switches on in its project.

Source: Service Usage API v1, `services.enable`. A service is never switched off again when the platform goes: others
may use it by then.
"""

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import project, service_address


def service_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One object per service, in the order of their names."""
    return tuple(
        resource(
            "serviceusage.googleapis.com/Service",
            service,
            service_address(service),
            "project",
            body={"name": f"projects/{settings.project}/services/{service}"},
            attributes={
                "project": project(settings),
                "service": service,
                "disable_on_destroy": False,
                "disable_dependent_services": False,
            },
        )
        for service in sorted(set(settings.services))
    )
