"""Binary Authorization: which images the cluster may run, and the attestor that has to have signed them.

The policy is the project's only one: its default rule holds for every cluster of the project. Images of GKE itself
pass by Google's own list.
Source: Binary Authorization API v1, `policy`, `attestors`; Container Analysis API v1, `notes`.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, project
from rayfence.render.gcp.supply.signatures import signature_algorithm
from rayfence.render.gcp.values import Text, reference

ATTESTOR: Final = "google_binary_authorization_attestor.platform"
NOTE: Final = "google_container_analysis_note.platform"
VERSION: Final = "data.google_kms_crypto_key_version.attestor"


def attestor_name(settings: GkeSettings) -> str:
    """Short name of the attestor that we make."""
    named = settings.binary_authorization.attestors[:1]
    return named[0].rpartition("/")[2] if named else f"{settings.cluster}-built"


def admission_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Note and attestor where we make them, then the policy."""
    return tuple(_made(settings))


def admission_lookups(settings: GkeSettings) -> Mapping[str, Mapping[str, Mapping[str, object]]]:
    """The public half of an attestor's key in Cloud KMS."""
    key = settings.binary_authorization.attestor_key or ""
    if not settings.binary_authorization.attestor_made or not key.startswith("projects/"):
        return {}
    name, _, version = key.partition("/cryptoKeyVersions/")
    return {"google_kms_crypto_key_version": {"attestor": {"crypto_key": name, "version": int(version or 1)}}}


def _made(settings: GkeSettings) -> Iterator[CloudResource]:
    if settings.binary_authorization.attestor_made:
        yield _note(settings)
        yield _attestor(settings)
    yield _policy(settings)


def _note(settings: GkeSettings) -> CloudResource:
    name = attestor_name(settings)
    hint = f"images of {settings.cluster}"
    return resource(
        "containeranalysis.googleapis.com/Note",
        name,
        NOTE,
        "supply",
        body={"attestation": {"hint": {"humanReadableName": hint}}},
        attributes={
            "project": project(settings),
            "name": name,
            "attestation_authority": {"hint": {"human_readable_name": hint}},
        },
        after=enabled(settings, "containeranalysis"),
    )


def _attestor(settings: GkeSettings) -> CloudResource:
    name = attestor_name(settings)
    note = reference(f"{NOTE}.name", f"projects/{settings.project}/notes/{name}")
    terraform_keys, api_keys = _public_keys(settings.binary_authorization.attestor_key)
    return resource(
        "binaryauthorization.googleapis.com/Attestor",
        name,
        ATTESTOR,
        "supply",
        body={
            "name": f"projects/{settings.project}/attestors/{name}",
            "userOwnedGrafeasNote": {"noteReference": note, "publicKeys": api_keys},
        },
        attributes={
            "project": project(settings),
            "name": name,
            "attestation_authority_note": {"note_reference": note, "public_keys": terraform_keys},
        },
        after=enabled(settings, "binaryauthorization"),
    )


def _public_keys(key: str | None) -> tuple[list[Mapping[str, object]] | None, list[Mapping[str, object]] | None]:
    """Public keys for Terraform and for the API; without one nothing can be attested, and so nothing new runs."""
    if not key:
        return None, None
    identity = f"//cloudkms.googleapis.com/v1/{key}" if key.startswith("projects/") else None
    pem: str | Text = key
    algorithm: str | Text = signature_algorithm(key)
    if identity:
        pem = reference(f"{VERSION}.public_key[0].pem", f"public half of {key}")
        algorithm = reference(f"{VERSION}.public_key[0].algorithm", "SIGNATURE_ALGORITHM_UNSPECIFIED")
    return (
        [{"id": identity, "pkix_public_key": {"public_key_pem": pem, "signature_algorithm": algorithm}}],
        [{"id": identity, "pkixPublicKey": {"publicKeyPem": pem, "signatureAlgorithm": algorithm}}],
    )


def _policy(settings: GkeSettings) -> CloudResource:
    rules = settings.binary_authorization
    own = f"projects/{settings.project}/attestors/{attestor_name(settings)}"
    attestors: list[str | Text] = [name for name in rules.attestors if name != own or not rules.attestor_made]
    if rules.attestor_made:
        attestors.insert(0, reference(f"{ATTESTOR}.id", own))
    mode = "REQUIRE_ATTESTATION" if attestors else "ALWAYS_DENY"
    enforcement = "ENFORCED_BLOCK_AND_AUDIT_LOG" if rules.enforced else "DRYRUN_AUDIT_LOG_ONLY"
    cluster = f"{settings.location}.{settings.cluster}"
    terraform_rule = {
        "evaluation_mode": mode,
        "enforcement_mode": enforcement,
        "require_attestations_by": attestors or None,
    }
    api_rule = {"evaluationMode": mode, "enforcementMode": enforcement, "requireAttestationsBy": attestors or None}
    return resource(
        "binaryauthorization.googleapis.com/Policy",
        f"projects/{settings.project}/policy",
        "google_binary_authorization_policy.platform",
        "supply",
        body={
            "globalPolicyEvaluationMode": "ENABLE",
            "defaultAdmissionRule": api_rule,
            "clusterAdmissionRules": {cluster: api_rule},
        },
        attributes={
            "project": project(settings),
            "global_policy_evaluation_mode": "ENABLE",
            "default_admission_rule": terraform_rule,
            "cluster_admission_rules": [{"cluster": cluster, **terraform_rule}],
        },
        after=enabled(settings, "binaryauthorization"),
    )
