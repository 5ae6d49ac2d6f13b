"""Twin of rayfence.render.kubernetes.workloads.sidecar. `tests/envoy/test_sidecar.py` runs it."""

import json

from rayfence.render.kubernetes.workloads.listing import workloads
from rayfence.render.kubernetes.workloads.sidecar import (
    CONFIG_PATH,
    sidecar_container,
    sidecar_files,
    sidecar_objects,
    sidecar_volumes,
)
from tests.unit.render.kubernetes.resolutions import GATEWAY_IMAGE, VISION, at

TRAIN, SWEEP, _, ANSWERS = workloads(VISION)


def _bootstrap(ports: tuple[int, ...], *, ray_tls: bool = False) -> dict[str, object]:
    value: dict[str, object] = json.loads(sidecar_files(ports, "vision", ray_tls=ray_tls)["envoy.yaml"])
    return value


def test_each_listener_demands_the_gateways_certificate() -> None:
    listeners = at(_bootstrap(TRAIN.sidecar_ports), "static_resources", "listeners")
    assert isinstance(listeners, list)
    assert [at(listener, "address", "socket_address", "port_value") for listener in listeners] == [8443, 8444]
    for listener in listeners:
        tls = at(listener, "filter_chains", 0, "transport_socket", "typed_config")
        assert at(tls, "require_client_certificate") is True
        assert at(tls, "common_tls_context", "tls_params") == {"tls_minimum_protocol_version": "TLSv1_3"}
    authority = json.loads(sidecar_files(TRAIN.sidecar_ports, "vision", ray_tls=False)["authority.yaml"])
    context = at(authority, "resources", 0, "validation_context")
    assert at(context, "match_typed_subject_alt_names") == [
        {"san_type": "DNS", "matcher": {"exact": "gateway.vision-gateway.svc"}}
    ]


def test_upstreams_are_on_loopback_and_there_is_no_admin_interface() -> None:
    for workload in (TRAIN, SWEEP, ANSWERS):
        bootstrap = _bootstrap(workload.sidecar_ports)
        clusters = at(bootstrap, "static_resources", "clusters")
        assert isinstance(clusters, list)
        for cluster in clusters:
            endpoint = at(cluster, "load_assignment", "endpoints", 0, "lb_endpoints", 0, "endpoint")
            assert at(endpoint, "address", "socket_address", "address") == "127.0.0.1"
        assert "admin" not in bootstrap


def test_under_rays_own_tls_only_ray_client_is_called_with_a_certificate() -> None:
    clusters = at(_bootstrap(TRAIN.sidecar_ports, ray_tls=True), "static_resources", "clusters")
    assert isinstance(clusters, list)
    assert ["transport_socket" in cluster for cluster in clusters] == [False, True]
    names = [volume["name"] for volume in sidecar_volumes(TRAIN, ray_tls=True)]
    mounted = [mount["name"] for mount in sidecar_container(TRAIN, GATEWAY_IMAGE, ray_tls=True)["volumeMounts"]]  # type: ignore[attr-defined]
    assert names == mounted == ["sidecar-config", "sidecar-tls", "sidecar-ray-tls"]
    assert len(sidecar_volumes(SWEEP, ray_tls=True)) == 2


def test_the_container_is_read_only_and_reads_the_rendered_files() -> None:
    container = sidecar_container(TRAIN, GATEWAY_IMAGE, ray_tls=False)
    assert at(container, "securityContext", "readOnlyRootFilesystem") is True
    assert f"{CONFIG_PATH}/envoy.yaml" in at(container, "args")  # type: ignore[operator]
    assert all(mount["readOnly"] for mount in container["volumeMounts"])  # type: ignore[attr-defined]


def test_the_service_finds_the_head_and_names_its_ports() -> None:
    config, service = sidecar_objects(ANSWERS, VISION, ray_tls=False)
    assert set(at(config, "data")) == {"authority.yaml", "envoy.yaml", "leaf.yaml"}  # type: ignore[call-overload]
    assert at(service, "spec", "selector") == {
        "rayfence.dev/workload": "service-answers",
        "ray.io/node-type": "head",
    }
    assert [port["name"] for port in at(service, "spec", "ports")] == ["dashboard", "serve"]  # type: ignore[attr-defined]
    assert at(service, "spec", "clusterIP") == "None"
