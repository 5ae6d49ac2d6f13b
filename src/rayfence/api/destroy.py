"""`destroy`: a platform taken out of its cluster."""

from collections.abc import Callable
from pathlib import Path

from rayfence.api.clock import SystemClock
from rayfence.api.cluster import plan_cluster
from rayfence.api.clusters import records
from rayfence.api.kubernetes import ReceiptFile, connected, receipt_path, whoami
from rayfence.api.specs import read_on_kubernetes
from rayfence.apply.kubernetes import LANES, Condemned, Surroundings, condemned
from rayfence.apply.kubernetes import destroy as carry_out
from rayfence.errors import CatalogError, OrganizationError, RenderError, cut
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.model.receipt import ClusterReceipt, Outcome
from rayfence.ports.machine import Reporter

#: Asked with the platform's name, the server's address in words, what goes and what stays: whether it is to go.
Consent = Callable[[str, Condemned], bool]


@dataclass(frozen=True, slots=True)
class Destroyed:
    """What was done, and `path` of its receipt. `receipt` None: it was not consented to, and nothing was done."""

    platform: str
    receipt: ClusterReceipt | None
    path: Path | None
    objects: tuple[str, ...]
    kept: tuple[str, ...]


def destroy(
    spec: Path, context: str | None, report: Reporter, consent: Consent, *, dry_run: bool = False, deadline: float = 600
) -> Destroyed:
    """Remove everything of the platform from its cluster, in reverse order.

    1. Decode the spec: it names the platform, its cluster, and the order of things.
    2. See what is there; ask.
    3. Remove it: see `apply.kubernetes.destroy`.
    Raises SpecError, PreflightError, KubernetesError.
    """
    platform = read_on_kubernetes(spec, "rayfence down")  # 1
    file = ReceiptFile(receipt_path(platform.name, None))
    with connected(platform, context) as api:
        clock, host = SystemClock(), whoami()
        where = Surroundings(api, clock, report, host, file.keep, lanes=LANES)
        what = condemned(platform.name, _manifests(platform, spec, report), where)  # 2
        receipt = None
        if not what.objects or dry_run or consent(platform.name, what):
            with file.told("destroy", report):
                receipt = carry_out(platform.name, what, where, dry_run=dry_run, deadline=deadline)  # 3
    if receipt is not None and receipt.outcome is Outcome.COMPLETE:
        records.forget(platform.name)
    kept = file.path if receipt is not None and receipt.done else None
    return Destroyed(platform.name, receipt, kept, what.references, what.kept)


def _manifests(platform: ClusterPlatform, spec: Path, report: Reporter) -> tuple[Manifest, ...]:
    """What the spec would make, for the order of things. Where that can't be said any more (policies are gone, say),
    kinds alone give the order: nobody is kept from taking a platform away.
    """
    try:
        return plan_cluster(platform, spec).manifests
    except (OrganizationError, RenderError, CatalogError) as error:
        report(f"the plan can't be made any more ({cut(str(error))}): removing by kind")
        return ()
