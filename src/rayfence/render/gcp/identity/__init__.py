"""Accounts of nodes, what each tenant's pods may use of Google Cloud, and what people and pipelines may do."""

from rayfence.render.gcp.identity.nodes import node_account_resources
from rayfence.render.gcp.identity.people import people_resources
from rayfence.render.gcp.identity.tenants import tenant_resources

__all__ = ["node_account_resources", "people_resources", "tenant_resources"]
