"""A notebook instance inside the network: no external address, an account of its own without rights, one owner.

Source: Notebooks API v2, `instances.create`; provider google 6.50, `google_workbench_instance`.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import Confidential, Workbench
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.identity.accounts import account_id, account_resource
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import (
    account_email,
    enabled,
    grants,
    key_name,
    labels,
    network,
    node_tag,
    project,
    subnetwork,
)

#: Can encrypt its memory with SEV where the organisation wants that.
MACHINE: Final = "n2d-standard-4"
METADATA: Final = {
    "block-project-ssh-keys": "true",
    "notebook-disable-root": "true",
    "serial-port-logging-enable": "false",
}


def workbench_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Account and instance; nothing where the spec has none."""
    return tuple(_made(settings, settings.workbench)) if settings.workbench is not None else ()


def encrypted_memory(settings: GkeSettings) -> bool:
    """Whether everything else here encrypts its memory: then the notebook does too."""
    pools = settings.pools
    return settings.confidential_cluster is not None or (bool(pools) and all(pool.confidential for pool in pools))


def _made(settings: GkeSettings, wanted: Workbench) -> Iterator[CloudResource]:
    short = account_id("workbench", wanted.name)
    yield account_resource(settings, short, f"notebook {wanted.name}")
    key, email = key_name(settings), account_email(settings, short)
    kind = Confidential.SEV.value if encrypted_memory(settings) else None
    yield resource(
        "notebooks.googleapis.com/Instance",
        wanted.name,
        "google_workbench_instance.platform",
        "workbench",
        body={
            "name": f"projects/{settings.project}/locations/{wanted.zone}/instances/{wanted.name}",
            "instanceOwners": [wanted.owner],
            "gceSetup": {
                "machineType": MACHINE,
                "disablePublicIp": True,
                "enableIpForwarding": False,
                "networkInterfaces": [{"network": network(settings), "subnet": subnetwork(settings)}],
                "serviceAccounts": [{"email": email}],
                "bootDisk": {"diskEncryption": "CMEK" if key else "GMEK", "kmsKey": key},
                "dataDisks": [{"diskEncryption": "CMEK" if key else "GMEK", "kmsKey": key}],
                "shieldedInstanceConfig": {
                    "enableSecureBoot": True,
                    "enableVtpm": True,
                    "enableIntegrityMonitoring": True,
                },
                "confidentialInstanceConfig": {"confidentialInstanceType": kind} if kind else None,
                "metadata": METADATA,
                "tags": [node_tag(settings)],
            },
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "name": wanted.name,
            "location": wanted.zone,
            "instance_owners": [wanted.owner],
            "gce_setup": {
                "machine_type": MACHINE,
                "disable_public_ip": True,
                "enable_ip_forwarding": False,
                "network_interfaces": [{"network": network(settings), "subnet": subnetwork(settings)}],
                "service_accounts": [{"email": email}],
                "boot_disk": {"disk_encryption": "CMEK" if key else "GMEK", "kms_key": key},
                "data_disks": {"disk_encryption": "CMEK" if key else "GMEK", "kms_key": key},
                "shielded_instance_config": {
                    "enable_secure_boot": True,
                    "enable_vtpm": True,
                    "enable_integrity_monitoring": True,
                },
                "confidential_instance_config": {"confidential_instance_type": kind} if kind else None,
                "metadata": METADATA,
                "tags": [node_tag(settings)],
            },
            "labels": labels(settings),
        },
        after=(*enabled(settings, "notebooks", "compute"), *grants(settings.key)),
        irreversible="zone, network, account and key",
        costs=f"one {MACHINE} while it runs, its disks always",
    )
