"""`rayfence status`, and the picture of an instance that `up` and `restart` end with."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output
from rayfence.model.verdict import Verdict

if TYPE_CHECKING:
    from rayfence.api.status import Status


@click.command(epilog="Examples:  rayfence status  ·  rayfence status --json")
@options.instance
@options.json_output
def command(name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Look at an instance now: parts, addresses, posture. Nothing is answered from memory.

    Exit 0: every part is ready; 1: it is not. A failing control that Ray itself causes (its metrics) does not change
    that.
    """
    from rayfence.api.status import look

    status = look(name, state_dir)
    show(status, as_json)
    return 0 if status.ready else 1


def show(status: "Status", as_json: bool) -> None:
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
    for label, text in status.addresses:
        output.line(f"  {label:<14} {output.clean(text)}")
    output.line()
    output.heading("Posture")
    output.posture(status.posture)
    failed = sum(row.verdict is Verdict.FAIL for row in status.posture)
    unknown = sum(row.verdict is Verdict.UNKNOWN for row in status.posture)
    output.line(f"  {len(status.posture)} controls: {failed} fail, {unknown} unknown")
