"""Node pools of a Standard cluster.

Source: Kubernetes Engine API v1, `NodePool`; provider google 6.50, `google_container_node_pool`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import GkeMode
from rayfence.model.gke_settings import GkeSettings, PoolSettings
from rayfence.render.gcp.cluster.nodeconfig import api_node_config, terraform_node_config
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import grants, location, project
from rayfence.render.gcp.values import label, reference

GROUP: Final = "cluster"


def node_pool_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One object per pool; none on Autopilot, where GKE makes nodes."""
    if settings.mode is GkeMode.AUTOPILOT:
        return ()
    return tuple(_pool(settings, pool) for pool in settings.pools)


def initial_per_zone(pool: PoolSettings) -> int:
    """Nodes each zone starts with: the minimum spread over the zones, never above the maximum."""
    zones = max(1, len(pool.zones))
    spread = -(-pool.min_nodes // zones)
    return spread if spread * zones <= pool.max_nodes else pool.min_nodes // zones


def surge(pool: PoolSettings) -> tuple[int, int]:
    """(surge, unavailable) nodes of an upgrade: spare GPUs are rarely to be had, so there one is taken out first."""
    return (0, 1) if pool.gpu else (1, 0)


def costs(pool: PoolSettings) -> str:
    """Why the pool costs money while nobody uses it."""
    gpu = f" with {pool.gpu.count} {pool.gpu.kind} each" if pool.gpu else ""
    idle = f"{pool.min_nodes} {pool.machine_type}{gpu} always on" if pool.min_nodes else ""
    most = f"up to {pool.max_nodes} {pool.machine_type}{gpu} under load" if pool.max_nodes > pool.min_nodes else ""
    return ", ".join(filter(None, (idle, most)))


def _pool(settings: GkeSettings, pool: PoolSettings) -> CloudResource:
    return resource(
        "container.googleapis.com/NodePool",
        pool.name,
        f"google_container_node_pool.{label(pool.name)}",
        GROUP,
        body=_body(settings, pool),
        attributes=_attributes(settings, pool),
        after=(*grants(settings.key), "google_project_iam_member." + label("node", pool.account_id))
        if pool.account_made
        else grants(settings.key),
        # The provider would replace the pool when only the number it started with is edited.
        ignored=("initial_node_count",),
        irreversible="machine type, disk, account and confidentiality: another value makes another pool",
        costs=costs(pool),
    )


def _body(settings: GkeSettings, pool: PoolSettings) -> Mapping[str, object]:
    most, unavailable = surge(pool)
    return {
        "name": pool.name,
        "locations": pool.zones,
        "initialNodeCount": initial_per_zone(pool),
        "config": api_node_config(settings, pool),
        "autoscaling": {
            "enabled": True,
            "totalMinNodeCount": pool.min_nodes,
            "totalMaxNodeCount": pool.max_nodes,
            "locationPolicy": _location_policy(pool),
        },
        "management": {"autoRepair": True, "autoUpgrade": True},
        "networkConfig": {"enablePrivateNodes": True, "podRange": settings.network.pods_range},
        "upgradeSettings": {"strategy": "SURGE", "maxSurge": most, "maxUnavailable": unavailable},
    }


def _attributes(settings: GkeSettings, pool: PoolSettings) -> Mapping[str, object]:
    most, unavailable = surge(pool)
    return {
        "provider": "google-beta" if pool.sandbox else None,
        "project": project(settings),
        "location": location(settings),
        "cluster": reference("google_container_cluster.platform.id", settings.cluster),
        "name": pool.name,
        "node_locations": pool.zones,
        "initial_node_count": initial_per_zone(pool),
        "node_config": terraform_node_config(settings, pool),
        # Totals, not numbers per zone: they are what capacity was reckoned with.
        "autoscaling": {
            "total_min_node_count": pool.min_nodes,
            "total_max_node_count": pool.max_nodes,
            "location_policy": _location_policy(pool),
        },
        "management": {"auto_repair": True, "auto_upgrade": True},
        "network_config": {"enable_private_nodes": True, "pod_range": settings.network.pods_range},
        "upgrade_settings": {"strategy": "SURGE", "max_surge": most, "max_unavailable": unavailable},
    }


def _location_policy(pool: PoolSettings) -> str:
    return "ANY" if pool.gpu or pool.spot else "BALANCED"
