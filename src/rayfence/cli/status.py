"""`rayfence status`, and the picture of an instance that `up` and `restart` end with."""

from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output
from rayfence.model.verdict import Verdict

if TYPE_CHECKING:
    from rayfence.api.clusters.status import ClusterStatus
    from rayfence.api.clusters.target import Where
    from rayfence.api.status import Status


@click.command(
    epilog="Examples:  rayfence status  ·  rayfence status --json  ·  rayfence status -f platform.yaml  ·  "
    "rayfence status --name ml --tenant vision"
)
@options.target
@options.json_output
def command(where: "Where", as_json: bool) -> int:
    """Look at an instance now: parts, addresses, posture. Nothing is answered from memory.

    Of a platform in a cluster: its Ray objects, gateways and operator, certificates, and how far the cluster is as the
    spec says. Exit 0: every part is ready; 1: it is not. A failing control that Ray itself causes (its metrics) does
    not change that.
    """
    status = _look(where, as_json)
    show(status, as_json)
    return 0 if status.ready else 1


def _look(where: "Where", quiet: bool) -> "Status | ClusterStatus":
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        from rayfence.api.status import look

        return look(target.name, target.state_dir)
    from rayfence.api.clusters.status import look as look_at_cluster

    return look_at_cluster(target, output.Progress(quiet=quiet))


def show(status: "Status | ClusterStatus", as_json: bool) -> None:
    """Print a status for people or programs."""
    if as_json:
        output.data(status)
        return
    output.heading(f"{status.name}: {'ready' if status.ready else 'NOT READY'}")
    if status.parts:
        output.table(
            ((part.name, part.phase, str(part.pid or "-"), str(part.restarts), part.detail) for part in status.parts),
            ("part", "phase", "pid", "restarts", "detail"),
        )
    output.line()
    widest = max((14, *(len(label) for label, _ in status.addresses)))
    for label, text in status.addresses:
        output.line(f"  {label:<{widest}} {output.clean(text)}")
    output.line()
    output.heading("Posture")
    output.posture(status.posture)
    failed = sum(row.verdict is Verdict.FAIL for row in status.posture)
    unknown = sum(row.verdict is Verdict.UNKNOWN for row in status.posture)
    output.line(f"  {len(status.posture)} controls: {failed} fail, {unknown} unknown")
