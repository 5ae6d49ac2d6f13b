"""Every setting of a platform decided, each with value, reason and source."""

from rayfence.policy.cluster import refuse_cluster_conflicts, resolve_cluster
from rayfence.policy.resolve import refuse_conflicts, resolve

__all__ = ["refuse_cluster_conflicts", "refuse_conflicts", "resolve", "resolve_cluster"]
