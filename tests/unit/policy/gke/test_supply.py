"""What may run: attested images, from repositories of the platform's own."""

from dataclasses import replace

from rayfence.model.cluster_platform import Images
from rayfence.model.decision import Source
from rayfence.model.gke import SupplyChain
from rayfence.model.gke_settings import Repository
from rayfence.policy.gke.locations import place
from rayfence.policy.gke.supply import (
    image_sources,
    package_index,
    packages,
    registries,
    repository_of,
    repository_prefix,
)
from tests.unit.policy.platforms import case, decision, minimal, on, refused, resolved, waiver

RULE = "container.managed.enableBinaryAuthorization"


def test_unsigned_images_do_not_start() -> None:
    resolution = resolved(minimal(supply_chain=SupplyChain(attestor_key="projects/p/key")), on(RULE))
    assert resolution.gke is not None
    settled = resolution.gke.binary_authorization
    assert (settled.enforced, settled.attestor_made) == (True, True)
    assert settled.attestors == ("projects/acme-ml/attestors/ml-built",)
    assert decision(resolution, "gke.binary_authorization").rules == (RULE,)
    assert not any("attestorKey" in text for text in resolution.warnings)


def test_named_attestors_are_taken() -> None:
    resolution = resolved(minimal(supply_chain=SupplyChain(attestors=("projects/p/attestors/ci",))))
    assert resolution.gke is not None
    assert not resolution.gke.binary_authorization.attestor_made
    assert not any("attestorKey" in text for text in resolution.warnings)


def test_a_dry_run_takes_a_waiver() -> None:
    platform = minimal(supply_chain=SupplyChain(dry_run=True))
    assert "binary-authorization" in refused(resolved(platform))
    waived = resolved(replace(platform, waivers=(waiver("binary-authorization"),)))
    assert waived.conflicts == ()
    assert waived.gke is not None
    assert not waived.gke.binary_authorization.enforced
    assert decision(waived, "gke.binary_authorization").source is Source.WAIVER


def test_mirrors_stand_where_the_cluster_stands() -> None:
    item = case(minimal())
    settled = registries(item)
    assert [(one.name, one.kind, one.remote) for one in settled] == [
        ("ml-images", "docker", None),
        ("ml-docker", "docker", "DOCKER_HUB"),
        ("ml-pypi", "pypi", "PYPI"),
    ]
    where = place(item)
    assert repository_prefix(item, where, settled[0]) == "us-central1-docker.pkg.dev/acme-ml/ml-images/"
    assert (package_index(item, where, settled) or "").endswith("/acme-ml/ml-pypi/simple/")
    assert package_index(item, where, settled[:2]) is None
    bad = minimal(supply_chain=SupplyChain(repositories=("conda",)))
    assert "supplyChain.repositories[0]" in refused(resolved(bad))


def test_nodes_are_let_in_where_images_come_from() -> None:
    """Without it the platform's own pods stay in ImagePullBackOff: the node's role reads no repository."""
    prefixes = (
        "us-central1-docker.pkg.dev/acme-ml/ml-images/",
        "europe-docker.pkg.dev/acme-ci/ray/",
        "registry.example.com/ray/",
    )
    images = Images(prefixes, f"us-docker.pkg.dev/acme-gw/gw/image@sha256:{'0' * 64}")
    item = case(replace(minimal(), images=images))
    found = image_sources(item, place(item), registries(item))
    assert found[:2] == (Repository("acme-ci", "europe", "ray"), Repository("acme-gw", "us", "gw"))
    assert all(source.name != "ml-images" for source in found)


def test_only_names_of_artifact_registry_are_repositories() -> None:
    assert repository_of("us-docker.pkg.dev/p/r@sha256:0") == Repository("p", "us", "r")
    assert repository_of("us-docker.pkg.dev/p/r:tag") == Repository("p", "us", "r")
    for other in ("us-docker.pkg.dev/p", "us-docker.pkg.dev/p/", "gcr.io/p/r", "us-docker.pkg.dev.evil.com/p/r", ""):
        assert repository_of(other) is None


def test_pods_install_from_the_index_they_are_told() -> None:
    item = case(minimal())
    where, settled = place(item), registries(item)
    assert packages(item, where, settled, isolated=True) == Repository("acme-ml", "us-central1", "ml-pypi")
    assert packages(item, where, settled, isolated=False) is None
    images = item.platform.images
    named = case(replace(minimal(), images=replace(images, pip_index="https://us-python.pkg.dev/p/mirror/simple/")))
    assert packages(named, where, settled, isolated=False) == Repository("p", "us", "mirror")
    foreign = case(replace(minimal(), images=replace(images, pip_index="https://packages.example.com/simple/")))
    assert packages(foreign, where, settled, isolated=True) is None
