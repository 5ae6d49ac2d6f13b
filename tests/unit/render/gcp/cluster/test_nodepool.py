"""Pools: totals, upgrades, private nodes."""

from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.gcp.cluster.nodepool import costs, initial_per_zone, node_pool_resources, surge
from tests.unit.render.gcp.settings import AUTOPILOT, EXTERNAL, GPU_POOL, STANDARD, pool


def test_pools_scale_in_total_and_have_private_nodes() -> None:
    system, gpu = node_pool_resources(STANDARD)
    assert system.attributes["autoscaling"] == {
        "total_min_node_count": 1,
        "total_max_node_count": 9,
        "location_policy": "BALANCED",
    }
    assert system.attributes["network_config"] == {"enable_private_nodes": True, "pod_range": "pods"}
    assert system.attributes["management"] == {"auto_repair": True, "auto_upgrade": True}
    assert system.attributes["lifecycle"] == {"ignore_changes": ["initial_node_count"]}
    depends = system.attributes["depends_on"]
    assert isinstance(depends, list) and "google_project_iam_member.node__ray-system" in depends
    assert gpu.attributes["upgrade_settings"] == {"strategy": "SURGE", "max_surge": 0, "max_unavailable": 1}
    assert surge(GPU_POOL) == (0, 1)
    assert node_pool_resources(AUTOPILOT) == ()
    assert node_pool_resources(EXTERNAL)[1].attributes["provider"] == "google-beta"


@given(st.integers(0, 50), st.integers(0, 50), st.integers(1, 4))
def test_a_pool_never_starts_above_its_maximum(least: int, more: int, zones: int) -> None:
    made = pool("a", min_nodes=least, max_nodes=least + more, zones=tuple(map(str, range(zones))))
    assert 0 <= initial_per_zone(made) * zones <= least + more


def test_what_it_costs() -> None:
    assert costs(pool("a", min_nodes=0, max_nodes=0)) == ""
    assert costs(pool("a")) == "1 n2d-standard-8 always on, up to 9 n2d-standard-8 under load"
