import pytest

from rayfence.render.envoy.clusters import clusters_resource
from tests.unit.render.envoy.example import SETTINGS, at, objects

OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def cluster(name: str) -> dict[str, object]:
    """One cluster by name."""
    return next(one for one in objects(clusters_resource(SETTINGS), "resources") if one["name"] == name)


def filters(name: str) -> list[str]:
    """Names of a cluster's filters, in order."""
    path = ("typed_extension_protocol_options", OPTIONS, "http_filters")
    return [str(one["name"]) for one in objects(cluster(name), *path)]


@pytest.mark.parametrize("name", ["ray", "ray_client"])
def test_rays_token_is_injected_after_the_last_removal(name: str) -> None:
    names = filters(name)
    assert names == ["rayfence.hygiene", "envoy.filters.http.credential_injector", "envoy.filters.http.upstream_codec"]


@pytest.mark.parametrize("name", ["serve", "service"])
def test_no_other_cluster_has_it(name: str) -> None:
    assert "credential_injector" not in str(cluster(name))


def test_the_injector_overwrites_and_refuses_to_go_without() -> None:
    injector = objects(cluster("ray"), "typed_extension_protocol_options", OPTIONS, "http_filters")[1]
    assert at(injector, "typed_config", "overwrite") is True
    assert "allow_request_without_credential" not in str(injector)


def test_ray_client_is_reached_by_mutual_tls_as_localhost() -> None:
    context = at(cluster("ray_client"), "transport_socket", "typed_config", "common_tls_context")
    assert at(context, "validation_context", "trusted_ca", "filename") == SETTINGS.node_ca
    assert at(context, "validation_context", "match_typed_subject_alt_names", 0, "matcher", "exact") == "localhost"
    assert at(context, "tls_certificates", 0, "certificate_chain", "filename") == SETTINGS.ray_client_certificate


def test_the_service_is_a_socket() -> None:
    endpoint = at(cluster("service"), "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint")
    assert at(endpoint, "address", "pipe", "path") == SETTINGS.service_socket
