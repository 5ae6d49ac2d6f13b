"""`apply`: the pipeline, carried out on a Kubernetes cluster."""

from collections.abc import Collection
from dataclasses import replace
from pathlib import Path

from rayfence.api.clock import SystemClock
from rayfence.api.cluster import plan_cluster, refuse
from rayfence.api.clusters import records
from rayfence.api.kubernetes import ReceiptFile, connected, expected_of, order_of, receipt_path, whoami
from rayfence.api.specs import read_on_kubernetes
from rayfence.apply.kubernetes import LANES, Order, Surroundings, execute
from rayfence.apply.kubernetes.order import Confirm
from rayfence.errors import PreflightError
from rayfence.model.frozen import dataclass
from rayfence.model.receipt import ClusterReceipt
from rayfence.ports.machine import Reporter


@dataclass(frozen=True, slots=True)
class Wishes:
    """How an apply is to go. `plan`: a saved plan that must still hold; `forced`: references, see `Order`."""

    policies: Path | None = None
    plan: Path | None = None
    context: str | None = None
    forced: Collection[str] = ()
    prune: bool = False
    dry_run: bool = False
    wait: bool = True
    deadline: float = 600.0


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, and where its receipt lies; None: nothing was written, so there is none."""

    receipt: ClusterReceipt
    path: Path | None


def apply(spec: Path, wishes: Wishes, report: Reporter, confirm: Confirm) -> Applied:
    """Make the cluster what the spec says.

    1. Decode the spec, decide, render, judge: exactly as `plan` does; refuse while there are conflicts.
    2. Refuse a saved plan that is of another spec.
    3. Carry it out: see `apply.kubernetes.execute`.
    The receipt grows beside the plan while it works, so that an interruption leaves one.
    Raises: SpecError, OrganizationError, PreflightError (1), StalePlan (2), KubernetesError (3).
    """
    planned = plan_cluster(read_on_kubernetes(spec, "rayfence up"), spec, wishes.policies)  # 1
    refuse(planned.plan)
    order = _ordered(order_of(planned), wishes)
    if wishes.plan is not None:
        order = replace(order, expected=expected_of(wishes.plan, planned.plan))  # 2
    _refuse_unknown(order, spec)
    file = ReceiptFile(receipt_path(planned.platform.name, wishes.plan))
    if not wishes.dry_run:
        records.remember(planned.platform.name, spec, wishes.context, wishes.policies)
    with connected(planned.platform, wishes.context) as api:
        clock, host = SystemClock(), whoami()
        where = Surroundings(api, clock, report, host, file.keep, confirm, LANES)
        with file.told("apply", report):
            receipt = execute(order, where)  # 3
    return Applied(receipt, file.path if receipt.done and not wishes.dry_run else None)


def _ordered(order: Order, wishes: Wishes) -> Order:
    return replace(
        order,
        forced=frozenset(wishes.forced),
        prune=wishes.prune,
        dry_run=wishes.dry_run,
        wait=wishes.wait,
        deadline=wishes.deadline,
    )


def _refuse_unknown(order: Order, spec: Path) -> None:
    """Raise PreflightError for a forced object that is not in the plan: a misspelt name would quietly do nothing."""
    known = {manifest.reference for manifest in order.manifests}
    unknown = sorted(order.forced - known)
    if unknown:
        raise PreflightError(
            f"--force-conflicts names what the plan of {spec} does not have: {', '.join(unknown)}",
            hint="write Kind/namespace/name as the conflict is told",
        )
