"""The table of ports against what is rendered, and against the network policies read by another hand."""

from dataclasses import replace
from typing import Any

import pytest

from rayfence.model.kubernetes import Manifest
from rayfence.model.ray_ports import PortGuard, RayPort
from rayfence.plan.ray_ports import ray_ports
from rayfence.render.kubernetes.names import gateway_namespace
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.reachability import Pod, reaches
from tests.unit.render.kubernetes.resolutions import SPEECH, VISION, existing

PLAIN = render(existing())
SECURED = render(existing(gates=("RayClusterMTLS", "RayClusterNetworkPolicy", "RayCronJob"), operator_version="1.7.0"))
TRAIN = "RayCluster vision/train"


def _table(manifests: Any = PLAIN, *, enforced: bool = True) -> dict[tuple[str, str, str], RayPort]:
    found = ray_ports(manifests, enforced=enforced)
    table = {(port.workload, port.node, port.name): port for port in found}
    assert len(table) == len(found)
    return table


def _spec(manifests: Any, reference: str) -> Any:
    (found,) = (manifest.object for manifest in manifests if manifest.reference == reference)
    spec: Any = found["spec"]
    for name in ("jobTemplate", "rayClusterSpec", "rayClusterConfig"):
        spec = spec.get(name, spec)
    return spec


WORKLOADS = sorted(manifest.reference for manifest in PLAIN if str(manifest.object["kind"]).startswith("Ray"))


def test_every_ray_object_has_its_table() -> None:
    assert sorted({port.workload for port in ray_ports(PLAIN, enforced=True)}) == WORKLOADS
    assert len(WORKLOADS) >= 4


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_named_ports_of_the_issue_are_all_there(workload: str) -> None:
    table = [port for port in ray_ports(PLAIN, enforced=True) if port.workload == workload]
    head = {port.port for port in table if port.node == "head"}
    workers = {port.port for port in table if port.node == "workers"}
    assert head >= {"6379", "8265", "10001", "52365", "8080", "44217", "44227", "10002-19999", "23000-23999"}
    assert workers >= {"52365", "8080", "10002-19999"} and not workers & {"6379", "8265", "10001", "44217", "44227"}
    assert ("8000" in head) == ("8000" in workers) == workload.startswith("RayService")
    assert all(port.why and port.answers for port in table)


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_dashboard_is_on_loopback_where_the_parameter_says_so(workload: str) -> None:
    host = _spec(PLAIN, workload)["headGroupSpec"]["rayStartParams"]["dashboard-host"]
    dashboard = _table()[workload, "head", "dashboard and Jobs"]
    assert (dashboard.guard is PortGuard.LOOPBACK) == (host == "127.0.0.1")
    assert (dashboard.open_to == ()) == (host == "127.0.0.1")
    assert (host == "127.0.0.1") == workload.startswith("RayCluster")


@pytest.mark.parametrize("manifests", [PLAIN, SECURED])
@pytest.mark.parametrize("workload", WORKLOADS)
def test_mutual_tls_is_claimed_where_it_is_asked_for_and_for_grpc_only(manifests: Any, workload: str) -> None:
    asked = _spec(manifests, workload).get("tlsOptions") == {"enabled": True}
    assert asked is (manifests is SECURED)
    for port in ray_ports(manifests, enforced=True):
        if port.workload == workload and port.name in {"GCS", "Ray Client", "node manager", "workers and drivers"}:
            assert port.guard is (PortGuard.MTLS if asked else PortGuard.POLICY)
        if port.name in {"metrics", "agent HTTP", "runtime environment agent", "dashboard metrics"}:
            assert port.guard is PortGuard.POLICY


@pytest.mark.parametrize("workload", WORKLOADS)
def test_the_sidecar_has_the_ports_of_its_container(workload: str) -> None:
    containers = _spec(PLAIN, workload)["headGroupSpec"]["template"]["spec"]["containers"]
    (sidecar,) = (container for container in containers if container["name"] == "rayfence-sidecar")
    listed = {str(port["containerPort"]) for port in sidecar["ports"]}
    claimed = {
        port.port for port in ray_ports(PLAIN, enforced=True) if port.workload == workload and "sidecar" in port.name
    }
    assert claimed == listed
    without = ray_ports(render(existing(gateway=None)), enforced=True)
    assert not any(port.guard is PortGuard.SIDECAR for port in without)


def _pod(port: RayPort) -> Pod:
    """The pod as KubeRay makes it."""
    kind, _, name = port.workload.partition(" ")
    home, _, own = name.partition("/")
    spec = _spec(PLAIN, port.workload)
    group = spec["headGroupSpec"] if port.node == "head" else spec["workerGroupSpecs"][0]
    labels = dict(group["template"]["metadata"]["labels"])
    labels["ray.io/node-type"] = "head" if port.node == "head" else "worker"
    labels["ray.io/is-ray-node"] = "yes"
    labels["ray.io/cluster"] = own if kind == "RayCluster" else f"{own}-x7k2p"
    return Pod(home, {"kubernetes.io/metadata.name": home}, labels)


def _callers(pod: Pod) -> dict[str, Pod]:
    def named(namespace: str, **labels: str) -> Pod:
        return Pod(namespace, {"kubernetes.io/metadata.name": namespace}, labels)

    return {
        "pods of the same Ray object": pod,
        "the tenant's gateway": named(
            gateway_namespace(pod.namespace), **{"app.kubernetes.io/name": "rayfence-gateway"}
        ),
        "the KubeRay operator": named("ray-system"),
        "metrics scrapers": named("monitoring"),
        "a neighbour": named(pod.namespace, app="notebook"),
        "another tenant": named("speech" if pod.namespace == "vision" else "vision"),
    }


def _incoming(namespace: str) -> list[Manifest]:
    """The policies of a namespace for what comes in: what its own pods may open is not asked here."""
    found = []
    for manifest in PLAIN:
        value: Any = manifest.object
        if value["kind"] == "NetworkPolicy" and value["metadata"]["namespace"] == namespace:
            kept = [name for name in value["spec"]["policyTypes"] if name == "Ingress"]
            found.append(replace(manifest, object={**value, "spec": {**value["spec"], "policyTypes": kept}}))
    return found


@pytest.mark.parametrize("port", ray_ports(PLAIN, enforced=True), ids=lambda port: f"{port.node} {port.name}")
def test_who_gets_through_is_what_the_policies_say(port: RayPort) -> None:
    number = 40000 if port.port == "chosen at start" else int(port.port.partition("-")[0])
    pod = _pod(port)
    policies = _incoming(pod.namespace)
    open_to = {name for name, caller in _callers(pod).items() if reaches(policies, caller, pod, number)}
    if port.guard is not PortGuard.LOOPBACK:
        assert open_to == set(port.open_to)
    assert not open_to & {"a neighbour", "another tenant"}


def test_where_nothing_is_enforced_nothing_guards() -> None:
    table = _table(enforced=False)
    assert table[TRAIN, "head", "metrics"].guard is PortGuard.NONE
    assert table[TRAIN, "head", "dashboard and Jobs"].guard is PortGuard.LOOPBACK
    assert table[TRAIN, "head", "sidecar of dashboard"].guard is PortGuard.SIDECAR
    assert not any(port.guard is PortGuard.POLICY for port in table.values())


def test_without_policies_a_port_is_open_to_every_pod() -> None:
    bare = [manifest for manifest in PLAIN if manifest.object["kind"] != "NetworkPolicy"]
    metrics = _table(bare)[TRAIN, "head", "metrics"]
    assert metrics.guard is PortGuard.NONE and metrics.open_to == ("every pod: no network policy selects it",)


def test_a_policy_that_selects_by_expressions_is_not_taken_for_a_guard() -> None:
    vague: Any = {"matchExpressions": [{"key": "ray.io/node-type", "operator": "Exists"}]}
    guards = {"kind": "NetworkPolicy", "metadata": {"name": "vague", "namespace": "vision"}}
    guards["spec"] = {"podSelector": vague, "policyTypes": ["Ingress"]}
    bare = [manifest for manifest in PLAIN if manifest.object["kind"] != "NetworkPolicy"]
    assert _table([*bare, Manifest(guards, "g", 1)])[TRAIN, "head", "metrics"].guard is PortGuard.NONE


def _moved(**parameters: str) -> dict[tuple[str, str, str], RayPort]:
    """The table of a cluster of which ports were moved."""
    (found,) = (manifest for manifest in PLAIN if manifest.reference == TRAIN)
    spec: Any = found.object["spec"]
    head = {
        **spec["headGroupSpec"],
        "rayStartParams": {name.replace("_", "-"): text for name, text in parameters.items()},
    }
    changed = {**found.object, "spec": {**spec, "headGroupSpec": head}}
    others = [manifest for manifest in PLAIN if not str(manifest.object["kind"]).startswith("Ray")]
    return _table([*others, replace(found, object=changed)])


def test_ports_that_were_moved_are_where_they_were_moved_to() -> None:
    table = _moved(port="6400", min_worker_port="20000", max_worker_port="20099", runtime_env_agent_port="52367")
    assert table[TRAIN, "head", "GCS"].port == "6400"
    assert table[TRAIN, "head", "workers and drivers"].port == "20000-20099"
    assert table[TRAIN, "head", "runtime environment agent"].port == "52367"
    assert _moved(worker_port_list="10010,10011")[TRAIN, "head", "workers and drivers"].port == "10010,10011"


def test_a_dashboard_without_a_host_is_where_kuberay_puts_it() -> None:
    assert _moved()[TRAIN, "head", "dashboard and Jobs"].guard is PortGuard.POLICY


def test_without_a_token_every_answer_is_given() -> None:
    (found,) = (manifest for manifest in PLAIN if manifest.reference == TRAIN)
    spec = {name: value for name, value in found.object["spec"].items() if name != "authOptions"}  # type: ignore[attr-defined]
    table = _table([Manifest({**found.object, "spec": spec}, "g", 5)])
    assert "no token" in table[TRAIN, "head", "agent HTTP"].answers
    assert "200 to anybody" in table[TRAIN, "head", "metrics"].answers


def test_a_plan_of_many_tenants_is_not_held_up() -> None:
    tenants = [replace(tenant, name=f"{tenant.name}-{number}") for number in range(20) for tenant in (VISION, SPEECH)]
    found = ray_ports(render(existing(*tenants)), enforced=True)
    assert len({port.workload for port in found}) == 20 * len(WORKLOADS)
