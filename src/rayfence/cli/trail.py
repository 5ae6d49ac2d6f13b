"""`rayfence trail tail|query|verify|export`."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from rayfence.cli import options, output

if TYPE_CHECKING:
    from rayfence.trail.query import Query
    from rayfence.trail.record import Record

F = TypeVar("F", bound=Callable[..., Any])


@click.group(
    name="trail", epilog="Examples:  rayfence trail tail -f  ·  rayfence trail query --subject alice --since 1h"
)
def command() -> None:
    """The audit trail: who asked for what, what was decided, and what became of it."""


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
@options.instance
@options.json_output
def tail(count: int, follow: bool, name: str | None, state_dir: Path | None, as_json: bool, **filters: str) -> int:
    """Print the newest records."""
    from rayfence.api import trail

    for record in trail.last(name, state_dir, count, follow, _query(filters)):
        _print(record, as_json)
    return 0


@command.command("query")
@click.option("--limit", default=1000, show_default=True, type=click.IntRange(1), help="Print at most so many.")
@_filters
@options.instance
@options.json_output
def query_(limit: int, name: str | None, state_dir: Path | None, as_json: bool, **filters: str) -> int:
    """Print the records that match, oldest first. Exit 1 when none does."""
    from rayfence.api import trail

    printed = 0
    for record in trail.matching(name, state_dir, _query(filters)):
        if printed == limit:
            output.note(f"stopped after {limit} records; --limit for more")
            break
        _print(record, as_json)
        printed += 1
    return 0 if printed else 1


@command.command("verify")
@click.option(
    "--key",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="A copy of the heads' public key that was kept elsewhere. Default: the one beside the heads.",
)
@options.instance
@options.json_output
def verify(key: Path | None, name: str | None, state_dir: Path | None, as_json: bool) -> int:
    """Verify every chain against its signed heads; deletions, edits, reordering and a cut end are located.

    Exit 0: whole; 1: broken.
    """
    from rayfence.api import trail

    reports = trail.verify_trail(name, state_dir, key)
    if as_json:
        output.data({"whole": bool(reports) and all(report.ok for report in reports), "chains": reports})
    for report in () if as_json else reports:
        state = "whole" if report.ok else "BROKEN"
        covered = (
            f"signed heads vouch for all up to record {report.covered}" if report.covered >= 0 else "no signed head"
        )
        output.line(f"chain {report.chain[:8]}: {state}: {report.records} records, {covered}")
        for problem in report.problems:
            output.line(f"  {output.clean(str(problem))}")
        for text in report.notes:
            output.line(f"  note: {output.clean(text)}")
    if not reports and not as_json:
        output.line("there is no trail yet")
    return 0 if reports and all(report.ok for report in reports) else 1


@command.command("export")
@click.option("--format", "form", type=click.Choice(["jsonl", "cef"]), default="jsonl", show_default=True)
@_filters
@options.instance
def export(form: str, name: str | None, state_dir: Path | None, **filters: str) -> int:
    """Write matching records to stdout: JSON lines, or CEF for a SIEM."""
    import json

    from rayfence.api import trail

    line = trail.as_cef(name) if form == "cef" else lambda record: json.dumps(trail.as_json(record))
    for record in trail.matching(name, state_dir, _query(filters)):
        output.line(line(record))
    return 0


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


def _print(record: "Record", as_json: bool) -> None:
    import json

    from rayfence.api import trail

    output.line(json.dumps(trail.as_json(record)) if as_json else trail.as_text(record))
