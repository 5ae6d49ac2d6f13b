"""Artifact Registry: our own repositories, and remote ones that stand between nodes and public registries.

Source: Artifact Registry API v1, `repositories.create`.
"""

from collections.abc import Mapping
from typing import Final

from rayfence.model.cloud import CloudResource
from rayfence.model.gke_settings import GkeSettings, Registry
from rayfence.render.gcp.resource import resource
from rayfence.render.gcp.site import enabled, grants, key_name, labels, project, region
from rayfence.render.gcp.values import label

FORMATS: Final = {"docker": "DOCKER", "pypi": "PYTHON", "apt": "APT"}
#: Terraform's and the API's words for the block of a remote repository.
REMOTE: Final = {
    "docker": ("docker_repository", "dockerRepository"),
    "pypi": ("python_repository", "pythonRepository"),
}
DAY: Final = 24 * 3600
#: What a mirror keeps without being asked for, and what our own keep without a tag.
MIRRORED: Final = f"{90 * DAY}s"
UNTAGGED: Final = f"{30 * DAY}s"


def registry_resources(settings: GkeSettings) -> tuple[CloudResource, ...]:
    """One object per repository, in the platform's region, under its key."""
    return tuple(_repository(settings, registry) for registry in settings.registries)


def _repository(settings: GkeSettings, registry: Registry) -> CloudResource:
    remote = registry.remote is not None
    form = FORMATS[registry.kind]
    scanned = {"enablement_config": "INHERITED"} if registry.kind == "docker" else None
    own_images = registry.kind == "docker" and not remote
    age = MIRRORED if remote else UNTAGGED
    state = "ANY" if remote else "UNTAGGED"
    terraform_remote, api_remote = _remote(registry)
    return resource(
        "artifactregistry.googleapis.com/Repository",
        registry.name,
        f"google_artifact_registry_repository.{label(registry.name)}",
        "supply",
        body={
            "name": f"projects/{settings.project}/locations/{settings.network.region}/repositories/{registry.name}",
            "format": form,
            "mode": "REMOTE_REPOSITORY" if remote else "STANDARD_REPOSITORY",
            "kmsKeyName": key_name(settings),
            "remoteRepositoryConfig": api_remote,
            # A tag that moves would put another image behind a name that was reviewed.
            "dockerConfig": {"immutableTags": True} if own_images else None,
            "vulnerabilityScanningConfig": {"enablementConfig": "INHERITED"} if scanned else None,
            "cleanupPolicies": {
                "old": {"id": "old", "action": "DELETE", "condition": {"tagState": state, "olderThan": age}}
            },
            "labels": labels(settings),
        },
        attributes={
            "project": project(settings),
            "location": region(settings),
            "repository_id": registry.name,
            "format": form,
            "mode": "REMOTE_REPOSITORY" if remote else "STANDARD_REPOSITORY",
            "kms_key_name": key_name(settings),
            "remote_repository_config": terraform_remote,
            "docker_config": {"immutable_tags": True} if own_images else None,
            "vulnerability_scanning_config": scanned,
            "cleanup_policies": [
                {"id": "old", "action": "DELETE", "condition": {"tag_state": state, "older_than": age}}
            ],
            "labels": labels(settings),
        },
        after=(*enabled(settings, "artifactregistry", "containerscanning"), *grants(settings.key)),
        irreversible="format, mode and key of a repository are fixed",
        costs="stored artefacts, and scans of new images" if scanned else "stored artefacts",
    )


def _remote(registry: Registry) -> tuple[Mapping[str, object] | None, Mapping[str, object] | None]:
    """The block of a remote repository for Terraform and for the API.

    `remote` is a public repository by Google's name (`DOCKER_HUB`, `PYPI`), a URI, or for apt `BASE/path`.
    """
    source = registry.remote
    if source is None:
        return None, None
    if registry.kind == "apt":
        base, _, path = source.partition("/")
        return (
            {"apt_repository": {"public_repository": {"repository_base": base, "repository_path": path}}},
            {"aptRepository": {"publicRepository": {"repositoryBase": base, "repositoryPath": path}}},
        )
    block, field = REMOTE[registry.kind]
    if "://" in source:
        return ({block: {"custom_repository": {"uri": source}}}, {field: {"customRepository": {"uri": source}}})
    return ({block: {"public_repository": source}}, {field: {"publicRepository": source}})
