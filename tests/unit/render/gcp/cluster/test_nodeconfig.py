"""Nodes: hardened in both forms alike."""

from dataclasses import replace

from rayfence.render.gcp.cluster.nodeconfig import (
    api_node_config,
    disk_type,
    metadata,
    metadata_mode,
    taints,
    terraform_node_config,
)
from rayfence.render.gcp.values import literal, template
from tests.unit.render.gcp.settings import BARE, EXTERNAL, GPU_POOL, STANDARD, pool


def forms(settings: object = STANDARD, made: object = None) -> tuple[dict[str, object], dict[str, object]]:
    chosen = made or pool("system")
    api, terraform = literal(api_node_config(settings, chosen)), template(terraform_node_config(settings, chosen))  # type: ignore[arg-type]
    assert isinstance(api, dict) and isinstance(terraform, dict)
    return api, terraform


def test_every_hardening_stands_in_both_forms() -> None:
    api, terraform = forms()
    assert api["shieldedInstanceConfig"] == {"enableSecureBoot": True, "enableIntegrityMonitoring": True}
    assert terraform["shielded_instance_config"] == {"enable_secure_boot": True, "enable_integrity_monitoring": True}
    assert api["workloadMetadataConfig"] == terraform["workload_metadata_config"] == {"mode": "GKE_METADATA"}
    assert api["kubeletConfig"] == {"insecureKubeletReadonlyPortEnabled": False}
    assert terraform["kubelet_config"] == {"insecure_kubelet_readonly_port_enabled": "FALSE"}
    assert api["confidentialNodes"] == {"enabled": True, "confidentialInstanceType": "SEV"}
    assert terraform["boot_disk_kms_key"] == "${google_kms_crypto_key.platform.id}"
    assert terraform["service_account"] == "${google_service_account.ray-system.email}"
    assert api["tags"] == terraform["tags"] == ["ray-nodes"]


def test_gpus_taints_spot_and_sandbox() -> None:
    api, terraform = forms(EXTERNAL, replace(EXTERNAL.pools[1], spot=True))
    assert terraform["guest_accelerator"] == [
        {"type": "nvidia-l4", "count": 1, "gpu_driver_installation_config": {"gpu_driver_version": "DEFAULT"}}
    ]
    assert terraform["taint"] == [{"key": "rayfence.dev/tenant", "value": "vision", "effect": "NO_SCHEDULE"}]
    assert api["spot"] is terraform["spot"] is True
    assert api["sandboxConfig"] == {"type": "GVISOR"} and terraform["sandbox_config"] == {"sandbox_type": "gvisor"}
    assert taints(replace(GPU_POOL, taints=(("a", "b", "NO_EXECUTE"),))) == [("a", "b", "NO_EXECUTE")]


def test_the_metadata_server_is_the_nodes_only_by_name() -> None:
    assert metadata_mode(STANDARD, replace(GPU_POOL, node_identity=True)) == "GCE_METADATA"
    assert metadata_mode(BARE, GPU_POOL) == "GCE_METADATA"
    assert metadata(replace(GPU_POOL, metadata={"disable-legacy-endpoints": "false"})) == {
        "disable-legacy-endpoints": "true"
    }


def test_disks_that_a_machine_can_boot_from() -> None:
    assert disk_type("n2d-standard-8") == "pd-balanced"
    assert disk_type("c4-standard-8") == "hyperdisk-balanced"
