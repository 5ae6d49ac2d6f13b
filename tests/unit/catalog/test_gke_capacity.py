import pytest

from rayfence.catalog.documents import read_data
from rayfence.catalog.gke_capacity import load_gke_capacity, parse_gke_capacity
from rayfence.errors import CatalogError
from rayfence.model.proofs import Room

TEXT = read_data("gke_capacity.yaml")


def test_the_shipped_figures() -> None:
    figures = load_gke_capacity()
    assert [part.percent for part in figures.reservations.memory] == [25, 20, 10, 6, 2]
    assert figures.reservations.eviction_mib == 100
    assert figures.networks["pod_prefix"] == 24
    assert figures.accelerators["nvidia-tesla-a100"][8] == Room(94000, 632832, 8)
    assert {pod.name for pod in figures.platform_pods if pod.per_tenant} == {"gateway"}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("{upto: null, percent: 0.25}", "{upto: 3, percent: 0.25}"),
        ("{upto: 2, percent: 1}", "{upto: 0.5, percent: 1}"),
        ("eviction_mib: 100", "eviction_mib: 1.5"),
        ("when: calico", "when: sometimes"),
        ("each: tenant", "each: moon"),
        ("ratio: [1, 6.5]", "ratio: [7, 6.5]"),
        ("      8: {cpu_milli: 206000, memory_mib: 1838080}", "      eight: {cpu_milli: 1, memory_mib: 1}"),
        ("mtls: {cpu_milli: 200, memory_mib: 256}", "mtls: {cpu_milli: 200}"),
        ("max_pods_per_node: 110", "pods: 110"),
    ],
)
def test_a_wrong_file_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(CatalogError):
        parse_gke_capacity(TEXT.replace(old, new), "gke_capacity.yaml")
