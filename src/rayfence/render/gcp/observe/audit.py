"""Audit logs of the project: reads and writes of data too, for every service, without exempted members.

Terraform's object is authoritative per service, not for the whole policy. Source: Cloud Audit Logs, "Configure Data
Access audit logs"; Resource Manager API, `AuditConfig`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import project
from rayfence.render.gcp.values import label

#: Two by name beside all: who narrows `allServices` one day does not lose Kubernetes reads and IAP requests with it.
SERVICES: Final = ("allServices", "container.googleapis.com", "iap.googleapis.com")
KINDS: Final = ("ADMIN_READ", "DATA_READ", "DATA_WRITE")


def audit_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One audit configuration per service."""
    return tuple(
        resource(
            "cloudresourcemanager.googleapis.com/AuditConfig",
            service,
            f"google_project_iam_audit_config.{label(service)}",
            "observability",
            body={"auditConfigs": [{"service": service, "auditLogConfigs": [{"logType": kind} for kind in KINDS]}]},
            attributes={
                "project": project(settings),
                "service": service,
                "audit_log_config": [{"log_type": kind} for kind in KINDS],
            },
            costs="audit logs of data access, by volume",
        )
        for service in SERVICES
    )
