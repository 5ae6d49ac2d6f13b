"""Key ring and key, where the platform makes them.

Covers: SOFTWARE and HSM keys with rotation; EXTERNAL and EXTERNAL_VPC keys with the version that names the outside
key. Leaves out: the external key manager itself. Source: Cloud KMS API v1, `keyRings.create`, `cryptoKeys.create`.
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import Protection
from rayfence.model.gke_settings import GkeSettings, KeySettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, labels
from rayfence.render.gcp.values import Text, reference

GROUP: Final = "keys"
DAY: Final = 24 * 3600
#: A destroyed version can be restored for this long; Google's default, written out so that it can't sink unseen.
RESTORABLE: Final = f"{30 * DAY}s"
NEVER_GONE: Final = "can never be deleted or renamed"
COSTS: Final = {
    Protection.SOFTWARE: "each active key version, monthly",
    Protection.HSM: "each active HSM key version, monthly, and its operations",
    Protection.EXTERNAL: "each external key version, monthly, and the external key manager",
    Protection.EXTERNAL_VPC: "each external key version, monthly, and the external key manager",
}


def key_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """Ring, key and, with an external key, its version; nothing where the key exists or none is wanted."""
    key = settings.key
    if key is None or not key.made:
        return ()
    made = (_ring(settings, key), _key(settings, key))
    return (*made, _version(key)) if _external(key) else made


def _external(key: KeySettings) -> bool:
    return key.protection in (Protection.EXTERNAL, Protection.EXTERNAL_VPC)


def _project(key: KeySettings) -> Text:
    return reference("local.key_project", key.project)


def _ring(settings: GkeSettings, key: KeySettings) -> CloudResource:
    return resource(
        "cloudkms.googleapis.com/KeyRing",
        key.ring,
        "google_kms_key_ring.platform",
        GROUP,
        body={"name": f"projects/{key.project}/locations/{key.location}/keyRings/{key.ring}"},
        attributes={"project": _project(key), "name": key.ring, "location": key.location},
        after=enabled(settings, "cloudkms"),
        kept=True,
        irreversible=f"a key ring {NEVER_GONE}; its location is fixed",
    )


def _key(settings: GkeSettings, key: KeySettings) -> CloudResource:
    external = _external(key)
    # An external key rotates where it lives: Cloud KMS refuses a rotation period for it.
    rotation = None if external else f"{key.rotation_days * DAY}s"
    algorithm = "EXTERNAL_SYMMETRIC_ENCRYPTION" if external else "GOOGLE_SYMMETRIC_ENCRYPTION"
    backend = key.ekm_connection if key.protection is Protection.EXTERNAL_VPC else None
    return resource(
        "cloudkms.googleapis.com/CryptoKey",
        key.short_name,
        "google_kms_crypto_key.platform",
        GROUP,
        body={
            "name": key.name,
            "purpose": "ENCRYPT_DECRYPT",
            "rotationPeriod": rotation,
            "destroyScheduledDuration": RESTORABLE,
            "versionTemplate": {"algorithm": algorithm, "protectionLevel": key.protection.value},
            "cryptoKeyBackend": backend,
            "labels": labels(settings),
        },
        attributes={
            "name": key.short_name,
            "key_ring": reference("google_kms_key_ring.platform.id", ""),
            "purpose": "ENCRYPT_DECRYPT",
            "rotation_period": rotation,
            "destroy_scheduled_duration": RESTORABLE,
            "version_template": {"algorithm": algorithm, "protection_level": key.protection.value},
            "crypto_key_backend": backend,
            "skip_initial_version_creation": True if external else None,
            "labels": labels(settings),
        },
        kept=True,
        irreversible=f"a key {NEVER_GONE}; protection level and destruction delay are fixed",
        costs=COSTS[key.protection],
    )


def _version(key: KeySettings) -> CloudResource:
    vpc = key.protection is Protection.EXTERNAL_VPC
    return resource(
        "cloudkms.googleapis.com/CryptoKeyVersion",
        f"{key.short_name}/1",
        "google_kms_crypto_key_version.external",
        GROUP,
        body={
            "externalProtectionLevelOptions": {
                "externalKeyUri": None if vpc else key.external_key,
                "ekmConnectionKeyPath": key.external_key if vpc else None,
            }
        },
        attributes={
            "crypto_key": reference("google_kms_crypto_key.platform.id", key.name),
            "external_protection_level_options": {
                "external_key_uri": None if vpc else key.external_key,
                "ekm_connection_key_path": key.external_key if vpc else None,
            },
        },
        kept=True,
        irreversible="data is lost with the key outside Google Cloud",
    )
