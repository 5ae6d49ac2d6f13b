"""The notebook: no external address, key on both disks, encrypted memory where everything else has it."""

from dataclasses import replace

from rayfence.render.gcp.workbench import encrypted_memory, workbench_resources
from tests.unit.render.gcp.settings import STANDARD, pool


def test_a_notebook_has_no_external_address_and_no_rights() -> None:
    account, instance = workbench_resources(STANDARD)
    setup = instance.attributes["gce_setup"]
    assert isinstance(setup, dict)
    assert setup["disable_public_ip"] is True
    assert (
        setup["boot_disk"]
        == setup["data_disks"]
        == {
            "disk_encryption": "CMEK",
            "kms_key": "${google_kms_crypto_key.platform.id}",
        }
    )
    assert account.block == "google_service_account"
    assert instance.attributes["instance_owners"] == ["ana@acme.com"]
    assert workbench_resources(replace(STANDARD, workbench=None)) == ()


def test_memory_is_encrypted_where_all_nodes_encrypt_theirs() -> None:
    assert not encrypted_memory(STANDARD)  # the GPU pool can't
    assert encrypted_memory(replace(STANDARD, pools=(pool("system"),)))
