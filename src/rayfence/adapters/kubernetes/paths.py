"""Addresses of objects, and what discovery tells. Pure.

Source: Kubernetes API concepts; `apidiscovery.k8s.io/v2` APIGroupDiscoveryList, served since 1.30, which is also the
first release with the admission policies that guard a tenant.
"""

from collections.abc import Iterator
from typing import Final

from rayfence.model.api_objects import Json, Kind, at, objects_at, text_at

#: What to accept from `/api` and `/apis`.
DISCOVERY: Final = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


def path_of(kind: Kind, namespace: str = "", name: str = "") -> str:
    """`/apis/apps/v1/namespaces/vision/deployments/gateway`; without a name that of the list."""
    root = f"/apis/{kind.api_version}" if "/" in kind.api_version else f"/api/{kind.api_version}"
    inside = f"/namespaces/{namespace}" if kind.namespaced and namespace else ""
    return f"{root}{inside}/{kind.plural}" + (f"/{name}" if name else "")


def kinds_of(discovery: Json) -> Iterator[Kind]:
    """Every kind of an APIGroupDiscoveryList."""
    for group in objects_at(discovery, "items"):
        prefix = text_at(group, "metadata", "name")
        for version in objects_at(group, "versions"):
            api_version = f"{prefix}/{text_at(version, 'version')}" if prefix else text_at(version, "version")
            for resource in objects_at(version, "resources"):
                found = _kind(api_version, resource)
                if found is not None:
                    yield found


def _kind(api_version: str, resource: Json) -> Kind | None:
    kind, plural = text_at(resource, "responseKind", "kind"), text_at(resource, "resource")
    verbs = at(resource, "verbs")
    if not kind or not plural or not isinstance(verbs, list):
        return None
    return Kind(api_version, kind, plural, text_at(resource, "scope") == "Namespaced", tuple(map(str, verbs)))
