"""Revocations as Envoy reads them: an RBAC filter, action DENY, with one policy per subject and issued-before time.

Pure. The gateway service writes the file (`REVOCATIONS_FILE` in Envoy's watched directory, by rename); `render/envoy`
renders the same bytes for an instance that has none yet. It takes effect for new requests; open streams end by other
means. Envoy's format: TypedExtensionConfig with envoy.extensions.filters.http.rbac.v3.RBAC, delivered by file-based
ECDS.
"""

import hashlib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from rayfence.access.claims import GRANT_HEADER, before, grant_expression

#: File name inside `GatewaySettings.envoy_dir`. Absent, Envoy waits for it and serves nothing.
REVOCATIONS_FILE: Final = "ecds_revocations.yaml"

#: Name of the filter; also the resource's name in the file.
REVOCATIONS_FILTER: Final = "rayfence.revocations"

#: Prefix of each policy's name; it appears in `%RESPONSE_CODE_DETAILS%` of a refused request.
POLICY_PREFIX: Final = "revoked-"

_RBAC: Final = "type.googleapis.com/envoy.extensions.filters.http.rbac.v3.RBAC"


@dataclass(frozen=True, slots=True, order=True)
class Revocation:
    """Every token of `subject` issued before `issued_before` (seconds since the epoch) is refused.

    `session` narrows it to one session id (a logout); empty: all sessions.
    """

    subject: str
    issued_before: int
    session: str = ""


def revocations_text(entries: Iterable[Revocation] = ()) -> str:
    """Content of the file for these entries; the same set gives the same bytes."""
    policies = {f"{POLICY_PREFIX}{number}": _policy(entry) for number, entry in enumerate(sorted(set(entries)))}
    # An RBAC filter without `rules` decides nothing; with rules and action DENY it refuses exactly what a policy names.
    resource = {
        "@type": "type.googleapis.com/envoy.config.core.v3.TypedExtensionConfig",
        "name": REVOCATIONS_FILTER,
        "typed_config": {"@type": _RBAC, "rules": {"action": "DENY", "policies": policies}},
    }
    # Envoy repeats the version of what it has taken: the only way to see that it took it.
    version = hashlib.sha256(json.dumps(resource, sort_keys=True).encode()).hexdigest()[:16]
    return json.dumps({"version_info": version, "resources": [resource]}, indent=1, sort_keys=True) + "\n"


def _policy(entry: Revocation) -> dict[str, object]:
    parts = {"issued": before(entry.issued_before), "subject": re.escape(entry.subject)}
    if entry.session:
        parts["session"] = re.escape(entry.session)
    matcher = {"safe_regex": {"regex": grant_expression(**parts)}}
    return {
        "permissions": [{"any": True}],
        "principals": [{"header": {"name": GRANT_HEADER, "string_match": matcher}}],
    }
