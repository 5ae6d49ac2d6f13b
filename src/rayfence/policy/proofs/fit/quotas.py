"""Whether the region's quotas hold every pool at its maximum. A metric that is not listed is unknown, never a pass."""

from collections.abc import Mapping, Sequence

from rayfence.catalog.machines import Machines
from rayfence.model.frozen import dataclass
from rayfence.model.gke_settings import GkeSettings, PoolSettings
from rayfence.model.proofs import RegionQuota


@dataclass(frozen=True, slots=True)
class QuotaFindings:
    """`short`: (metric, wanted, free) of quotas that are too small. `unknown`: what is not listed, with why."""

    short: tuple[tuple[str, float, float], ...]
    unknown: tuple[str, ...]


def check_quotas(gke: GkeSettings, machines: Machines, quotas: Sequence[RegionQuota] | None) -> QuotaFindings:
    """Sum what the pools take at their maxima, by metric, and compare with what is free."""
    evidence = f"gcloud compute regions describe {gke.network.region} --project={gke.project} --format='json(quotas)'"
    if quotas is None:
        return QuotaFindings((), (f"quotas of {gke.network.region} were not given; evidence: {evidence}",))
    listed = {quota.metric: max(0.0, quota.limit - quota.usage) for quota in quotas}
    wanted: dict[str, float] = {}
    unknown: list[str] = []
    for pool in gke.pools:
        unknown += _add(pool, machines, listed, wanted)
    short = tuple((metric, need, listed[metric]) for metric, need in sorted(wanted.items()) if need > listed[metric])
    return QuotaFindings(short, tuple(f"{item}; evidence: {evidence}" for item in dict.fromkeys(unknown)))


def _add(pool: PoolSettings, machines: Machines, listed: Mapping[str, float], wanted: dict[str, float]) -> list[str]:
    """Add what `pool` takes to `wanted`; return what can't be counted."""
    machine = machines.types.find(pool.machine_type)
    if machine is None:
        return [f"pool {pool.name}: {pool.machine_type} is unknown, so is what it takes of quotas"]
    missing = []
    cpus = [metric for metric in machine.cpu_quotas if metric in listed]
    if pool.spot and "PREEMPTIBLE_CPUS" in listed:
        cpus = ["PREEMPTIBLE_CPUS"]
    if not cpus:
        missing.append(f"pool {pool.name}: none of {', '.join(machine.cpu_quotas)} is listed")
    amounts = {metric: float(machine.vcpus * pool.max_nodes) for metric in cpus}
    if machine.disk_quota in listed:
        amounts[machine.disk_quota] = float(pool.disk_gib * pool.max_nodes)
    else:
        missing.append(f"pool {pool.name}: {machine.disk_quota} is not listed")
    if pool.gpu is not None:
        metrics = machines.types.gpu_quotas.get(pool.gpu.kind, ())
        counted = next((metric for metric in (metrics[::-1] if pool.spot else metrics[:1]) if metric in listed), None)
        if counted is None:
            missing.append(f"pool {pool.name}: no quota of {pool.gpu.kind} is listed")
        else:
            amounts[counted] = float(pool.gpu.count * pool.max_nodes)
    for metric, amount in amounts.items():
        wanted[metric] = wanted.get(metric, 0.0) + amount
    return missing
