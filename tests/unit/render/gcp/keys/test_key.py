"""Keys of each protection."""

from dataclasses import replace

import pytest

from rayfence.model.gke import Protection
from rayfence.render.gcp.keys.key import key_resources
from tests.unit.render.gcp.settings import EXISTING_KEY, EXTERNAL, EXTERNAL_VPC, HSM, STANDARD


@pytest.mark.parametrize("protection", [Protection.SOFTWARE, Protection.HSM])
def test_keys_of_ours_rotate_and_are_never_destroyed(protection: Protection) -> None:
    ring, key = key_resources(replace(STANDARD, key=replace(HSM, protection=protection)))
    assert ring.attributes["lifecycle"] == key.attributes["lifecycle"] == {"prevent_destroy": True}
    assert key.attributes["rotation_period"] == key.body["rotationPeriod"] == "7776000s"
    assert key.attributes["version_template"] == {
        "algorithm": "GOOGLE_SYMMETRIC_ENCRYPTION",
        "protection_level": protection.value,
    }
    assert key.attributes["key_ring"] == "${google_kms_key_ring.platform.id}"
    assert ring.irreversible and key.irreversible and key.costs


def test_an_external_key_names_the_outside_key_and_does_not_rotate_here() -> None:
    _, key, version = key_resources(EXTERNAL)
    assert "rotation_period" not in key.attributes and key.attributes["skip_initial_version_creation"] is True
    options = version.attributes["external_protection_level_options"]
    assert options == {"external_key_uri": "https://ekm.acme.com/v0/key"}


def test_an_external_key_by_vpc_goes_through_the_connection() -> None:
    _, key, version = key_resources(EXTERNAL_VPC)
    assert key.attributes["crypto_key_backend"] == key.body["cryptoKeyBackend"] == "projects/k/x/y"
    assert version.attributes["external_protection_level_options"] == {"ekm_connection_key_path": "v0/key"}


def test_existing_keys_are_not_made() -> None:
    assert key_resources(EXISTING_KEY) == ()
    assert key_resources(replace(STANDARD, key=None)) == ()
