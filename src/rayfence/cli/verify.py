"""`rayfence verify`."""

from pathlib import Path

import click

from rayfence.cli import options, output
from rayfence.model.evidence import Evidence, Verification, counted
from rayfence.model.verdict import Verdict


@click.command(
    epilog="Examples:  rayfence verify  ·  rayfence verify --only 'token.*'  ·  rayfence verify -f platform.yaml  ·  "
    "rayfence verify -f platform.yaml --only 'ports.*' --json"
)
@options.instance
@options.cluster_file
@options.policies
@options.context
@options.json_output
@click.option("--only", default="", metavar="PATTERN", help="Attacks whose name matches, e.g. 'token.*' or rebinding.")
@click.option("--strict", is_flag=True, help="Count what Ray itself leaves open (its metrics) as a hole too.")
@click.option("-a", "--all", "everything", is_flag=True, help="List every attack, not only those that are not fine.")
def command(
    name: str | None,
    state_dir: Path | None,
    spec: Path | None,
    policies: Path | None,
    context: str | None,
    as_json: bool,
    only: str,
    strict: bool,
    everything: bool,
) -> int:
    """Attack the instance, or with -f a platform on a cluster, and show that its defences hold.

    Each attack comes with a control: the same with the right identity, seen to be let through. Temporary accounts and
    jobs are removed again, and so are pods and namespaces that attack a cluster from inside; the trail keeps its
    records. Exit 0: every attack failed; 1: one succeeded; 2: none did, but a control did not work, so that something
    is not shown.
    """
    if spec is None:
        options.refuse_with_local(policies=policies, context=context)
        from rayfence.api.verify import verify

        result = verify(name, state_dir, output.Progress(), only)
    else:
        if name is not None or state_dir is not None:
            raise click.UsageError(
                "--name and --state-dir are for instances on this machine; -f names a cluster's spec"
            )
        from rayfence.api.verify_cluster import verify_cluster

        result = verify_cluster(spec, policies, context, output.Progress(), only)
    status = 1 if strict and any(row.verdict is Verdict.FAIL for row in result.evidence) else result.exit_status
    if as_json:
        output.data(as_data(result, status))
    else:
        show(result, everything)
    return status


def show(result: Verification, everything: bool) -> None:
    """Groups with their counts, then every attack that is not fine."""
    rows = []
    for group, evidence in result.groups():
        counts = counted(evidence)
        rows.append((group, str(len(evidence)), *(str(counts[verdict]) for verdict in Verdict)))
    output.table(rows, ("group", "attacks", *(str(verdict) for verdict in Verdict)))
    output.line()
    listed = result.evidence if everything else tuple(row for row in result.evidence if _is_told(row))
    for row in listed:
        output.verdict(row.verdict, f"{row.attack}: {row.title}")
        output.line(f"      expected {row.expected}; seen: {output.clean(row.seen)}")
        output.line(f"      control: {output.clean(row.control)}" + (f"  [{row.source}]" if row.source else ""))
        if row.known:
            output.line(f"      known: {row.known}")
        if row.fix:
            output.line(f"      fix: {output.clean(row.fix)}" + (f" ({output.clean(row.field)})" if row.field else ""))
    known = sum(bool(row.known) for row in result.evidence)
    for one in result.leftovers:
        output.note(f"could not remove {one}")
    output.line(
        f"{len(result.evidence)} attacks in {result.seconds:.0f} s: {len(result.holes)} holes, "
        f"{len(result.unproved)} not shown, {known} left open by Ray itself"
    )


def as_data(result: Verification, status: int) -> dict[str, object]:
    """The JSON form."""
    counts = counted(result.evidence)
    return {
        "instance": result.instance,
        "exit_status": status,
        "seconds": result.seconds,
        "attacks": len(result.evidence),
        "counts": {str(verdict): counts[verdict] for verdict in Verdict},
        "holes": [row.attack for row in result.holes],
        "known": [row.attack for row in result.evidence if row.known],
        "leftovers": list(result.leftovers),
        "evidence": list(result.evidence),
    }


def _is_told(row: Evidence) -> bool:
    return row.verdict in (Verdict.FAIL, Verdict.UNKNOWN)
