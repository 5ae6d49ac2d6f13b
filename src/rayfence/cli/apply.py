"""`rayfence apply`."""

from pathlib import Path

import click

from rayfence.cli import options, output


@click.command(
    epilog="Examples:  rayfence apply -f platform.yaml  ·  rayfence apply -f platform.yaml --dry-run  ·  "
    "rayfence diff -f platform.yaml --out plan.json && rayfence apply -f platform.yaml --plan plan.json"
)
@options.cluster_spec
@options.policies
@options.context
@options.json_output
@click.option(
    "--plan",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    metavar="FILE",
    help="A plan that was read: refuse to do anything else than it says.",
)
@click.option("--dry-run", is_flag=True, help="Let the API server judge every change, and keep none.")
@click.option(
    "--force-conflicts",
    "forced",
    multiple=True,
    metavar="KIND/NAMESPACE/NAME",
    help="Take over the fields of this one object that others have set; may be repeated.",
)
@click.option("--prune", is_flag=True, help="Remove what left the spec, without asking.")
@click.option("--yes", is_flag=True, help="Do not ask: the same as --prune.")
@click.option("--no-wait", is_flag=True, help="Do not wait until workloads are ready; guards are always waited for.")
@options.timeout
@click.option("-a", "--all", "everything", is_flag=True, help="List every object that was changed.")
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
def command(
    spec: Path,
    policies: Path | None,
    context: str | None,
    as_json: bool,
    plan: Path | None,
    dry_run: bool,
    forced: tuple[str, ...],
    prune: bool,
    yes: bool,
    no_wait: bool,
    timeout: int,
    everything: bool,
    quiet: bool,
) -> int:
    """Make a Kubernetes cluster what the spec says; repeat it to repair what was changed.

    Guards are there before what they guard, and each object is waited for until it really is ready. What others have
    set is shown and not taken over. Doing it twice writes nothing; interrupted, the next one completes it. Exit 0:
    done, or nothing to do; 10: `--dry-run` would change something; 4: refused before anything was changed; 5: failed,
    see the receipt; 6: a right is missing.
    """
    from rayfence.api.apply import Wishes, apply
    from rayfence.cli import receipts
    from rayfence.model.receipt import Outcome

    wishes = Wishes(
        policies, plan, context, _references(forced), prune or yes, dry_run, wait=not no_wait, deadline=float(timeout)
    )
    applied = apply(spec, wishes, output.Progress(quiet), _may_remove)
    if as_json:
        output.data(applied)
    else:
        receipts.show(applied.receipt, applied.path, everything)
    return 10 if applied.receipt.outcome is Outcome.DRY_RUN else 0


def _references(forced: tuple[str, ...]) -> tuple[str, ...]:
    from rayfence.apply.kubernetes.rehearsal import from_argument

    try:
        return tuple(from_argument(text) for text in forced)
    except ValueError as error:
        raise click.UsageError(f"--force-conflicts: {error}") from error


def _may_remove(references: tuple[str, ...]) -> bool:
    """Ask a person; where there is none, nothing is removed."""
    if not output.is_terminal():
        return False
    output.note(f"no longer in the spec, and made by rayfence: {', '.join(map(output.clean, references))}")
    return click.confirm(f"Remove these {len(references)} objects?", default=False, err=True)
