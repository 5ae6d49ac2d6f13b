"""Addresses, and discovery as a 1.36 server tells it."""

import pytest

from rayfence.adapters.kubernetes.paths import kinds_of, path_of
from rayfence.model.api_objects import Kind

POD = Kind("v1", "Pod", "pods", True)
DEPLOYMENT = Kind("apps/v1", "Deployment", "deployments", True)
NAMESPACE = Kind("v1", "Namespace", "namespaces", False)


@pytest.mark.parametrize(
    ("kind", "namespace", "name", "path"),
    [
        (POD, "vision", "a", "/api/v1/namespaces/vision/pods/a"),
        (POD, "", "", "/api/v1/pods"),
        (DEPLOYMENT, "vision", "", "/apis/apps/v1/namespaces/vision/deployments"),
        (NAMESPACE, "ignored", "vision", "/api/v1/namespaces/vision"),
    ],
)
def test_paths(kind: Kind, namespace: str, name: str, path: str) -> None:
    assert path_of(kind, namespace, name) == path


def test_discovery_gives_kinds_of_every_version_and_no_subresources() -> None:
    resource = {
        "resource": "deployments",
        "responseKind": {"group": "", "version": "", "kind": "Deployment"},
        "scope": "Namespaced",
        "verbs": ["create", "get"],
        "subresources": [{"subresource": "scale", "responseKind": {"kind": "Scale"}, "verbs": ["get"]}],
    }
    unreadable = {"resource": "things"}
    discovery = {
        "kind": "APIGroupDiscoveryList",
        "items": [
            {
                "metadata": {"name": "apps"},
                "versions": [
                    {"version": "v1", "resources": [resource, unreadable]},
                    {"version": "v1beta1", "resources": [resource]},
                ],
            },
            {"metadata": {}, "versions": [{"version": "v1", "resources": [{**resource, "scope": "Cluster"}]}]},
        ],
    }
    assert list(kinds_of(discovery)) == [
        Kind("apps/v1", "Deployment", "deployments", True, ("create", "get")),
        Kind("apps/v1beta1", "Deployment", "deployments", True, ("create", "get")),
        Kind("v1", "Deployment", "deployments", False, ("create", "get")),
    ]
