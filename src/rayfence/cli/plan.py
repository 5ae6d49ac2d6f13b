"""`rayfence plan`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.platform import LocalPlatform


@click.command(
    epilog="Examples:  rayfence plan  ·  rayfence plan -f platform.yaml --json  ·  "
    "rayfence plan -f platform.yaml --diff stricter-policies/"
)
@options.spec_file
@options.policies
@options.instance
@options.json_output
@click.option("-a", "--all", "everything", is_flag=True, help="Also list what stays as it is, and every proof.")
@click.option(
    "--diff",
    "other",
    type=click.Path(path_type=Path, exists=True),
    metavar="OTHER",
    help="What would change if this spec, or this set of policies, held.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write the plan as JSON, with its digest.",
)
def command(
    spec: Path | None,
    policies: Path | None,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    everything: bool,
    other: Path | None,
    out: Path | None,
) -> int:
    """Show what would be made and why; change nothing.

    Exit 0: nothing to do, or a plan without conflicts; 10: changes are pending on this machine, or `--diff` found some;
    4: the plan stops at conflicts.
    """
    from rayfence.api.specs import read_platform

    if spec is not None:
        platform, text = read_platform(spec)
        if isinstance(platform, ClusterPlatform):
            return _cluster(platform, spec, policies, as_json, everything, other, out)
        options.refuse_with_local(policies=policies, diff=other, out=out)
        return _local(platform, text, str(spec), name, state_dir, as_json, everything)
    options.refuse_with_local(policies=policies, diff=other, out=out)
    return _local(None, "", "", name, state_dir, as_json, everything)


def _cluster(
    platform: ClusterPlatform,
    spec: Path,
    policies: Path | None,
    as_json: bool,
    everything: bool,
    other: Path | None,
    out: Path | None,
) -> int:
    from rayfence.api.cluster import compare_with, plan_cluster, save_plan
    from rayfence.cli import cluster_plan

    planned = plan_cluster(platform, spec, policies)
    if out is not None:
        save_plan(planned.plan, out)
        output.note(f"plan {planned.plan.digest[:12]} written to {out}")
    if other is not None:
        found = compare_with(planned, spec, other, policies)
        if as_json:
            output.data(found)
        else:
            cluster_plan.show_differences(found)
        return 10 if found else 0
    if as_json:
        output.rows(planned.plan)
    else:
        cluster_plan.show(planned.plan, everything)
    return cluster_plan.STOPPED if planned.plan.conflicts else 0


def _local(
    platform: LocalPlatform | None,
    text: str,
    source: str,
    name: str | None,
    state_dir: Path | None,
    as_json: bool,
    everything: bool,
) -> int:
    from rayfence.api.plan import make_plan, named, plan_platform
    from rayfence.model.plan import Action

    if platform is None:
        planned = make_plan(None, name, state_dir)
    else:
        planned = plan_platform(named(platform, name, source), text, state_dir)
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
