"""The service agents' right to use the key, made before anything that uses it.

Only encrypt and decrypt, only on this one key, only for the agents that policy names. Source: Cloud KMS, "Permissions
and roles"; GKE, "Use customer-managed encryption keys" (grants first, else the cluster ends in ERROR).
"""

from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import agent_member, enabled, key_name
from rayfence.render.gcp.values import label

ROLE: Final = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
#: The API whose activation makes an agent, where that is not the agent's own name.
MAKER: Final = {
    "compute-system": "compute",
    "container-engine-robot": "container",
    "gs-project-accounts": "storage",
    "gcp-sa-pubsub": "pubsub",
    "gcp-sa-artifactregistry": "artifactregistry",
    "gcp-sa-notebooks": "notebooks",
    "gcp-sa-secretmanager": "secretmanager",
}


def grant_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One binding per agent; nothing without a key."""
    name = key_name(settings)
    if settings.key is None or name is None:
        return ()
    bindings = []
    for agent in settings.key.agents:
        member = agent_member(settings, agent)
        bindings.append(
            resource(
                "iam.googleapis.com/AllowPolicy",
                f"{settings.key.short_name} {agent}",
                f"google_kms_crypto_key_iam_member.{label(agent)}",
                "keys",
                body={"bindings": [{"role": ROLE, "members": [member]}]},
                attributes={"crypto_key_id": name, "role": ROLE, "member": member},
                after=enabled(settings, MAKER[agent]) if agent in MAKER else (),
            )
        )
    return tuple(bindings)
