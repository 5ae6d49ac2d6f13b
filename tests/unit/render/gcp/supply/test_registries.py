"""Repositories."""

from dataclasses import replace

import pytest

from rayfence.model.gke_settings import Registry
from rayfence.render.gcp.supply.registries import registry_resources
from tests.unit.render.gcp.settings import STANDARD


def test_our_own_images_keep_their_tags_and_are_scanned() -> None:
    own, mirror = registry_resources(STANDARD)
    assert own.attributes["docker_config"] == {"immutable_tags": True}
    assert own.attributes["vulnerability_scanning_config"] == {"enablement_config": "INHERITED"}
    assert mirror.attributes["mode"] == "REMOTE_REPOSITORY"
    assert mirror.attributes["remote_repository_config"] == {"python_repository": {"public_repository": "PYPI"}}
    assert {item.attributes["kms_key_name"] for item in (own, mirror)} == {"${google_kms_crypto_key.platform.id}"}


@pytest.mark.parametrize(
    ("registry", "block"),
    [
        (Registry("hub", "docker", "DOCKER_HUB"), {"docker_repository": {"public_repository": "DOCKER_HUB"}}),
        (
            Registry("ghcr", "docker", "https://ghcr.io"),
            {"docker_repository": {"custom_repository": {"uri": "https://ghcr.io"}}},
        ),
        (
            Registry("debian", "apt", "DEBIAN/debian/dists/bookworm"),
            {
                "apt_repository": {
                    "public_repository": {"repository_base": "DEBIAN", "repository_path": "debian/dists/bookworm"}
                }
            },
        ),
    ],
)
def test_mirrors_of_each_kind(registry: Registry, block: dict[str, object]) -> None:
    (made,) = registry_resources(replace(STANDARD, registries=(registry,)))
    assert made.attributes["remote_repository_config"] == block
