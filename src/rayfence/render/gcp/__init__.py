"""Google Cloud objects of a platform, and their Terraform files."""

from rayfence.render.gcp.exposure import DashboardNames, dashboard_names
from rayfence.render.gcp.render import render
from rayfence.render.gcp.terraform import terraform_files

__all__ = ["DashboardNames", "dashboard_names", "render", "terraform_files"]
