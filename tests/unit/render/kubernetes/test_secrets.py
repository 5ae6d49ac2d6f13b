"""Twin of rayfence.render.kubernetes.secrets: what rendered pods mount is asked for, where they mount it."""

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.cluster_secrets import ClusterSecretKind
from rayfence.render.kubernetes.names import GATEWAY_AUTHORITY
from rayfence.render.kubernetes.render import render
from rayfence.render.kubernetes.secrets import secret_requests
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, existing, on_gke

PLAIN = (VISION, replace(SPEECH, clusters=VISION.clusters))


def _mounted(resolution: ClusterResolution) -> set[tuple[str, str]]:
    """Namespace and name of every Secret that a rendered pod names."""
    found: set[tuple[str, str]] = set()

    def walk(value: Any, namespace: str) -> None:
        if isinstance(value, dict):
            for key, item in value.items():
                if key == "secretName" and isinstance(item, str):
                    found.add((namespace, item))
                walk(item, namespace)
        elif isinstance(value, list):
            for item in value:
                walk(item, namespace)

    for manifest in render(resolution):
        metadata: Any = manifest.object["metadata"]
        walk(manifest.object.get("spec"), metadata.get("namespace", ""))
    return found


@pytest.mark.parametrize("resolution", [existing(*PLAIN), on_gke(*PLAIN)])
def test_what_pods_name_is_asked_for_and_nothing_that_nobody_uses(resolution: ClusterResolution) -> None:
    requests = secret_requests(resolution)
    asked = {(one.namespace, one.name) for one in requests if one.kind is not ClusterSecretKind.AUTHORITY}
    asked -= {("vision-gateway", GATEWAY_AUTHORITY), ("speech-gateway", GATEWAY_AUTHORITY)}  # for clients elsewhere
    mounted = {key for key in _mounted(resolution) if not key[1].startswith("ray-head-secret-")}
    assert asked == mounted
    assert all(one.consumers for one in requests if one.kind is not ClusterSecretKind.AUTHORITY)


def test_nothing_that_signs_lies_where_ray_runs() -> None:
    for one in secret_requests(existing()):
        if one.kind in {ClusterSecretKind.AUTHORITY, ClusterSecretKind.SIGNING_KEYS, ClusterSecretKind.STAMP_KEYS}:
            assert one.namespace.endswith("-gateway")
            assert not one.name.startswith("sidecar")
    authorities = {(one.namespace, one.name) for one in secret_requests(existing()) if one.kind == "authority"}
    assert not authorities & _mounted(existing())


def test_an_authority_comes_before_its_leaves_and_may_certify_their_names() -> None:
    seen: dict[tuple[str, str], tuple[str, ...]] = {}
    for one in secret_requests(on_gke()):
        if one.kind is ClusterSecretKind.AUTHORITY:
            seen[one.namespace, one.name] = one.names
        if one.kind is ClusterSecretKind.LEAF:
            permitted = seen[one.authority_namespace, one.authority]
            for name in one.names:
                assert any(name == top or name.endswith(f".{top}") for top in permitted), name
            assert 0 < one.renew_before < one.hours
            assert one.server != one.client


def test_tenants_share_no_authority() -> None:
    for one in secret_requests(existing()):
        tenant = one.namespace.removesuffix("-gateway")
        assert one.authority_namespace in {"", f"{tenant}-gateway"}
        assert all(source.namespace == tenant for source in one.sources)


def test_tokens_of_older_operators_are_copied_where_their_names_are_known() -> None:
    requests = secret_requests(existing(VISION, operator_version="1.5.1"))
    assert not [one for one in requests if one.kind is ClusterSecretKind.RAY_TOKEN]
    copies = next(one for one in requests if one.kind is ClusterSecretKind.RAY_TOKENS)
    assert [(source.workload, source.name) for source in copies.sources] == [("cluster-train", "train")]


def test_without_a_gateway_nothing_is_asked_for() -> None:
    assert secret_requests(existing(gateway=None)) == ()
