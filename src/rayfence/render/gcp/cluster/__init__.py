"""The GKE cluster and its node pools."""

from rayfence.render.gcp.cluster.cluster import cluster_resource
from rayfence.render.gcp.cluster.nodepool import node_pool_resources
from rayfence.render.gcp.cluster.notifications import notification_resources

__all__ = ["cluster_resource", "node_pool_resources", "notification_resources"]
