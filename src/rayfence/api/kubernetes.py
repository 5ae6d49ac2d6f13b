"""What verbs on a cluster share: which server is meant, who we are, the plan as an order, receipts on this machine."""

import getpass
import json
import os
import platform as machine
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from rayfence.adapters import files
from rayfence.adapters.net.doors import Door
from rayfence.adapters.tls.cluster_secrets import ClusterSecrets
from rayfence.api.clock import SystemClock
from rayfence.api.cluster import ClusterPlanned
from rayfence.api.instances import state_root
from rayfence.apply.kubernetes.lanes import LANES
from rayfence.apply.kubernetes.order import Order
from rayfence.apply.kubernetes.receipts import receipt_text
from rayfence.errors import KubernetesError, PreflightError, RayfenceError, StalePlan
from rayfence.model.cluster_plan import ClusterPlan
from rayfence.model.cluster_platform import ClusterPlatform, KubernetesTarget, OperatorSource
from rayfence.model.frozen import dataclass
from rayfence.model.receipt import ClusterReceipt
from rayfence.ports.kubernetes import KubernetesApi
from rayfence.ports.machine import Reporter
from rayfence.ports.pods import Pods
from rayfence.render.kubernetes.names import PLATFORM
from rayfence.render.kubernetes.secrets import secret_requests

if TYPE_CHECKING:
    from rayfence.adapters.kubernetes import Server

#: In a saved plan: what differed in the cluster when it was made, as `change_digests` tells it.
LIVE = "live"


@contextmanager
def connected(platform: ClusterPlatform, context: str | None) -> "Iterator[KubernetesApi]":
    """The platform's API server: `context` if given, else the spec's, else kubectl's current one.

    Raises PreflightError without a kubeconfig, or where rayfence is installed without its Kubernetes client.
    """
    server = _server(chosen_context(platform, context))
    try:
        yield server
    finally:
        server.close()


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster's API server, for its objects and into its pods."""

    api: KubernetesApi
    pods: Pods


@contextmanager
def reached(platform: ClusterPlatform, context: str | None) -> "Iterator[Cluster]":
    """As `connected`, for verbs that also reach into pods."""
    server = _server(chosen_context(platform, context))
    try:
        yield Cluster(server, server.reaching(Door))
    finally:
        server.close()


def chosen_context(platform: ClusterPlatform, context: str | None) -> str | None:
    """Which context is meant; None: kubectl's current one. Raises PreflightError for a GKE cluster without one.

    A cluster that is still to be made has no context; after Terraform has made it, its credentials have one.
    """
    if context is not None:
        return context
    if isinstance(platform.target, KubernetesTarget):
        return platform.target.context
    raise PreflightError(
        f"{platform.name} is a platform on GKE: its Google Cloud part is made by Terraform",
        hint="`rayfence render` writes it; when the cluster is there, get its credentials and give --context NAME",
    )


def whoami() -> str:
    """User, machine and process, as lease and receipt name them."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # a uid without a name
        user = f"uid {os.getuid()}"
    return f"{user}@{machine.node() or 'unknown'}, process {os.getpid()}"


def order_of(planned: ClusterPlanned) -> Order:
    """The plan as an order, with every choice left at its default."""
    operator = planned.platform.operator
    return Order(
        planned.platform.name,
        planned.plan.digest,
        planned.manifests,
        planned.resolution.kubernetes.operator_version,
        operator.source is not OperatorSource.EXISTING,
        secrets=ClusterSecrets(secret_requests(planned.resolution), {PLATFORM: planned.platform.name}, lanes=LANES),
    )


def expected_of(path: Path, plan: ClusterPlan) -> dict[str, str] | None:
    """What differed in the cluster when a saved plan was made; None: it does not say.

    Raises StalePlan when the plan is of another platform or of another spec, policies or release of rayfence;
    PreflightError when it can't be read.
    """
    try:
        saved = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise PreflightError(f"{path} can't be read as a plan", hint="`rayfence diff --out FILE` writes one") from error
    if not isinstance(saved, dict) or not isinstance(saved.get("digest"), str):
        raise PreflightError(f"{path} is no plan", hint="`rayfence diff --out FILE` writes one")
    if saved.get("name") != plan.name:
        raise StalePlan(f"{path} is a plan of {saved.get('name')!r}, and the spec is {plan.name!r}")
    if saved["digest"] != plan.digest:
        raise StalePlan(
            f"{path} has digest {saved['digest'][:12]}, and the spec now gives {plan.digest[:12]}: spec, policies or "
            "rayfence have changed since"
        )
    live = saved.get(LIVE)
    return {str(name): str(digest) for name, digest in live.items()} if isinstance(live, dict) else None


def receipt_path(platform: str, plan_file: Path | None) -> Path:
    """Where a receipt lies on this machine: beside the plan that was given, else in the state folder."""
    if plan_file is not None:
        return plan_file.with_name(f"{plan_file.name}.receipt.json")
    return state_root(None) / "receipts" / f"{platform}.json"


def keep_receipt(receipt: ClusterReceipt, path: Path) -> None:
    """Write it, in place of the one before. Raises PreflightError."""
    files.make_folder(str(path.parent), os.geteuid(), os.getegid(), 0o700) if not path.parent.is_dir() else None
    files.write_file(str(path), receipt_text(receipt), os.geteuid(), os.getegid())


class ReceiptFile:
    """The receipt of one run on this machine, written as it grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._begun = False

    def keep(self, receipt: ClusterReceipt) -> None:
        """Write it. Raises PreflightError."""
        keep_receipt(receipt, self.path)
        self._begun = True

    @contextmanager
    def told(self, verb: str, report: Reporter) -> Iterator[None]:
        """Whatever ends a run that had begun says where the receipt lies, and never that nothing was changed."""
        where = f"how far it came is in {self.path}; `rayfence {verb}` again completes it"
        try:
            yield
        except RayfenceError as error:
            if self._begun:
                error.hint = f"{error.hint}; {where}" if error.hint else where
                if error.exit_status == PreflightError.exit_status:
                    error.exit_status = KubernetesError.exit_status
            raise
        except BaseException:
            if self._begun:
                report(where)
            raise


def _server(context: str | None) -> "Server":
    try:
        from rayfence.adapters.kubernetes import connect  # noqa: PLC0415 - an extra of its own
    except ModuleNotFoundError as error:
        raise PreflightError(
            "rayfence is installed without its Kubernetes client", hint="install rayfence[kubernetes]"
        ) from error
    return connect(context, SystemClock())
