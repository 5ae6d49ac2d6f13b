import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.documents import read_data
from rayfence.catalog.machine_types import load_machine_types, parse_machine_types
from rayfence.errors import CatalogError
from rayfence.model.gke import Confidential

FAMILIES = {"n2d", "c2d", "c3d", "c3", "n2", "n1", "e2", "n4", "c4", "g2", "a2", "a3", "t2d"}
TEXT = read_data("machine_types.yaml")


def test_the_shipped_families() -> None:
    types = load_machine_types()
    assert {machine.family for machine in types.known.values()} == FAMILIES
    assert all(machine.vcpus > 0 and machine.memory_mib > 0 for machine in types.known.values())


@pytest.mark.parametrize(
    ("name", "vcpus", "mib", "gpus"),
    [
        ("n2d-standard-8", 8, 32 * 1024, 0),
        ("n1-standard-4", 4, 15 * 1024, 0),
        ("c3-highmem-22", 22, 176 * 1024, 0),
        ("a2-highgpu-1g", 12, 85 * 1024, 1),
        ("n2d-custom-6-24576", 6, 24576, 0),
    ],
)
def test_sizes(name: str, vcpus: int, mib: int, gpus: int) -> None:
    machine = load_machine_types().find(name)
    assert machine is not None and (machine.vcpus, machine.memory_mib, machine.gpus) == (vcpus, mib, gpus)


def test_who_can_be_confidential() -> None:
    able: dict[Confidential, set[str]] = {kind: set() for kind in Confidential}
    for machine in load_machine_types().known.values():
        for kind in machine.confidential:
            able[kind].add(machine.family)
    assert able[Confidential.SEV] == {"n2d", "c2d", "c3d"}
    assert able[Confidential.SEV_SNP] == {"n2d"}
    assert able[Confidential.TDX] == {"c3", "a3"}
    h100 = [machine.name for machine in load_machine_types().known.values() if machine.family == "a3"]
    assert [name for name in h100 if load_machine_types().known[name].confidential] == ["a3-highgpu-1g"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('dated: "2026-11-26"', "dated: yesterday"),
        ("e2-micro: [2, 1]", "e2-micro: [2]"),
        ("e2-micro: [2, 1]", "n9-micro: [2, 1]"),
        ("g2-standard-4: [4, 16, 1]", "g2-standard-4: [4, 16, true]"),
        ("gpu: {g2-: nvidia-l4}", ""),
        ("confidential: {SEV: [c2d-]}", "confidential: {SEVEN: [c2d-]}"),
        ("cpu_quotas: [T2D_CPUS]", "cpu_quota: [T2D_CPUS]"),
        ("[NVIDIA_L4_GPUS, PREEMPTIBLE_NVIDIA_L4_GPUS]", "[NVIDIA_L4_GPUS]"),
        ("e2-medium: [2, 4]", "e2-standard-2: [2, 8]"),
        ("  t2d:", "  n2d:"),
    ],
)
def test_a_wrong_file_is_refused(old: str, new: str) -> None:
    assert old in TEXT
    with pytest.raises(CatalogError):
        parse_machine_types(TEXT.replace(old, new), "machine_types.yaml")


@given(st.text(max_size=40))
def test_any_name_is_known_or_not(name: str) -> None:
    machine = load_machine_types().find(name)
    assert machine is None or machine.vcpus > 0
