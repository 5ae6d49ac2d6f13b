"""The project itself: made or referenced, its services, its audit configuration."""

from rayfence.render.gcp.project.project import project_resources
from rayfence.render.gcp.project.services import service_resources

__all__ = ["project_resources", "service_resources"]
