"""The encryption of nodes' memory.

Constraint: compute.restrictNonConfidentialComputing and its managed twin. It denies services whose machines are not
confidential; nodes are machines of compute.googleapis.com, made by container.googleapis.com.
"""

from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import Confidential, GkeMode, NodePool
from rayfence.model.gke_settings import PoolSettings
from rayfence.policy.basis import Case
from rayfence.policy.basis.petitions import Petition, admitted, tagged
from rayfence.policy.gke.pools.sizing import confidential_families, confidential_kinds

RULE: Final = "compute.restrictNonConfidentialComputing"
TWIN: Final = "compute.managed.restrictNonConfidentialComputing"
CONFIDENTIAL: Final = (RULE, TWIN)
SERVICES: Final = ("compute.googleapis.com", "container.googleapis.com")


def demanded(case: Case) -> tuple[str, ...]:
    """The constraints that demand confidential nodes, or may do so; empty: none does."""
    rules = [RULE] if any(not case.rules.verdict(RULE, service).allowed for service in SERVICES) else []
    return (*rules, *case.rules.binding(TWIN))


def warn_undecided(case: Case) -> None:
    """Say once that nodes are confidential because nobody knows whether they must be."""
    case.warn_undecided(*CONFIDENTIAL, taken="nodes are made confidential")


def confidential(case: Case, pool: NodePool, machine_type: str, field: str, path: str) -> Confidential | None:
    """Memory encryption of a pool: as asked, as demanded, or because it costs little on the machine we chose."""
    known = confidential_kinds(case.machines, machine_type)
    kinds, rules, wanted = known or (), demanded(case), pool.confidential
    if wanted is not None and wanted not in kinds:
        can = ", ".join(kinds) or "none"
        problem = f"{machine_type} does not offer {wanted}; it offers {can}"
        if known is None:
            problem = f"whether {machine_type} offers {wanted} is not known here"
        case.refuse((), (f"{field}.confidential", f"{field}.machineType"), problem, (_families(case, wanted),))
    elif rules and not kinds:
        _refuse(case, pool, machine_type, field, rules)
    chosen = wanted
    if wanted is None and kinds and (rules or pool.machine_type is None):
        chosen = kinds[0]
    reason = "the host can't read the nodes' memory" if chosen else "not asked for, and not demanded"
    source = Source.SPEC if wanted else Source.DEFAULT
    case.decide(f"{path}.confidential", chosen, reason, serves=rules, source=source)
    return chosen


def cluster_confidential(case: Case, settled: tuple[PoolSettings, ...]) -> Confidential | None:
    """Memory encryption for the whole cluster, for ever: only where a rule demands it, and all pools agree."""
    path = "gke.confidential_cluster"
    kinds = {pool.confidential for pool in settled}
    custom = [rule.name for rule in case.rules.facts.custom if "confidentialNodes" in rule.condition]
    rules = demanded(case)
    if case.gke.mode is GkeMode.AUTOPILOT:
        case.decide(path, None, "Autopilot chooses the machines of its nodes")
        return None
    if (rules or custom) and len(kinds) == 1 and None not in kinds:
        kind = next(iter(kinds))
        reason = "every pool of the cluster, now and later" + (f"; asked for by {', '.join(custom)}" if custom else "")
        case.decide(path, kind, reason, serves=rules, irreversible="a cluster can't leave confidential nodes again")
        return kind
    case.decide(path, None, "decided per pool, so that pools of other machines stay possible")
    return None


def refuse_autopilot(case: Case) -> None:
    """Autopilot chooses its machines itself, and its default classes are not confidential."""
    rules = demanded(case)
    if rules:
        case.refuse(
            rules,
            ("target.gke.mode",),
            "Autopilot's default machines do not encrypt their memory, and the organisation demands it",
            ("use mode: standard, whose pools are chosen among confidential machines", "ask for the exception below"),
            _petitions(case, rules, "Autopilot chooses the machines of its nodes"),
        )


def _refuse(case: Case, pool: NodePool, machine_type: str, field: str, rules: tuple[str, ...]) -> None:
    what = f"{pool.gpu.count} x {pool.gpu.kind} on {machine_type}" if pool.gpu else machine_type
    known = confidential_kinds(case.machines, machine_type) is not None
    cant = "can't encrypt its memory" if known else "is not known here to encrypt its memory"
    sources = "; ".join(case.rules.source(rule) for rule in rules)
    fields = (f"{field}.machineType", f"{field}.gpu") if pool.gpu else (f"{field}.machineType",)
    case.refuse(
        rules,
        fields,
        f"pool {pool.name}: {what} {cant}, which the organisation demands: {sources}",
        (_gpus(case) if pool.gpu else _families(case, None), "ask for the exception below"),
        _petitions(case, rules, f"the pool {pool.name} needs {what}, and no confidential machine offers it"),
    )


def _petitions(case: Case, rules: tuple[str, ...], why: str) -> tuple[Petition, ...]:
    """One for each rule: with an exception from one twin alone the other still refuses."""
    refused = [service for service in SERVICES if not case.rules.verdict(RULE, service).allowed]
    return tuple(
        admitted(RULE, "`, `".join(refused), why) if rule == RULE else tagged(rule, case.rules.organization(), why)
        for rule in rules
    )


def _families(case: Case, wanted: Confidential | None) -> str:
    return f"choose a machine of {', '.join(confidential_families(case.machines, wanted))}"


def _gpus(case: Case) -> str:
    types = [item.name for item in case.machines.types.known.values() if item.gpus and item.confidential]
    return f"use a GPU machine that can: {', '.join(types) or 'none is known'}"
