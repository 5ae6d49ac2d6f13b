"""Binary Authorization."""

from dataclasses import replace

from rayfence.model.gke_settings import BinaryAuthorization
from rayfence.render.gcp.supply.admission import admission_lookups, admission_resources, attestor_name
from tests.unit.render.gcp.settings import BARE, EXISTING_KEY, KEY, STANDARD


def test_images_need_the_attestation_of_the_attestor_we_make() -> None:
    note, attestor, policy = admission_resources(STANDARD)
    rule = {
        "evaluation_mode": "REQUIRE_ATTESTATION",
        "enforcement_mode": "ENFORCED_BLOCK_AND_AUDIT_LOG",
        "require_attestations_by": ["${google_binary_authorization_attestor.platform.id}"],
    }
    assert policy.attributes["default_admission_rule"] == rule
    assert policy.attributes["cluster_admission_rules"] == [{"cluster": "us-central1.ray", **rule}]
    assert policy.attributes["global_policy_evaluation_mode"] == "ENABLE"
    assert attestor.attributes["name"] == attestor_name(STANDARD) == note.attributes["name"] == "built-by-ci"
    assert "ECDSA_P256_SHA256" in str(attestor.attributes)


def test_a_key_of_cloud_kms_is_looked_up() -> None:
    assert admission_lookups(EXISTING_KEY) == {
        "google_kms_crypto_key_version": {"attestor": {"crypto_key": KEY, "version": 3}}
    }
    attestor = admission_resources(EXISTING_KEY)[1]
    assert "${data.google_kms_crypto_key_version.attestor.public_key[0].pem}" in str(attestor.attributes)
    assert admission_lookups(STANDARD) == {}


def test_attestors_of_others_are_named_and_none_means_nothing_runs() -> None:
    theirs = replace(STANDARD, binary_authorization=BinaryAuthorization(True, ("projects/x/attestors/y",), False, None))
    (policy,) = admission_resources(theirs)
    assert "projects/x/attestors/y" in str(policy.attributes)
    (policy,) = admission_resources(BARE)
    assert policy.attributes["default_admission_rule"] == {
        "evaluation_mode": "ALWAYS_DENY",
        "enforcement_mode": "DRYRUN_AUDIT_LOG_ONLY",
    }
    made = replace(STANDARD, binary_authorization=BinaryAuthorization(True, (), True, None))
    assert attestor_name(made) == "ray-built"
    assert "public_keys" not in str(admission_resources(made)[1].attributes)
