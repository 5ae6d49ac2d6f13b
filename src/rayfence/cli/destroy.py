"""`rayfence destroy`."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.apply.kubernetes import Condemned


@click.command(
    epilog="Examples:  rayfence destroy -f platform.yaml --dry-run  ·  rayfence destroy -f platform.yaml  ·  "
    "rayfence destroy -f platform.yaml --yes"
)
@options.cluster_spec
@options.context
@options.json_output
@click.option("--dry-run", is_flag=True, help="List what would be removed, and remove nothing.")
@click.option("--yes", is_flag=True, help="Do not ask for the platform's name.")
@options.timeout
@click.option("-a", "--all", "everything", is_flag=True, help="List every object that was removed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    spec: Path,
    context: str | None,
    as_json: bool,
    dry_run: bool,
    yes: bool,
    timeout: int,
    everything: bool,
    quiet: bool,
) -> int:
    """Take a platform out of its cluster: namespaces with all that is in them, guards, rights, Secrets.

    In reverse order, so that Ray goes while its operator is there and guards go after what they guard. Asks for the
    platform's name. Namespaces of tenants with `retain: true` stay, with the volumes of trails and keys, and so does
    what carries the annotation `rayfence.dev/retain: "true"`. Exit 0: gone, or nothing was there; 10: `--dry-run`
    would remove something; 1: not consented to; 5: something does not go.
    """
    from rayfence.api.destroy import destroy
    from rayfence.cli import receipts

    def consent(name: str, what: "Condemned") -> bool:
        return yes or _typed(name, what)

    result = destroy(spec, context, output.Progress(quiet), consent, dry_run=dry_run, deadline=float(timeout))
    if as_json:
        output.data(result)
    elif result.receipt is None:
        output.note("nothing was removed")
    else:
        if dry_run:
            for name in result.objects:
                output.line(f"  would remove {output.clean(name)}")
        for name in result.kept:
            output.line(f"  kept {output.clean(name)}")
        receipts.show(result.receipt, result.path, everything)
    if result.receipt is None:
        return 1
    return 10 if dry_run and result.objects else 0


def _typed(name: str, what: "Condemned") -> bool:
    """Whether a person typed the platform's name. Raises UsageError where there is none."""
    if not output.is_terminal():
        raise click.UsageError("there is no terminal to ask on: give --yes, after a look at --dry-run")
    spaces = [text for text in what.references if text.startswith("Namespace ")]
    output.note(f"{len(what.references)} objects go, and everything in: {', '.join(map(output.clean, spaces))}")
    typed: str = click.prompt(f"Type {name} to remove it", default="", show_default=False, err=True)
    return typed == name
