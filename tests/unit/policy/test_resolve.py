"""Every setting has a value, a reason and a source; what can't be had is named, all of it."""

from dataclasses import replace

import pytest

from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.errors import PreflightError
from rayfence.model.decision import Decision
from rayfence.model.host import HostFacts
from rayfence.model.resolution import Resolution
from rayfence.policy.resolve import refuse_conflicts, resolve
from rayfence.spec import DEFAULT_SPEC, load_local
from tests.sim.host import sim_host


def resolved(host: HostFacts | None = None, spec: str = DEFAULT_SPEC) -> Resolution:
    return resolve(load_local(spec), host or sim_host(), load_ray_versions())


def decision(resolution: Resolution, path: str) -> Decision:
    return next(item for item in resolution.decisions if item.path == path)


def test_the_default_platform_has_no_conflict_and_every_decision_says_why() -> None:
    resolution = resolved()
    assert resolution.conflicts == ()
    assert all(item.value and item.reason for item in resolution.decisions)
    paths = [item.path for item in resolution.decisions]
    assert len(paths) == len(set(paths))


def test_nodes_are_the_head_and_each_worker_with_ports_of_its_own() -> None:
    spec = DEFAULT_SPEC + "tenants: [{clusters: [{workers: [{name: a, replicas: 2}, {name: b}]}]}]\n"
    nodes = resolved(sim_host(4), spec).nodes
    assert [node.name for node in nodes] == ["head", "a-1", "a-2", "b-1"]
    assert len({node.ports for node in nodes}) == 4


@pytest.mark.parametrize(
    ("change", "subject"),
    [
        ({"system": "darwin"}, "host"),
        ({"ray_version": None}, "ray"),
        ({"ray_version": "2.59.0"}, "ray"),
        ({"envoy_path": None}, "envoy"),
        ({"envoy_version": "1.30.0"}, "envoy"),
        ({"memory_bytes": 1 << 20}, "memory"),
        ({"watchers": 11}, "inotify"),
    ],
)
def test_what_the_machine_lacks_is_a_conflict(change: dict[str, object], subject: str) -> None:
    resolution = resolved(replace(sim_host(), **change))  # type: ignore[arg-type]
    assert [item.subject for item in resolution.conflicts] == [subject]
    with pytest.raises(PreflightError):
        refuse_conflicts(resolution)


def test_a_lack_of_watchers_is_told_with_numbers_and_a_next_step() -> None:
    """Envoy itself ends with words about a file that it can't open."""
    with pytest.raises(PreflightError) as caught:
        refuse_conflicts(resolved(replace(sim_host(), watchers=3)))
    assert "inotify: Envoy needs 12 inotify instances" in str(caught.value)
    assert "3 are left for user ada" in str(caught.value)
    assert "sysctl fs.inotify.max_user_instances" in caught.value.hint
    assert resolved(replace(sim_host(), watchers=None)).conflicts == (), "an Envoy that runs needs no more"


def test_all_conflicts_are_told_at_once() -> None:
    with pytest.raises(PreflightError) as caught:
        refuse_conflicts(resolved(replace(sim_host(), ray_version=None, envoy_path=None)))
    assert "Ray is not installed" in str(caught.value)
    assert "Envoy is not installed" in str(caught.value)


def test_missing_walls_are_decided_and_explained_not_hidden() -> None:
    host = replace(sim_host(), ray_uid=None, namespaces=False, walls_reason="not root, no user namespaces")
    resolution = resolved(host)
    assert not resolution.job_code_is_walled
    assert decision(resolution, "ray.namespaces").value == "none"
    assert decision(resolution, "ray.account").reason == "not root, no user namespaces"


def test_resolving_is_deterministic() -> None:
    assert resolved() == resolved()
