"""The proofs against the real renderers: what they bind, what their pods ask for, what their firewall rules open.

Each example goes through the whole pipeline; a renderer and a proof that drift apart fail here.
"""

import datetime
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.catalog.machines import load_machines
from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.cloud import CloudDesired
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import OrgFacts
from rayfence.model.proofs import FlowState, Room
from rayfence.policy.cluster import resolve_cluster
from rayfence.policy.proofs import capacity, disagreements, flows, privileges, refuse_broad
from rayfence.policy.proofs.fit.pods import pod_needs
from rayfence.render.gcp.render import render as render_cloud
from rayfence.render.kubernetes.render import render as render_kubernetes
from rayfence.spec import load

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("article", "autopilot", "gpu-tenants", "shared-vpc", "two-tenants")
TODAY = datetime.date(2026, 11, 26)


@cache
def planned(name: str) -> tuple[ClusterResolution, CloudDesired, tuple[Manifest, ...]]:
    """An example, resolved and rendered, without an organisation."""
    path = EXAMPLES / name / "platform.yaml"
    platform = load(path.read_text(encoding="utf-8"), str(path))
    assert isinstance(platform, ClusterPlatform)
    resolution = resolve_cluster(
        platform, OrgFacts(), TODAY, load_value_groups(), load_machines(), load_ray_versions(), load_actors()
    )
    return resolution, render_cloud(resolution), render_kubernetes(resolution)


@pytest.mark.parametrize("name", NAMES)
def test_what_renderers_bind_is_what_the_list_says_and_none_is_broad(name: str) -> None:
    resolution, cloud, manifests = planned(name)
    grants = privileges(resolution, cloud, manifests, load_actors())
    assert disagreements(grants, cloud) == ()
    assert refuse_broad(grants) == ()


@pytest.mark.parametrize("name", NAMES)
def test_no_needed_flow_is_closed_by_rules_of_ours(name: str) -> None:
    resolution, cloud, _ = planned(name)
    report = flows(resolution, OrgFacts(), cloud)
    assert report.conflicts == ()
    managed = resolution.gke is not None and resolution.gke.network.manage_firewall
    if managed:
        assert {item.state for item in report.flows if item.flow.needed} <= {FlowState.OPEN, FlowState.UNFILTERED}


@pytest.mark.parametrize("name", NAMES)
def test_everything_fits(name: str) -> None:
    assert capacity(planned(name)[0], load_machines()).conflicts == ()


@pytest.mark.parametrize("name", NAMES)
def test_pods_ask_for_what_the_proof_reckons_with(name: str) -> None:
    resolution, _, manifests = planned(name)
    needs = {need.name: need.request for need in pod_needs(resolution.platform, load_machines().figures)}
    heads = {
        f"{_meta(item, 'namespace')}/{_meta(item, 'name')} head": _request(
            _at(item.object, "spec", "headGroupSpec", "template", "spec")
        )
        for item in manifests
        if item.object["kind"] == "RayCluster"
    }
    assert heads and all(needs[head].holds(room) for head, room in heads.items())
    for item in manifests:
        if item.object["kind"] == "Deployment":
            room = _request(_at(item.object, "spec", "template", "spec"))
            gateway = needs.get(f"{_meta(item, 'namespace')} gateway", needs["kuberay-operator"])
            assert gateway.holds(room), f"{item.reference} asks for {room}"


def _meta(item: Manifest, key: str) -> object:
    return _at(item.object, "metadata").get(key)


def _at(value: object, *keys: str) -> Mapping[str, object]:
    for key in keys:
        assert isinstance(value, Mapping)
        value = value[key]
    assert isinstance(value, Mapping)
    return value


def _request(pod: Mapping[str, object]) -> Room:
    total = Room(0, 0)
    for container in _containers(pod):
        requests = _at(container, "resources", "requests")
        total += Room(_milli(str(requests["cpu"])), _mib(str(requests["memory"])))
    return total


def _containers(pod: Mapping[str, object]) -> Iterator[object]:
    listed = pod["containers"]
    assert isinstance(listed, list | tuple)
    yield from listed


def _milli(text: str) -> int:
    return int(text[:-1]) if text.endswith("m") else int(float(text) * 1000)


def _mib(text: str) -> int:
    return int(text[:-2]) * {"Mi": 1, "Gi": 1024}[text[-2:]]
