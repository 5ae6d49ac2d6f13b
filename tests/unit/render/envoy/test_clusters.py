import pytest

from rayfence.render.envoy.clusters import clusters_resource
from tests.unit.render.envoy.example import SETTINGS, at, objects
from tests.unit.render.envoy.pods import ANSWERS, TRAIN

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


def test_heads_in_a_cluster_are_reached_through_their_sidecars() -> None:
    clusters = {str(one["name"]): one for one in objects(clusters_resource(TRAIN, [ANSWERS]), "resources")}
    assert list(clusters) == ["ray.train", "ray_client.train", "ray.answers", "serve.answers", "service"]
    for name, port, host in (
        ("ray_client.train", 8444, "train.vision.svc"),
        ("serve.answers", 8445, "answers.vision.svc"),
    ):
        one = clusters[name]
        endpoint = at(one, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint")
        assert at(endpoint, "address", "socket_address") == {"address": host, "port_value": port}
        assert one["type"] == "STRICT_DNS"
        context = at(one, "transport_socket", "typed_config", "common_tls_context")
        names = at(
            context, "combined_validation_context", "default_validation_context", "match_typed_subject_alt_names"
        )
        assert names == [{"san_type": "DNS", "matcher": {"exact": host}}]
        assert at(context, "tls_params", "tls_minimum_protocol_version") == "TLSv1_3"
        assert at(one, "transport_socket", "typed_config", "sni") == host


def test_each_ray_object_has_its_own_token_and_serve_none() -> None:
    clusters = {str(one["name"]): str(one) for one in objects(clusters_resource(TRAIN, [ANSWERS]), "resources")}
    assert "/c/token_train.yaml" in clusters["ray.train"] and "/c/token_answers.yaml" not in clusters["ray.train"]
    assert "/c/token_answers.yaml" in clusters["ray.answers"]
    assert "credential_injector" not in clusters["serve.answers"]
