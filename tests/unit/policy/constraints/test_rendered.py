"""What criteria see of the rendered objects: fields, machines wherever they are written, defaults left to criteria."""

import pytest

from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.policy.constraints.rendered import (
    Origin,
    Rendered,
    at,
    compute_path,
    items_at,
    project_of,
    read,
    text_at,
    texts_at,
    walk,
)
from tests.unit.policy.constraints.platforms import Json, Made, autopilot, made, resolution, workbench


def _read(platform: Made) -> Rendered:
    return read(platform.resolution, CloudDesired(tuple(platform.resources)), ())


def test_paths_of_what_is_not_there() -> None:
    body: Json = {"a": {"b": "x", "list": ["y", 1]}, "one": {"c": 1}}
    assert at(body, "a.b") == "x" and at(body, "a.b.c") is None and at(None, "a") is None
    assert text_at(body, "one") == "" and texts_at(body, "a.list") == ("y",)
    assert items_at(body, "one") == ({"c": 1},) and items_at(body, "a.b") == ()
    assert dict(walk(body)) == {"a.b": "x", "a.list[0]": "y", "a.list[1]": 1, "one.c": 1}


@pytest.mark.parametrize(
    ("written", "full"),
    [
        ("n", "projects/p/global/networks/n"),
        ("global/networks/n", "projects/p/global/networks/n"),
        ("projects/q/global/networks/n", "projects/q/global/networks/n"),
        ("https://www.googleapis.com/compute/v1/projects/q/global/networks/n", "projects/q/global/networks/n"),
        ("", ""),
    ],
)
def test_full_names(written: str, full: str) -> None:
    assert compute_path(written, "p", "global/networks") == full
    assert project_of(full) == ("/".join(full.split("/")[:2]) if full else "")


def test_the_pool_of_the_making_is_a_pool() -> None:
    machines = _read(made()).machines
    assert [machine.address for machine in machines] == ["Cluster ray", "NodePool head", "NodePool workers"]
    assert {machine.origin for machine in machines} == {Origin.POOL}
    assert _read(made().set("Cluster", "initialNodeCount", None)).machines[0].address == "NodePool head"


def test_pools_inside_the_cluster_notebooks_and_automatic_nodes() -> None:
    platform = made().set("Cluster", "nodePools", [{"name": "p", "config": {"metadata": {"K": " TRUE "}}}])
    platform.set("Cluster", "autoscaling.enableNodeAutoprovisioning", True)
    platform.add("notebooks.googleapis.com/Instance", "notes", workbench(), "google_workbench_instance")
    platform.add("compute.googleapis.com/Instance", "bastion", {"machineType": "e2-small"}, "google_compute_instance")
    rendered = _read(platform)
    assert [machine.origin for machine in rendered.machines] == [
        Origin.POOL, Origin.AUTOMATIC, Origin.POOL, Origin.POOL, Origin.NOTEBOOK, Origin.INSTANCE,
    ]  # fmt: skip
    assert rendered.machines[0].metadata("K") == "true" and rendered.machines[0].metadata("L") is None
    assert rendered.machines[0].field("metadata.K") == "Cluster ray: nodePools[0].config.metadata.K"
    assert rendered.machines[-1].field("machineType") == "Instance bastion: machineType"
    assert len(rendered.nodes) == 4


def test_autopilot_and_wrapped_bodies() -> None:
    rendered = _read(autopilot())
    assert rendered.autopilot and [machine.origin for machine in rendered.machines] == [Origin.AUTOMATIC]
    body = {"parent": "projects/p/locations/l", "cluster": {"name": "c", "autopilot": {"enabled": True}}}
    wrapped = CloudResource("container.googleapis.com/Cluster", "c", "google_container_cluster", "c", "g", body, {})
    assert read(resolution(), CloudDesired((wrapped,)), ()).autopilot
