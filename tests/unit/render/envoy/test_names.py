"""Twin of rayfence.render.envoy.names."""

from rayfence.render.envoy.names import RAY_CLUSTER, of_workload
from tests.unit.render.envoy.example import SETTINGS
from tests.unit.render.envoy.pods import ANSWERS, TRAIN


def test_names_are_told_apart_only_where_several_ray_objects_are_served() -> None:
    assert of_workload(RAY_CLUSTER, SETTINGS) == RAY_CLUSTER
    assert of_workload(RAY_CLUSTER, TRAIN) != of_workload(RAY_CLUSTER, ANSWERS)
