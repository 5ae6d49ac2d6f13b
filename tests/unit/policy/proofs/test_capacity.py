from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.machines import load_machines
from rayfence.model.gke import Confidential, GkeMode, Gpu
from rayfence.model.outcome import PolicyConflict
from rayfence.model.proofs import CapacityReport, RegionQuota
from rayfence.model.tenancy import Job, PodShape, Quota, ServiceApp, WorkerPods
from rayfence.model.verdict import Verdict
from rayfence.policy.proofs.capacity import capacity
from tests.unit.policy.proofs.made import GKE, NETWORK, POOL, pods, resolution, tenant, with_pools

MACHINES = load_machines()
PLENTY = (RegionQuota("N2D_CPUS", 10_000), RegionQuota("SSD_TOTAL_GB", 100_000))
VISION_POOL = replace(POOL, name="vision", tenant="vision", taints=(("rayfence.dev/tenant", "vision", "NoSchedule"),))


def problems(report: CapacityReport) -> list[str]:
    return [conflict.problem for conflict in report.conflicts]


def by_field(report: CapacityReport, field: str) -> PolicyConflict:
    return next(conflict for conflict in report.conflicts if field in conflict.fields)


def test_what_fits_is_said_per_pod_with_the_room_that_is_left() -> None:
    report = capacity(resolution(), MACHINES, PLENTY)
    assert problems(report) == [] and report.warnings == ()
    head = next(item for item in report.fits if item.need.name == "vision/train head")
    assert head.verdict is Verdict.PASS
    assert [room.pool for room in head.pools] == ["shared"] and head.pools[0].left.cpu_milli > 9000
    assert any("autoscaler" in part for part in head.need.parts)
    assert report.nodes == {"shared": 2} and "2026" in report.evidence
    assert [use.verdict for use in report.ranges] == [Verdict.PASS] * 3


def test_the_articles_machine_holds_no_ray_head() -> None:
    small = replace(POOL, machine_type="n2d-standard-2", max_nodes=4)
    report = capacity(resolution(with_pools(small), tenant(ray=pods(PodShape(2, 6)))), MACHINES, PLENTY)
    assert any("vision/train head" in problem and "fits no node" in problem for problem in problems(report))


def test_nominal_memory_is_not_allocatable_memory() -> None:
    exact = tenant(ray=pods(PodShape(1, 1), WorkerPods("big", PodShape(8, 64), 1, 1)))
    report = capacity(resolution(GKE, exact), MACHINES, PLENTY)
    assert any("vision/train big" in problem for problem in problems(report))


def test_a_pod_of_another_tenant_lands_on_no_tenants_pool() -> None:
    report = capacity(resolution(with_pools(POOL, VISION_POOL), tenant(), tenant("speech")), MACHINES, PLENTY)
    where = {item.need.name: [room.pool for room in item.pools] for item in report.fits}
    assert where["vision/train head"] == ["vision", "shared"]
    assert where["speech/train head"] == ["shared"]
    assert where["vision-gateway gateway"] == ["shared"]


def test_without_a_pool_for_all_the_systems_own_pods_are_homeless() -> None:
    report = capacity(resolution(with_pools(VISION_POOL)), MACHINES, PLENTY)
    assert any("kube-system" in problem and "tenant vision's alone" in problem for problem in problems(report))


def test_gpu_pods_need_a_pool_with_as_many_gpus() -> None:
    gpu_pool = replace(POOL, name="l4", machine_type="g2-standard-48", gpu=Gpu("nvidia-l4", 4))
    train = tenant(ray=pods(None, WorkerPods("gpu", PodShape(8, 32, gpus=2), 1, 4)))
    quotas = (*PLENTY, RegionQuota("G2_CPUS", 999), RegionQuota("NVIDIA_L4_GPUS", 99))
    report = capacity(resolution(with_pools(POOL, gpu_pool), train), MACHINES, quotas)
    assert problems(report) == [] and report.warnings == ()
    worker = next(item for item in report.fits if item.need.name == "vision/train gpu")
    fit = [room for room in worker.pools if room.verdict is Verdict.PASS]
    assert [(room.pool, room.per_node) for room in fit] == [("l4", 2)]
    head = next(item for item in report.fits if item.need.name == "vision/train head")
    assert [room.pool for room in head.pools] == ["shared"]
    greedy = tenant(ray=pods(None, WorkerPods("gpu", PodShape(8, 32, gpus=8), 1, 1)))
    assert any(
        "train gpu" in text for text in problems(capacity(resolution(with_pools(POOL, gpu_pool), greedy), MACHINES))
    )


def test_a_machine_type_that_is_not_known_is_never_a_pass() -> None:
    odd = replace(POOL, name="odd", machine_type="z9-standard-8")
    report = capacity(resolution(with_pools(odd)), MACHINES, PLENTY)
    assert {item.verdict for item in report.fits} == {Verdict.UNKNOWN}
    assert report.conflicts == ()
    assert any("gcloud compute machine-types describe z9-standard-8" in warning for warning in report.warnings)


def test_maxima_beyond_the_nodes_are_a_conflict() -> None:
    many = tenant(ray=pods(None, WorkerPods("cpu", PodShape(4, 16), 0, 100)))
    report = capacity(resolution(GKE, many), MACHINES, PLENTY)
    conflict = by_field(report, "target.gke.pools.0.maxNodes")
    assert "of 100 pods of vision/train cpu" in conflict.problem and len(conflict.remedies) == 2


def test_jobs_of_a_queue_are_placed_one_at_a_time() -> None:
    shape = pods(None, WorkerPods("cpu", PodShape(4, 16), 12, 12))
    jobs = tuple(Job(f"j{number}", shape, "python x.py") for number in range(4))
    eager = replace(tenant(), jobs=jobs)
    assert capacity(resolution(GKE, eager), MACHINES, PLENTY).conflicts
    waiting = replace(eager, queue="vision")
    report = capacity(resolution(GKE, waiting), MACHINES, PLENTY)
    assert problems(report) == [] and any("queue" in warning for warning in report.warnings)


def test_a_service_upgrade_that_finds_no_room_is_warned_of() -> None:
    service = ServiceApp("answers", pods(None, WorkerPods("cpu", PodShape(4, 16), 12, 12)), "applications: []")
    report = capacity(resolution(GKE, replace(tenant(), services=(service,))), MACHINES, PLENTY)
    assert problems(report) == [] and any("upgraded by a second cluster" in warning for warning in report.warnings)


def test_confidential_and_gpu_faults_name_the_pool() -> None:
    faulty = (
        replace(POOL, confidential=Confidential.TDX),
        replace(POOL, name="b", machine_type="g2-standard-4"),
        replace(POOL, name="c", gpu=Gpu("nvidia-l4", 1)),
        replace(POOL, name="d", machine_type="n1-standard-8", gpu=Gpu("nvidia-tesla-t4", 3)),
        replace(POOL, name="e", machine_type="g2-standard-24", gpu=Gpu("nvidia-l4", 1)),
    )
    found = problems(capacity(resolution(with_pools(*faulty)), MACHINES, PLENTY))
    for pool in ("shared wants TDX", "pool b:", "pool c:", "pool d:", "pool e:"):
        assert any(pool in problem for problem in found), pool


def test_ranges_too_small_overlapping_or_unknown() -> None:
    tight = replace(NETWORK, nodes_cidr="10.10.0.0/29", pods_cidr="10.10.0.0/22", services_cidr=None)
    report = capacity(resolution(replace(GKE, network=tight)), MACHINES, PLENTY)
    assert "room for 4" in by_field(report, "target.gke.network.own.nodesCidr").problem
    assert any("share addresses" in problem for problem in problems(report))
    assert any(warning.startswith("range of services") and "subnets describe" in warning for warning in report.warnings)
    assert [use.verdict for use in report.ranges] == [Verdict.FAIL, Verdict.FAIL, Verdict.UNKNOWN]


def test_quotas_count_every_pool_at_its_maximum() -> None:
    short = (RegionQuota("N2D_CPUS", 200, usage=100), RegionQuota("SSD_TOTAL_GB", 10_000))
    report = capacity(resolution(), MACHINES, short)
    conflict = report.conflicts[0]
    assert "128 of N2D_CPUS, 100 are free" in conflict.problem and "by 28" in conflict.request
    assert any("quotas of us-central1 were not given" in text for text in capacity(resolution(), MACHINES).warnings)
    assert any("none of N2D_CPUS is listed" in text for text in capacity(resolution(), MACHINES, ()).warnings)


def test_namespace_quotas_below_what_always_runs_are_a_conflict() -> None:
    tight = replace(tenant(), quota=Quota(cpus=4, memory_gib=64, pods=50))
    report = capacity(resolution(GKE, tight), MACHINES, PLENTY)
    assert "always runs" in by_field(report, "tenants.0.quota.cpus").problem
    assert any("tenants.0.quota.memoryGib of 64 keeps" in warning for warning in report.warnings)


def test_autopilot_has_bounds_instead_of_pools() -> None:
    auto = replace(GKE, mode=GkeMode.AUTOPILOT, pools=())
    report = capacity(resolution(auto, tenant(ray=pods(PodShape(4, 16)))), MACHINES)
    assert problems(report) == [] and {item.verdict for item in report.fits} == {Verdict.PASS}
    huge = tenant(ray=pods(PodShape(4, 16), WorkerPods("huge", PodShape(16, 200), 1, 1)))
    assert any("train huge" in problem for problem in problems(capacity(resolution(auto, huge), MACHINES)))
    gpus = tenant(ray=pods(None, WorkerPods("gpu", PodShape(4, 16, gpus=1), 1, 1)))
    assert any("of which kind" in problem for problem in problems(capacity(resolution(auto, gpus), MACHINES)))


def test_nodes_of_an_existing_cluster_are_unknown() -> None:
    report = capacity(resolution(None), MACHINES)
    assert {item.verdict for item in report.fits} == {Verdict.UNKNOWN}
    assert any("kubectl get nodes" in warning for warning in report.warnings)


@given(
    st.integers(1, 64),
    st.integers(1, 256),
    st.integers(0, 40),
    st.sampled_from(["n2d-standard-8", "n2d-highmem-16", "e2-medium", "n2d-custom-6-24576", "nope-1"]),
)
def test_asking_for_more_never_turns_a_failure_into_a_pass(cpus: int, memory: int, count: int, machine: str) -> None:
    gke = with_pools(replace(POOL, machine_type=machine))
    less = tenant(ray=pods(PodShape(cpus, memory), WorkerPods("w", PodShape(cpus, memory), 0, count)))
    more = tenant(
        ray=pods(PodShape(cpus + 1, memory + 1), WorkerPods("w", PodShape(cpus + 1, memory + 1), 0, count + 1))
    )
    first, second = (capacity(resolution(gke, item), MACHINES, PLENTY) for item in (less, more))
    assert first == capacity(resolution(gke, less), MACHINES, PLENTY)
    if any(conflict.rules == ("capacity of nodes",) for conflict in first.conflicts):
        assert second.conflicts


@pytest.mark.parametrize(
    "machine", ["", "n2d-standard-8 --quiet", "n2d-custom-0-0", "n2d-custom-99999999999-1", "../x"]
)
def test_odd_names_of_machines_are_unknown(machine: str) -> None:
    assert MACHINES.types.find(machine) is None
