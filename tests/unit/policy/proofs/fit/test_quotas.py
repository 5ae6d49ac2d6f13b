from dataclasses import replace

from rayfence.catalog.machines import load_machines
from rayfence.model.gke import Gpu
from rayfence.model.proofs import RegionQuota
from rayfence.policy.proofs.fit.quotas import check_quotas
from tests.unit.policy.proofs.made import POOL, with_pools

MACHINES = load_machines()
DISKS = RegionQuota("SSD_TOTAL_GB", 10_000)


def test_a_spot_pool_counts_against_preemptible_quotas_where_they_are_listed() -> None:
    gpu = replace(POOL, machine_type="g2-standard-4", gpu=Gpu("nvidia-l4", 1), spot=True, max_nodes=10)
    listed = [DISKS, RegionQuota("PREEMPTIBLE_CPUS", 39), RegionQuota("PREEMPTIBLE_NVIDIA_L4_GPUS", 10)]
    findings = check_quotas(with_pools(gpu), MACHINES, listed)
    assert findings.short == (("PREEMPTIBLE_CPUS", 40.0, 39.0),) and findings.unknown == ()
    plain = check_quotas(with_pools(replace(gpu, spot=False)), MACHINES, listed)
    assert any("G2_CPUS" in text for text in plain.unknown) and any("nvidia-l4" in text for text in plain.unknown)


def test_usage_counts_and_is_never_negative() -> None:
    findings = check_quotas(with_pools(POOL), MACHINES, [DISKS, RegionQuota("N2D_CPUS", 8, usage=20)])
    assert findings.short == (("N2D_CPUS", 128.0, 0.0),)


def test_pools_add_up() -> None:
    two = with_pools(POOL, replace(POOL, name="b"))
    assert check_quotas(two, MACHINES, [DISKS, RegionQuota("N2D_CPUS", 255)]).short[0][1] == 256


def test_unknown_machines_and_unlisted_disks_are_unknown() -> None:
    odd = with_pools(replace(POOL, machine_type="q9-a-1"), replace(POOL, name="n4", machine_type="n4-standard-8"))
    unknown = check_quotas(odd, MACHINES, [DISKS, RegionQuota("N4_CPUS", 999)]).unknown
    assert len(unknown) == 2 and all("regions describe us-central1" in text for text in unknown)
