"""Proof that every pod fits: each one alone, and all at their maximum, with their addresses and quotas.

1. Collect what every pod asks for (`fit/pods`), sidecars included.
2. Compute what a node of each pool leaves for pods (`fit/nodes`), or take Autopilot's bounds (`fit/autopilot`).
3. Place each kind of pod alone, on the pools it may land on.
4. Place all maxima at once by first-fit (`fit/packing`).
5. Compare address ranges (`fit/ranges`) and quotas (`fit/quotas`).
Unknown is never a pass: it becomes a warning that names the evidence. Pure.
"""

from collections.abc import Iterator, Mapping, Sequence

from rayfence.catalog.machines import Machines
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.frozen import dataclass
from rayfence.model.gke import GkeMode, GkeTarget
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.outcome import PolicyConflict
from rayfence.model.proofs import CapacityReport, Placement, PodNeed, PoolRoom, RangeUse, RegionQuota, Room
from rayfence.model.tenancy import ClusterTenant
from rayfence.model.verdict import Verdict
from rayfence.policy.proofs.fit.autopilot import place_on_autopilot
from rayfence.policy.proofs.fit.nodes import NodeShape, may_land, node_shape
from rayfence.policy.proofs.fit.packing import Bin, Packing, pack, per_node
from rayfence.policy.proofs.fit.pods import pod_needs, text
from rayfence.policy.proofs.fit.quotas import check_quotas
from rayfence.policy.proofs.fit.ranges import overlaps, range_uses


@dataclass(frozen=True, slots=True)
class _Found:
    conflicts: tuple[PolicyConflict, ...] = ()
    warnings: tuple[str, ...] = ()
    nodes: Mapping[str, int] | None = None


def capacity(
    resolution: ClusterResolution, machines: Machines, quotas: Sequence[RegionQuota] | None = None
) -> CapacityReport:
    """Prove that the platform's pods, addresses and quotas suffice.

    `quotas`: of the cluster's region, as `compute regions describe` lists them; None: not known.
    """
    needs = pod_needs(resolution.platform, machines.figures)
    evidence = f"machine types of {machines.types.dated}, reservations of {machines.figures.dated}"
    limits = _tenant_limits(resolution, needs)
    gke = resolution.gke
    if gke is None:
        reason = "nodes of an existing cluster are not known; evidence: kubectl get nodes -o json"
        fits = tuple(Placement(need, Verdict.UNKNOWN, (), reason) for need in needs)
        return CapacityReport(fits, limits.conflicts, (reason, *limits.warnings), evidence=evidence)
    if gke.mode is GkeMode.AUTOPILOT:
        fits = tuple(place_on_autopilot(need, gke, machines.figures) for need in needs)
        together = _Found()
    else:
        shapes = tuple(node_shape(pool, gke, machines) for pool in gke.pools)
        fits = tuple(_place(need, shapes) for need in needs)
        together = _together(resolution, fits, shapes)
    ranges = range_uses(gke, resolution.platform, needs, machines.figures.networks)
    found = (_alone(fits), together, limits, _addresses(gke, ranges), _quotas(gke, machines, quotas))
    return CapacityReport(
        fits=fits,
        conflicts=tuple(conflict for part in found for conflict in part.conflicts),
        warnings=tuple(dict.fromkeys(warning for part in found for warning in part.warnings)),
        ranges=ranges,
        nodes=together.nodes or {},
        evidence=evidence,
    )


def _place(need: PodNeed, shapes: Sequence[NodeShape]) -> Placement:
    rooms: list[PoolRoom] = []
    refusals: list[str] = []
    for shape in _preferred(shapes):
        refusal = may_land(shape.pool, need.tenant, need.pool, need.request.gpus)
        if refusal:
            refusals.append(refusal)
        elif shape.room is None:
            rooms.append(PoolRoom(shape.pool.name, Verdict.UNKNOWN, Room(0, 0), 0, shape.reason))
        else:
            left = shape.room - need.request
            count = per_node(shape.room, need.request) if shape.pool.max_nodes else 0
            reason = "" if count else f"a node has {text(shape.room)} for pods, the pod asks for {text(need.request)}"
            rooms.append(PoolRoom(shape.pool.name, Verdict.PASS if count else Verdict.FAIL, left, count, reason))
    verdicts = {room.verdict for room in rooms}
    if Verdict.PASS in verdicts:
        names = ", ".join(room.pool for room in rooms if room.verdict is Verdict.PASS)
        return Placement(need, Verdict.PASS, tuple(rooms), f"fits a node of {names}")
    why = "; ".join(dict.fromkeys([*(f"{room.pool}: {room.reason}" for room in rooms), *refusals]))
    verdict = Verdict.UNKNOWN if Verdict.UNKNOWN in verdicts else Verdict.FAIL
    return Placement(need, verdict, tuple(rooms), why or "there is no node pool")


def _preferred(shapes: Sequence[NodeShape]) -> list[NodeShape]:
    """Tenants' own pools first: shared ones are everybody's."""
    return sorted(shapes, key=lambda shape: shape.pool.tenant is None)


def _alone(fits: Sequence[Placement]) -> _Found:
    conflicts = []
    warnings = []
    for placement in fits:
        need = placement.need
        if placement.verdict is Verdict.UNKNOWN:
            warnings.append(f"{need.name}: unknown whether it fits: {placement.reason}")
        elif placement.verdict is Verdict.FAIL:
            conflicts.append(
                PolicyConflict(
                    rules=("capacity of nodes",),
                    fields=(need.path, "target.gke.pools"),
                    problem=f"{need.name} ({'; '.join(need.parts)}) fits no node it may land on: {placement.reason}",
                    remedies=(
                        f"ask for less in {need.path}",
                        f"give it a pool whose nodes leave {text(need.request)} for pods",
                    ),
                )
            )
    return _Found(tuple(conflicts), tuple(warnings))


def _together(resolution: ClusterResolution, fits: Sequence[Placement], shapes: Sequence[NodeShape]) -> _Found:
    faults = [
        PolicyConflict(
            rules=("machine types",),
            fields=(_pool_path(resolution, shape.pool.name),),
            problem=fault,
            remedies=("choose a machine type that has it", "leave it out of the pool"),
        )
        for shape in shapes
        for fault in shape.faults
    ]
    bins = [Bin(shape.pool.name, shape.room, shape.pool.max_nodes) for shape in shapes if shape.room is not None]
    placed = [placement for placement in fits if placement.verdict is Verdict.PASS]
    steady = [(item, item.need.maximum) for item in placed if not item.need.waits]
    packing = _pack(steady, bins)
    conflicts = [*faults, *_homeless(resolution, steady, packing, "all maxima at once")]
    warnings = list(_homeless_unknown(steady, packing))
    if conflicts:
        return _Found(tuple(conflicts), tuple(warnings), packing.nodes)
    for job in dict.fromkeys(_owner(item) for item in placed if item.need.waits):
        extra = [(item, item.need.maximum) for item in placed if item.need.waits and _owner(item) == job]
        conflicts += _homeless(
            resolution, [*steady, *extra], _pack([*steady, *extra], bins), f"job {job} beside all maxima"
        )
    if any(item.need.waits for item in placed):
        warnings.append("jobs of a queue were placed one at a time: the queue's own quota decides how many run at once")
    doubled = [(item, count * (2 if ".services." in item.need.path else 1)) for item, count in steady]
    if doubled != steady and _pack(doubled, bins).homeless:
        warnings.append(
            "a RayService is upgraded by a second cluster beside the first: at all maxima there is no room for it; "
            "the new one then waits, and the old one serves on"
        )
    return _Found(tuple(conflicts), tuple(warnings), packing.nodes)


def _pool_path(resolution: ClusterResolution, name: str) -> str:
    """Where the spec says it: the pool by its index; a pool that policy added stands nowhere."""
    target = resolution.platform.target
    pools = target.pools if isinstance(target, GkeTarget) else ()
    index = next((number for number, pool in enumerate(pools) if pool.name == name), None)
    return "target.gke.pools" if index is None else f"target.gke.pools.{index}"


def _owner(placement: Placement) -> str:
    return placement.need.name.partition(" ")[0]


def _pack(wanted: Sequence[tuple[Placement, int]], bins: Sequence[Bin]) -> Packing:
    return pack(
        [(item.need, count) for item, count in wanted],
        [[room.pool for room in item.pools if room.verdict is Verdict.PASS] for item, _ in wanted],
        bins,
    )


def _homeless(
    resolution: ClusterResolution, wanted: Sequence[tuple[Placement, int]], packing: Packing, what: str
) -> Iterator[PolicyConflict]:
    for index, count in sorted(packing.homeless.items()):
        placement, total = wanted[index]
        if any(room.verdict is Verdict.UNKNOWN for room in placement.pools):
            continue
        names = [room.pool for room in placement.pools if room.verdict is Verdict.PASS]
        yield PolicyConflict(
            rules=("capacity of node pools",),
            fields=(placement.need.path, *(f"{_pool_path(resolution, name)}.maxNodes" for name in names)),
            problem=f"{what}: {count} of {total} pods of {placement.need.name} find no room on {', '.join(names)}",
            remedies=(f"raise maxNodes of {' or '.join(names)}", f"lower the maximum of {placement.need.path}"),
        )


def _homeless_unknown(wanted: Sequence[tuple[Placement, int]], packing: Packing) -> Iterator[str]:
    for index, count in sorted(packing.homeless.items()):
        placement = wanted[index][0]
        unknown = [room for room in placement.pools if room.verdict is Verdict.UNKNOWN]
        if unknown:
            yield (
                f"{placement.need.name}: unknown whether {count} pods find room on {unknown[0].pool}: "
                f"{unknown[0].reason}"
            )


def _tenant_limits(resolution: ClusterResolution, needs: Sequence[PodNeed]) -> _Found:
    """Namespace quotas: what always runs must fit them; maxima beyond them are never reached."""
    conflicts = []
    warnings = []
    for index, tenant in enumerate(resolution.platform.tenants):
        mine = [need for need in needs if need.tenant == tenant.name]
        for name, limit, most, least in _limits(tenant, mine):
            path = f"tenants.{index}.quota.{name}"
            if least > limit:
                conflicts.append(
                    PolicyConflict(
                        rules=("quota of the namespace",),
                        fields=(path,),
                        problem=f"tenant {tenant.name} always runs {least:g} {name}, its quota is {limit}",
                        remedies=(f"raise {path} to {most:g}", "lower the minima of its clusters"),
                    )
                )
            elif most > limit:
                warnings.append(f"{path} of {limit} keeps tenant {tenant.name} from its maximum of {most:g}")
    return _Found(tuple(conflicts), tuple(warnings))


def _limits(tenant: ClusterTenant, mine: Sequence[PodNeed]) -> Iterator[tuple[str, int, float, float]]:
    quota = tenant.quota
    limits = {"cpus": quota.cpus, "memoryGib": quota.memory_gib, "gpus": quota.gpus, "pods": quota.pods}
    for name, limit in limits.items():
        if limit is not None:
            most = sum(_measure(name, need.request) * need.maximum for need in mine)
            least = sum(_measure(name, need.request) * need.minimum for need in mine if ".jobs." not in need.path)
            yield name, limit, most, least


def _measure(name: str, room: Room) -> float:
    amounts = {"cpus": room.cpu_milli / 1000, "memoryGib": room.memory_mib / 1024, "gpus": room.gpus, "pods": 1}
    return amounts[name]


def _addresses(gke: GkeSettings, ranges: Sequence[RangeUse]) -> _Found:
    conflicts = [
        PolicyConflict(
            rules=("address ranges",),
            fields=(f"target.gke.network.{gke.network.kind}.{use.name}Cidr",),
            problem=f"{use.cidr} has room for {use.has}, {use.needs} are needed: {use.reason}",
            remedies=(f"a larger {use.name}Cidr", "lower maxNodes of the node pools"),
        )
        for use in ranges
        if use.verdict is Verdict.FAIL
    ]
    conflicts += [
        PolicyConflict(
            rules=("address ranges",),
            fields=tuple(f"target.gke.network.{gke.network.kind}.{item}" for item in (name, other)),
            problem=f"{name} and {other} share addresses",
            remedies=("choose ranges that do not overlap",),
        )
        for name, other in overlaps(gke.network)
    ]
    unknown = [f"range of {use.name}: {use.reason}" for use in ranges if use.verdict is Verdict.UNKNOWN]
    return _Found(tuple(conflicts), tuple(unknown))


def _quotas(gke: GkeSettings, machines: Machines, quotas: Sequence[RegionQuota] | None) -> _Found:
    if gke.mode is GkeMode.AUTOPILOT:
        return _Found((), ("quotas: Autopilot chooses machines, so what it takes of them is not known",))
    findings = check_quotas(gke, machines, quotas)
    conflicts = tuple(
        PolicyConflict(
            rules=(f"quota {metric} of {gke.network.region}",),
            fields=("target.gke.pools",),
            problem=f"all pools at their maximum take {wanted:g} of {metric}, {free:g} are free",
            remedies=("lower maxNodes of the pools that count against it", "ask for more quota"),
            request=f"Please raise {metric} in {gke.network.region} of project {gke.project} by {wanted - free:g}.",
        )
        for metric, wanted, free in findings.short
    )
    return _Found(conflicts, findings.unknown)
