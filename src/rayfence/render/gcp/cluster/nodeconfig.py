"""The configuration of nodes, in both forms: of each pool, and of the pool that exists while a cluster is being made.

Leaves out: counts, places and upgrades of a pool (`nodepool`). Source: Kubernetes Engine API v1, `NodeConfig`;
provider google 6.50, `node_config`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.gke_settings import GkeSettings, PoolSettings
from rayfence.render.gcp.site import key_name, labels, node_tag, pool_account

#: With an account of its own, roles bound what a node may do; scopes are a legacy and only cut APIs off.
SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
#: The file of taint effects: the API's names are Kubernetes' in capitals.
EFFECTS: Final = {
    "NoSchedule": "NO_SCHEDULE",
    "PreferNoSchedule": "PREFER_NO_SCHEDULE",
    "NoExecute": "NO_EXECUTE",
}
#: Machine families without persistent disks. Source: Compute Engine, "Machine families", disk support.
HYPERDISK_ONLY: Final = frozenset({"a4", "a4x", "c4", "c4a", "c4d", "m4", "n4", "n4a", "n4d", "x4"})
#: Never with a spec's own metadata: old endpoints of the metadata server answer without the required header.
METADATA: Final = {"disable-legacy-endpoints": "true"}


def disk_type(machine_type: str) -> str:
    """The balanced disk that a machine type can boot from."""
    return "hyperdisk-balanced" if machine_type.partition("-")[0] in HYPERDISK_ONLY else "pd-balanced"


def metadata_mode(settings: GkeSettings, pool: PoolSettings) -> str:
    """What pods see of the node's metadata: GKE's own server, unless they are to act as the node."""
    return "GCE_METADATA" if pool.node_identity or settings.workload_pool is None else "GKE_METADATA"


def metadata(pool: PoolSettings) -> dict[str, str]:
    """Instance metadata: what policy asks for, and the legacy endpoints off."""
    return {**pool.metadata, **METADATA}


def taints(pool: PoolSettings) -> list[tuple[str, str, str]]:
    """(key, value, effect in the API's words)."""
    return [(key, value, EFFECTS.get(effect, effect)) for key, value, effect in pool.taints]


def api_node_config(settings: GkeSettings, pool: PoolSettings) -> Mapping[str, object]:
    """`NodeConfig` of the API."""
    gpu, confidential = pool.gpu, pool.confidential
    return {
        "machineType": pool.machine_type,
        "diskSizeGb": pool.disk_gib,
        "diskType": disk_type(pool.machine_type),
        "imageType": pool.image_type,
        "serviceAccount": pool_account(settings, pool),
        "oauthScopes": SCOPES,
        "labels": dict(pool.labels),
        "resourceLabels": labels(settings),
        "metadata": metadata(pool),
        "tags": [node_tag(settings)],
        "taints": [{"key": key, "value": value, "effect": effect} for key, value, effect in taints(pool)] or None,
        "spot": True if pool.spot else None,
        "bootDiskKmsKey": key_name(settings),
        "shieldedInstanceConfig": {
            "enableSecureBoot": settings.shielded,
            "enableIntegrityMonitoring": settings.shielded,
        },
        "workloadMetadataConfig": {"mode": metadata_mode(settings, pool)},
        "kubeletConfig": {"insecureKubeletReadonlyPortEnabled": False},
        # `enabled` beside the type: constraints read either.
        "confidentialNodes": (
            {"enabled": True, "confidentialInstanceType": confidential.value} if confidential else None
        ),
        "accelerators": (
            [
                {
                    "acceleratorType": gpu.kind,
                    "acceleratorCount": str(gpu.count),
                    "gpuDriverInstallationConfig": {"gpuDriverVersion": "DEFAULT"},
                }
            ]
            if gpu
            else None
        ),
        "sandboxConfig": {"type": "GVISOR"} if pool.sandbox else None,
        "gvnic": {"enabled": True},
        "loggingConfig": {"variantConfig": {"variant": "DEFAULT"}},
    }


def terraform_node_config(settings: GkeSettings, pool: PoolSettings) -> Mapping[str, object]:
    """The provider's `node_config`."""
    gpu, confidential = pool.gpu, pool.confidential
    return {
        "machine_type": pool.machine_type,
        "disk_size_gb": pool.disk_gib,
        "disk_type": disk_type(pool.machine_type),
        "image_type": pool.image_type,
        "service_account": pool_account(settings, pool),
        "oauth_scopes": SCOPES,
        "labels": dict(pool.labels),
        "resource_labels": labels(settings),
        "metadata": metadata(pool),
        "tags": [node_tag(settings)],
        "taint": [{"key": key, "value": value, "effect": effect} for key, value, effect in taints(pool)] or None,
        "spot": True if pool.spot else None,
        "boot_disk_kms_key": key_name(settings),
        "shielded_instance_config": {
            "enable_secure_boot": settings.shielded,
            "enable_integrity_monitoring": settings.shielded,
        },
        "workload_metadata_config": {"mode": metadata_mode(settings, pool)},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},  # a string, says the provider
        "confidential_nodes": (
            {"enabled": True, "confidential_instance_type": confidential.value} if confidential else None
        ),
        "guest_accelerator": (
            [
                {
                    "type": gpu.kind,
                    "count": gpu.count,
                    "gpu_driver_installation_config": {"gpu_driver_version": "DEFAULT"},
                }
            ]
            if gpu
            else None
        ),
        # Known to the provider google-beta only, which `nodepool` asks for.
        "sandbox_config": {"sandbox_type": "gvisor"} if pool.sandbox else None,
        "gvnic": {"enabled": True},
        "logging_variant": "DEFAULT",
    }
