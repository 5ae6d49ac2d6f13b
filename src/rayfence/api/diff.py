"""`diff`: the spec against the live cluster, by the fields we own; changes nothing."""

import json
from dataclasses import asdict, replace
from pathlib import Path

from rayfence.api.clock import SystemClock
from rayfence.api.cluster import plan_cluster, refuse
from rayfence.api.kubernetes import LIVE, connected, order_of, whoami
from rayfence.api.specs import read_on_kubernetes
from rayfence.apply.kubernetes import LANES, Surroundings
from rayfence.apply.kubernetes.order import change_digests, prospect
from rayfence.apply.kubernetes.receipts import kept
from rayfence.apply.kubernetes.state import state_namespace
from rayfence.errors import StateError
from rayfence.model.cluster_plan import ClusterPlan
from rayfence.model.frozen import dataclass
from rayfence.model.live import Drift, ObjectState
from rayfence.plan.live.compare import removable
from rayfence.ports.machine import Reporter


@dataclass(frozen=True, slots=True)
class Compared:
    """What differs. `secrets`: references of those that are missing; `unready`: of objects that are there and not
    ready; `last`: the receipt of the last apply as the cluster keeps it, None if there is none.
    """

    plan: ClusterPlan
    drift: Drift
    secrets: tuple[str, ...]
    unready: tuple[str, ...]
    last: dict[str, object] | None

    @property
    def differs(self) -> bool:
        """Whether an apply would have something to do."""
        extra = self.drift.of(ObjectState.EXTRA)
        return bool(len(self.drift.objects) > len(extra) or removable(self.drift) or self.secrets)


def diff(spec: Path, policies: Path | None, context: str | None, report: Reporter) -> Compared:
    """Compare. Raises SpecError, OrganizationError, PreflightError, KubernetesError."""
    planned = plan_cluster(read_on_kubernetes(spec, "rayfence plan"), spec, policies)
    refuse(planned.plan)
    order = order_of(planned)
    with connected(planned.platform, context) as api:
        ahead = prospect(order, Surroundings(api, SystemClock(), report, whoami(), lanes=LANES))
        last = kept(api, order.platform, state_namespace(order.platform))
    drift = replace(ahead.drift, objects=(*ahead.drift.objects, *ahead.tampered, *ahead.running))
    return Compared(planned.plan, drift, ahead.secrets, ahead.unready, last)


def save(found: Compared, path: Path) -> None:
    """Write the plan with what differs: `apply --plan` takes it, and refuses when either has changed.

    Raises StateError.
    """
    data = {**asdict(found.plan), LIVE: change_digests(found.drift)}
    try:
        path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        raise StateError(f"{path} can't be written: {error.strerror}", hint="choose another file") from error
