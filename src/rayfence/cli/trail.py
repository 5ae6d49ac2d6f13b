"""`rayfence trail tail|query|verify|export`."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.api.clusters.target import Where
    from rayfence.api.clusters.trail import ReplicaReport
    from rayfence.trail.query import Query
    from rayfence.trail.record import Record
    from rayfence.trail.verify import VerificationReport

F = TypeVar("F", bound=Callable[..., Any])


@click.group(
    name="trail",
    epilog="Examples:  rayfence trail tail -f  ·  rayfence trail query --subject alice --since 1h  ·  "
    "rayfence trail verify -f platform.yaml  ·  rayfence trail tail --file platform.yaml --tenant vision --follow",
)
def command() -> None:
    """The audit trail: who asked for what, what was decided, and what became of it.

    In a cluster each replica of a gateway has chains of its own: they are read from its volume, and merged by time.
    """


def _filters(function: F) -> F:
    for name, text in (
        ("--subject", "Only this user's."),
        ("--action", "Only this action, for example job.submit; job.* for all of a kind."),
        ("--object", "Only objects that contain this text."),
        ("--verdict", "Only this verdict: allowed, refused, done, failed, unknown."),
        ("--kind", "Only this kind of record: intent, outcome, decision, edge, …"),
        ("--since", "Not earlier: 10m, 2h, 3d ago, or 2026-01-31T12:00:00Z."),
        ("--until", "Earlier than that."),
    ):
        function = click.option(name, default="", metavar="TEXT", help=text)(function)
    return function


@command.command("tail")
@click.option("-n", "--lines", "count", default=20, show_default=True, type=click.IntRange(0, 100_000))
@click.option("-f", "--follow", is_flag=True, help="Go on printing until Ctrl-C.")
@_filters
@options.long_target
@options.json_output
def tail(count: int, follow: bool, where: "Where", as_json: bool, **filters: str) -> int:
    """Print the newest records."""
    from rayfence.api import trail
    from rayfence.api.clusters import trail as of_cluster
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        for record in trail.last(target.name, target.state_dir, count, follow, _query(filters)):
            _print(record, as_json)
        return 0
    for replica, record in of_cluster.last(target, count, follow, _query(filters)):
        _print(record, as_json, replica)
    return 0


@command.command("query")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1), help="Print at most so many.")
@_filters
@options.target
@options.json_output
def query_(limit: int, where: "Where", as_json: bool, **filters: str) -> int:
    """Print the records that match, oldest first. Exit 1 when none does."""
    printed = 0
    for replica, record in _matching(where, _query(filters), quiet=as_json):
        if printed == limit:
            output.note(f"stopped after {limit} records; --limit for more")
            break
        _print(record, as_json, replica)
        printed += 1
    return 0 if printed else 1


@command.command("verify")
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A copy of the heads' public key that was kept elsewhere. Default: the one beside the heads.",
)
@options.target
@options.json_output
def verify(key: Path | None, where: "Where", as_json: bool) -> int:
    """Verify every chain against its signed heads; deletions, edits, reordering and a cut end are located.

    In a cluster: the chains of every replica; one that can't be read is named, and then nothing is called whole.
    Exit 0: whole; 1: broken, or not all of it could be read.
    """
    from rayfence.api import trail
    from rayfence.api.clusters import trail as of_cluster
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if not isinstance(target, LocalTarget):
        return _replicas(of_cluster.verify_trail(target, key, output.Progress(quiet=as_json)), as_json)
    reports = trail.verify_trail(target.name, target.state_dir, key)
    if as_json:
        output.data({"whole": bool(reports) and all(report.ok for report in reports), "chains": reports})
    else:
        _chains(reports)
    if not reports and not as_json:
        output.line("there is no trail yet")
    return 0 if reports and all(report.ok for report in reports) else 1


def _replicas(found: "tuple[ReplicaReport, ...]", as_json: bool) -> int:
    whole = bool(found) and all(one.ok for one in found)
    if as_json:
        chains = [chain for one in found for chain in one.chains]
        output.data({"whole": whole, "chains": chains, "replicas": found})
    for one in () if as_json else found:
        lost = f"; {one.lost} decisions of Envoy are missing" if one.lost else ""
        output.line(
            f"replica {one.replica}: {f'NOT READ: {output.clean(one.problem)}' if one.problem else 'read'}{lost}"
        )
        _chains(one.chains)
    if not found and not as_json:
        output.line("there is no gateway, and so no trail")
    return 0 if whole else 1


def _chains(reports: "tuple[VerificationReport, ...]") -> None:
    for report in reports:
        state = "whole" if report.ok else "BROKEN"
        covered = (
            f"signed heads vouch for all up to record {report.covered}" if report.covered >= 0 else "no signed head"
        )
        output.line(f"chain {report.chain[:8]}: {state}: {report.records} records, {covered}")
        for problem in report.problems:
            output.line(f"  {output.clean(str(problem))}")
        for text in report.notes:
            output.line(f"  note: {output.clean(text)}")


@command.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "cef"]), default="jsonl", show_default=True)
@_filters
@options.target
def export(form: str, where: "Where", **filters: str) -> int:
    """Write matching records to stdout: JSON lines, or CEF for a SIEM."""
    from rayfence.api import trail

    for replica, record in _matching(where, _query(filters), quiet=True):
        if form == "cef":
            output.line(trail.as_cef(replica or where.name)(record))
        else:
            _print(record, True, replica)
    return 0


def _matching(where: "Where", query: "Query", *, quiet: bool) -> "Iterator[tuple[str, Record]]":
    """(replica, record); the replica is empty on this machine."""
    from rayfence.api import trail
    from rayfence.api.clusters import trail as of_cluster
    from rayfence.api.clusters.target import LocalTarget, target_of

    target = target_of(where)
    if isinstance(target, LocalTarget):
        return (("", record) for record in trail.matching(target.name, target.state_dir, query))
    return of_cluster.matching(target, query, output.Progress(quiet=quiet))


def _query(filters: dict[str, str]) -> "Query":
    from rayfence.api.trail import moment
    from rayfence.trail.query import Query

    return Query(
        subject=filters["subject"],
        action=filters["action"],
        object=filters["object"],
        verdict=filters["verdict"],
        kind=filters["kind"],
        since=moment(filters["since"]),
        until=moment(filters["until"]),
    )


def _print(record: "Record", as_json: bool, replica: str = "") -> None:
    import json

    from rayfence.api import trail

    if as_json:
        output.line(json.dumps({**trail.as_json(record), **({"replica": replica} if replica else {})}))
    else:
        output.line(f"{replica}  {trail.as_text(record)}" if replica else trail.as_text(record))
