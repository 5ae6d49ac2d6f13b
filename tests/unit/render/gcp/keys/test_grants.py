"""Grants: one per agent, on the key alone."""

from dataclasses import replace

from rayfence.render.gcp.keys.grants import ROLE, grant_resources
from tests.unit.render.gcp.settings import EXISTING_KEY, HSM, STANDARD


def test_each_agent_may_encrypt_and_decrypt_with_this_key() -> None:
    made = grant_resources(STANDARD)
    assert len(made) == len(HSM.agents)
    assert {item.attributes["role"] for item in made} == {ROLE}
    assert {item.attributes["crypto_key_id"] for item in made} == {"${google_kms_crypto_key.platform.id}"}
    assert made[0].body == {
        "bindings": [
            {"role": ROLE, "members": ["serviceAccount:service-123456789@compute-system.iam.gserviceaccount.com"]}
        ]
    }
    assert made[0].attributes["depends_on"] == ["google_project_service.compute"]


def test_an_existing_key_is_granted_too() -> None:
    assert {item.attributes["crypto_key_id"] for item in grant_resources(EXISTING_KEY)} == {"${local.key}"}
    assert grant_resources(replace(STANDARD, key=None)) == ()
