"""Twin of rayfence.render.kubernetes.network.tenant: every needed flow is open, and no other."""

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.cluster_platform import Datapath
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.kubernetes import Manifest
from rayfence.model.tenancy import WorkloadIdentity
from rayfence.render.kubernetes.network.tenant import tenant_policies
from rayfence.render.kubernetes.render import render
from rayfence.render.kubernetes.workloads.listing import Workload, workloads
from tests.unit.render.kubernetes.reachability import End, Outside, Pod, reaches
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, addon, existing, found, on_gke

RESOLUTIONS = {"existing": existing(), "gke": on_gke(), "calico": existing(datapath=Datapath.CALICO)}


def _place(manifests: tuple[Manifest, ...], name: str) -> dict[str, str]:
    """Labels of a namespace, rendered or not."""
    for manifest in manifests:
        value: Any = manifest.object
        if manifest.reference == f"Namespace {name}":
            return {**value["metadata"]["labels"], "kubernetes.io/metadata.name": name}
    return {"kubernetes.io/metadata.name": name}


def _ray(manifests: tuple[Manifest, ...], workload: Workload, tenant: str, kind: str) -> Pod:
    """A pod as KubeRay labels it."""
    labels = {
        "ray.io/cluster": workload.name if workload.kind == "cluster" else f"{workload.name}-x7k2p",
        "ray.io/node-type": kind,
        "ray.io/is-ray-node": "yes",
        "rayfence.dev/workload": workload.label,
        "rayfence.dev/tenant": tenant,
    }
    if kind == "head" and workload.autoscaled:
        labels["rayfence.dev/api-client"] = "true"
    return Pod(tenant, _place(manifests, tenant), labels)


def _pod(manifests: tuple[Manifest, ...], namespace: str, **labels: str) -> Pod:
    return Pod(
        namespace, _place(manifests, namespace), {k.replace("__", "/").replace("_", "."): v for k, v in labels.items()}
    )


def _gateway(manifests: tuple[Manifest, ...], tenant: str) -> Pod:
    name = f"{tenant}-gateway"
    labels = {"app.kubernetes.io/name": "rayfence-gateway", "rayfence.dev/tenant": tenant}
    return Pod(name, _place(manifests, name), labels)


def _dns(manifests: tuple[Manifest, ...]) -> Pod:
    return Pod("kube-system", _place(manifests, "kube-system"), {"k8s-app": "kube-dns"})


@pytest.mark.parametrize("name", RESOLUTIONS)
def test_what_ray_needs_is_open(name: str) -> None:
    resolution = RESOLUTIONS[name]
    manifests = render(resolution)
    operator = Pod("ray-system", _place(manifests, "ray-system"), {"app.kubernetes.io/name": "kuberay"})
    scraper = Pod("gmp-system" if resolution.kubernetes.on_gke else "monitoring", {}, {})
    scraper = replace(scraper, namespace_labels={"kubernetes.io/metadata.name": scraper.namespace})
    for tenant in resolution.platform.tenants:
        for workload in workloads(tenant):
            head, worker = (_ray(manifests, workload, tenant.name, kind) for kind in ("head", "worker"))
            for port in (6379, 8265, 10001, 52365, 23456):
                assert reaches(manifests, worker, head, port)
                assert reaches(manifests, head, worker, port)
            for pod in (head, worker):
                assert reaches(manifests, pod, _dns(manifests), 53, "UDP")
                assert reaches(manifests, pod, Outside("169.254.20.10"), 53, "UDP")
                assert reaches(manifests, scraper, pod, 8080)
            for port in workload.sidecar_ports:
                assert reaches(manifests, _gateway(manifests, tenant.name), head, port)
            assert reaches(manifests, head, Outside("10.9.0.2"), 443) == workload.autoscaled
            assert reaches(manifests, operator, head, 8265) == (workload.kind != "cluster")
            assert reaches(manifests, operator, head, 8000) == (workload.kind == "service")


@pytest.mark.parametrize("name", RESOLUTIONS)
def test_nothing_else_is_open(name: str) -> None:
    resolution = RESOLUTIONS[name]
    manifests = render(resolution)
    vision, speech = workloads(VISION), workloads(SPEECH)
    strangers: list[End] = [
        _pod(manifests, "default"),
        _pod(manifests, "kube-system"),
        Pod("vision", _place(manifests, "vision"), {"app": "by-hand"}),
        Outside("10.0.0.7"),
        Outside("8.8.8.8"),
        _gateway(manifests, "speech"),
        *(_ray(manifests, workload, "speech", kind) for workload in speech for kind in ("head", "worker")),
    ]
    ports = (6379, 8000, 8080, 8265, 8443, 8444, 8445, 10001, 44217, 44227, 52365, 52367, 443)
    for workload in vision:
        for kind in ("head", "worker"):
            mine = _ray(manifests, workload, "vision", kind)
            for stranger in strangers:
                for port in ports:
                    assert not reaches(manifests, stranger, mine, port), (stranger, mine, port)
                    if not (isinstance(stranger, Outside) or port == 53):
                        assert not reaches(manifests, mine, stranger, port), (mine, stranger, port)
    for one in vision:
        for other in vision:
            if one is not other:
                source, target = _ray(manifests, one, "vision", "head"), _ray(manifests, other, "vision", "head")
                assert not any(reaches(manifests, source, target, port) for port in ports)


@pytest.mark.parametrize("port", [6379, 8265, 10001])
def test_the_gateway_gets_at_the_sidecar_only(port: int) -> None:
    manifests = render(existing())
    head = _ray(manifests, workloads(VISION)[0], "vision", "head")
    assert not reaches(manifests, _gateway(manifests, "vision"), head, port)
    worker = _ray(manifests, workloads(VISION)[0], "vision", "worker")
    assert not reaches(manifests, _gateway(manifests, "vision"), worker, 8443)


def _worker(manifests: tuple[Manifest, ...], tenant: str) -> Pod:
    listed = workloads(VISION if tenant == "vision" else SPEECH)
    return _ray(manifests, listed[0], tenant, "worker")


def test_google_is_open_where_an_identity_is_used() -> None:
    manifests = render(on_gke(replace(VISION, access=on_gke().platform.tenants[0].access), SPEECH, pip_index=None))
    for tenant, expected in (("vision", True), ("speech", False)):
        pod = _worker(manifests, tenant)
        assert reaches(manifests, pod, Outside("199.36.153.5"), 443) == expected
        assert reaches(manifests, pod, Outside("169.254.169.252"), 988) == expected
        assert reaches(manifests, pod, Outside("169.254.169.254"), 80) == expected
        assert not reaches(manifests, pod, Outside("142.250.1.1"), 443)


def test_a_key_file_needs_no_metadata_server() -> None:
    manifests = render(on_gke(replace(VISION, identity=WorkloadIdentity.KEY_FILE)))
    pod = _worker(manifests, "vision")
    assert reaches(manifests, pod, Outside("199.36.153.5"), 443)
    assert not reaches(manifests, pod, Outside("169.254.169.254"), 80)


def test_an_existing_cluster_has_no_way_to_a_metadata_server() -> None:
    manifests = render(existing(api_server_cidrs=()))
    for workload in workloads(VISION):
        head = _ray(manifests, workload, "vision", "head")
        assert reaches(manifests, head, Outside("34.1.2.3"), 443)  # the API server is somewhere
        for address in ("169.254.169.254", "169.254.169.252"):
            assert not any(reaches(manifests, head, Outside(address), port) for port in (80, 443, 988))
    notice = found(manifests, "NetworkPolicy vision/allow-api-server")["metadata"]
    assert "wide" in str(notice)


def test_the_add_ons_calls_may_come_through_the_control_planes_tunnel() -> None:
    manifests = render(addon())
    job = workloads(VISION)[1]
    head = _ray(manifests, job, "vision", "head")
    tunnel = Pod("kube-system", _place(manifests, "kube-system"), {"k8s-app": "konnectivity-agent"})
    assert reaches(manifests, tunnel, head, 8265)
    assert not reaches(manifests, tunnel, head, 6379)


def _names(resolution: ClusterResolution) -> list[str]:
    return [str(policy["metadata"]["name"]) for policy in tenant_policies(VISION, resolution)]  # type: ignore[index]


def test_the_default_deny_comes_first() -> None:
    assert _names(existing())[0] == "default-deny"
    assert "allow-api-server" not in [
        policy["metadata"]["name"]  # type: ignore[index]
        for policy in tenant_policies(SPEECH, existing())
    ]


def test_policies_say_when_nothing_enforces_them() -> None:
    for policy in tenant_policies(VISION, existing(datapath=Datapath.NONE)):
        assert "not enforced" in str(policy["metadata"])
