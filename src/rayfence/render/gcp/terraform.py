"""Terraform's JSON files of the desired Google Cloud objects: one serialiser, the same bytes for the same input.

Covers: resources by group, versions, providers, remote state, variables, local values, lookups, outputs. Leaves out:
what the objects are. Attributes arrive with their escapes done (`values`). No secret is in any file.
Source: Terraform language, "JSON Configuration Syntax".
"""

import json
import re
from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudDesired

#: The attributes used here exist in all of them: 6.50 has a published schema, 8.x is current, 9 may break.
PROVIDER_VERSIONS: Final = ">= 6.50.0, < 9.0.0"
TERRAFORM_VERSIONS: Final = ">= 1.5.0"


def terraform_files(desired: CloudDesired) -> Mapping[str, str]:
    """File name to content, in the order of the names; nothing for a platform without Google Cloud."""
    if not desired.resources:
        return {}
    by_group: dict[str, dict[str, dict[str, object]]] = {}
    for item in desired.resources:
        by_group.setdefault(item.group, {}).setdefault(item.block, {})[item.label] = item.attributes
    files: dict[str, object] = {f"{_stem(group)}.tf.json": {"resource": made} for group, made in by_group.items()}
    files["versions.tf.json"] = {"terraform": _versions(desired)}
    files["backend.tf.json"] = _backend()
    files["providers.tf.json"] = {"provider": _providers(desired)}
    if desired.local_values:
        files["locals.tf.json"] = {"locals": desired.local_values}
    if desired.lookups:
        files["lookups.tf.json"] = {"data": desired.lookups}
    if desired.variables:
        files["variables.tf.json"] = {"variable": desired.variables}
    if desired.outputs:
        files["outputs.tf.json"] = {"output": {name: {"value": value} for name, value in desired.outputs.items()}}
    return {name: serialised(files[name]) for name in sorted(files)}


def serialised(document: object) -> str:
    """The one way a document becomes text: ASCII, sorted keys, so that two runs differ only where settings do."""
    return json.dumps(document, indent=2, sort_keys=True, ensure_ascii=True) + "\n"


def _stem(group: str) -> str:
    """A group's title as a file name."""
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-") or "main"


def _beta(desired: CloudDesired) -> bool:
    return any(item.attributes.get("provider") == "google-beta" for item in desired.resources)


def _versions(desired: CloudDesired) -> Mapping[str, object]:
    providers = {"google": {"source": "hashicorp/google", "version": PROVIDER_VERSIONS}}
    if _beta(desired):
        providers["google-beta"] = {"source": "hashicorp/google-beta", "version": PROVIDER_VERSIONS}
    return {"required_version": TERRAFORM_VERSIONS, "required_providers": providers}


def _providers(desired: CloudDesired) -> Mapping[str, object]:
    # Calls that no project owns (Access Context Manager) are billed to, and need their API in, the platform's project.
    made = any(item.block == "google_project" for item in desired.resources)
    settings: dict[str, object] = {"region": "${local.region}"}
    if not made:
        settings |= {
            "project": "${local.project}",
            "billing_project": "${local.project}",
            "user_project_override": True,
        }
    return {"google": settings, "google-beta": settings} if _beta(desired) else {"google": settings}


def _backend() -> Mapping[str, object]:
    """A stub: bucket and prefix come from `terraform init -backend-config=…`, credentials from the environment."""
    return {"terraform": {"backend": {"gcs": {}}}}
