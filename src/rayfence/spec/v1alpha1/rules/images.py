"""Images: below a registry of ones own, whatever the field."""

from collections.abc import Iterator
from typing import Final

from rayfence.spec.view import Problem, View

#: Registries where anybody may have a repository: without a path they would let every image in.
_OPEN_TO_ALL: Final = frozenset(
    {"docker.io", "index.docker.io", "registry-1.docker.io", "gcr.io", "ghcr.io", "quay.io", "mirror.gcr.io"}
    | {"public.ecr.aws", "registry.gitlab.com", "mcr.microsoft.com"}
)


def _images(document: View) -> Iterator[View]:
    yield document.at("images", "gateway")
    yield document.at("operator", "image")
    for tenant in document.at("tenants").items():
        for kind in ("clusters", "jobs", "services"):
            for owner in tenant.at(kind).items():
                yield owner.at("ray", "image")


def below_registries(document: View) -> Iterator[Problem]:
    """Every image lies below one of images.registries; admission would refuse it anyway, later."""
    prefixes = [item.text.rstrip("/") + "/" for item in document.at("images", "registries").items() if item.text]
    if not prefixes:
        return
    for image in _images(document):
        if image.text and not image.text.startswith(tuple(prefixes)):
            yield image.problem(f"lies below none of images.registries; allowed: {', '.join(prefixes)}")


def registries_of_ones_own(document: View) -> Iterator[Problem]:
    """A registry that all the world shares needs a path."""
    for item in document.at("images", "registries").items():
        host, _, path = (item.text or "").rstrip("/").partition("/")
        shared = host in _OPEN_TO_ALL or host.endswith((".pkg.dev", ".gcr.io"))
        if shared and not path:
            yield item.problem(f"everybody can have images at {host}; name the path of yours, as in `{host}/acme/`")
