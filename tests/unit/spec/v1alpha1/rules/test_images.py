"""Images lie below a registry of ones own."""

import pytest

from rayfence.spec.v1alpha1.rules.images import registries_of_ones_own
from rayfence.spec.view import View
from tests.sim.platforms import DIGEST, changed, gke, mistakes

FOREIGN = f"us-central1-docker.pkg.dev/acme-ml/ray-evil/ray{DIGEST}"


@pytest.mark.parametrize(
    "path",
    [
        "images.gateway",
        "operator.image",
        "tenants.0.clusters.0.ray.image",
        "tenants.0.jobs.0.ray.image",
        "tenants.0.services.0.ray.image",
    ],
)
def test_an_image_of_elsewhere_is_refused_even_where_the_prefix_looks_alike(path: str) -> None:
    data = changed(gke(), ("images.registries", ["us-central1-docker.pkg.dev/acme-ml/ray"]), (path, FOREIGN))
    (told,) = mistakes(data)
    assert told.startswith(f"{path}: lies below none of images.registries; allowed: us-central1-docker.pkg.dev/acme-ml")


@pytest.mark.parametrize("registry", ["docker.io", "us-docker.pkg.dev/", "eu.gcr.io", "ghcr.io"])
def test_a_registry_of_everybody_needs_a_path(registry: str) -> None:
    told = mistakes(changed(gke(), ("images.registries.1", registry)))
    assert told[0].startswith("images.registries.1: everybody can have images at ")


def test_a_registry_of_ones_own_needs_none() -> None:
    assert list(registries_of_ones_own(View({"images": {"registries": ["registry.example.com"]}}))) == []
