"""`rayfence plan`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.model.plan import Action


@click.command(epilog="Examples:  rayfence plan  ·  rayfence plan -f platform.yaml --json")
@options.spec_file
@options.instance
@options.json_output
@click.option("-a", "--all", "everything", is_flag=True, help="Also list what stays as it is.")
def command(spec: Path | None, name: str | None, state_dir: Path | None, as_json: bool, everything: bool) -> int:
    """Show what `up` would make and why; change nothing. Exit 0: nothing to do; 10: changes are pending."""
    from rayfence.api.plan import make_plan

    planned = make_plan(spec, name, state_dir)
    plan, resolution = planned.plan, planned.resolution
    if as_json:
        output.data({"plan": plan, "decisions": resolution.decisions, "pending": len(plan.pending)})
        return 10 if plan.pending else 0
    output.heading(f"Decisions for {plan.instance}")
    output.table(
        ((item.path, item.value, item.source, item.reason) for item in resolution.decisions),
        ("setting", "value", "source", "reason"),
    )
    output.line()
    shown = [change for change in plan.changes if everything or change.action is not Action.KEEP]
    if shown:
        output.heading("Changes")
        output.table(
            ((item.action, item.kind, item.name, item.reason) for item in shown), ("action", "kind", "name", "why")
        )
    count = len(plan.pending)
    output.line(
        f"{count} changes pending; digest {plan.digest[:12]}" if count else "Nothing to do: everything is as specified."
    )
    return 10 if count else 0
