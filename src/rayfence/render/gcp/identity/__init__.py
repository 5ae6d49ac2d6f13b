"""Accounts of nodes, and what each tenant's pods may use of Google Cloud."""

from rayfence.render.gcp.identity.nodes import node_account_resources
from rayfence.render.gcp.identity.tenants import tenant_resources

__all__ = ["node_account_resources", "tenant_resources"]
