"""`rayfence diff`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.diff import Compared


@click.command(
    epilog="Examples:  rayfence diff -f platform.yaml  ·  rayfence diff -f platform.yaml --json  ·  "
    "rayfence diff -f platform.yaml --out plan.json"
)
@options.cluster_spec
@options.policies
@options.context
@options.json_output
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the plan with these differences; `rayfence apply --plan` holds to it.",
)
def command(spec: Path, policies: Path | None, context: str | None, as_json: bool, out: Path | None) -> int:
    """Show how the live cluster differs from the spec, field by field, and who changed it last; change nothing.

    Only what rayfence sets is compared, and what others added where it weakens a guard. Exit 0: no difference; 10:
    some, or something could not be read.
    """
    from rayfence.api.diff import diff, save

    found = diff(spec, policies, context, output.Progress(quiet=as_json))
    if out is not None:
        save(found, out)
        output.note(f"plan {found.plan.digest[:12]} with {len(found.drift.objects)} differences written to {out}")
    if as_json:
        from rayfence.plan.live.text import drift_json

        last = {"last": found.last, "secrets": found.secrets, "unready": found.unready}
        output.data({**drift_json(found.drift), **last, "digest": found.plan.digest})
    else:
        show(found)
    return 10 if found.differs else 0


def show(found: "Compared") -> None:
    """By group, object and field; then Secrets that are missing, and what is there and not ready."""
    from rayfence.plan.live.text import drift_lines

    for line in drift_lines(found.drift):
        text = output.clean(line.text)
        output.line("  " * line.depth + (click.style(text, fg="red", bold=line.depth < 2) if line.alarm else text))
    for name in found.secrets:
        output.line(f"  missing {output.clean(name)}")
    for name in found.unready:
        output.line(f"  not ready {output.clean(name)}")
    if found.last is not None:
        told = [output.clean(str(found.last.get(key, ""))) for key in ("ended", "by", "outcome")]
        output.line(f"Last apply: {told[0]} by {told[1]}, {told[2]}.")
