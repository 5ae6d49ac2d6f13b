"""All printing. Results go to stdout; progress, notes and errors to stderr; colour only on a terminal.

Text from outside (paths, names, log lines) is stripped of control characters: a job's name must not drive the terminal.
"""

import json
import shutil
import sys
import textwrap
import time
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from datetime import datetime
from typing import Final

import click

from rayfence.errors import RayfenceError
from rayfence.model.frozen import fields_of
from rayfence.model.verdict import Posture, Verdict

_COLOURS: Final = {
    Verdict.PASS: "green",
    Verdict.FAIL: "red",
    Verdict.UNKNOWN: "yellow",
    Verdict.NOT_APPLICABLE: "bright_black",
}

_json_mode = False


def set_json(on: bool) -> None:
    """Whether errors are printed as JSON as well; set once by the verb's `--json`."""
    global _json_mode  # noqa: PLW0603 - one process, one mode
    _json_mode = on


def clean(text: str) -> str:
    """Text without control characters (terminal escapes included)."""
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else "�" for char in text)


def data(value: object) -> None:
    """One JSON document on stdout."""
    # ASCII only: U+009B begins a terminal's command just as ESC does, and JSON does not escape it by itself
    click.echo(json.dumps(value, indent=2, default=_plain))


def rows(value: object) -> None:
    """One JSON document on stdout, each item of its lists on a line of its own: for results of thousands of values.

    `value`: a dataclass of values and lists. A tenth of the time of `data`, whose breaking of lines is slow.
    """
    lines = [f"  {_ENCODE(name)}: {_listed(item)}" for name, item in fields_of(value).items()]
    click.echo("{\n" + ",\n".join(lines) + "\n}")


def line(text: str = "") -> None:
    """One line of the result."""
    click.echo(text)


def paragraph(first: str, text: str, hang: int) -> None:
    """`first`, which may be styled, and foreign `text` after it: on a terminal folded at its width, the lines below
    indented by `hang`; elsewhere one line, as programs want it.
    """
    body, used = clean(text), len(click.unstyle(first))
    width = _width()
    if not width or not body.strip() or used + len(body) <= width:
        click.echo(first + body)
        return
    folded = textwrap.wrap(
        body, max(width, hang + 20), initial_indent=" " * used, subsequent_indent=" " * hang, break_on_hyphens=False
    )
    click.echo("\n".join((first + folded[0][used:], *folded[1:])))


def heading(text: str) -> None:
    """A title above a table."""
    click.echo(click.style(text, bold=True))


def note(text: str) -> None:
    """Something to know, beside the result."""
    click.echo(f"rayfence: {text}", err=True)


def moment(seconds: str) -> str:
    """Seconds since the epoch as local time to the minute; other text unchanged."""
    if not seconds.isdigit():
        return seconds
    return datetime.fromtimestamp(int(seconds)).astimezone().strftime("%Y-%m-%d %H:%M %Z")


def table(rows: Iterable[Sequence[str]], header: Sequence[str]) -> None:
    """Left-aligned columns, as wide as their widest cell; the last column is not padded."""
    cells = [tuple(clean(cell) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in (tuple(header), *cells)) for column in range(len(header))]
    click.echo(click.style(_row(header, widths).rstrip(), dim=True))
    for row in cells:
        click.echo(_row(row, widths).rstrip())


def records(rows: Iterable[Sequence[str]], header: Sequence[str]) -> None:
    """A table where it fits the terminal (elsewhere: 120 columns); else each row's first two cells in a line, and the
    others below, one by one.
    """
    listed = [tuple(row) for row in rows]
    widths = [max(len(clean(row[column])) for row in (tuple(header), *listed)) for column in range(len(header))]
    if sum(widths) + 2 * len(widths) <= (_width() or 120):
        table(listed, header)
        return
    name = max(len(title) for title in header[2:])
    for row in listed:
        click.echo(f"{clean(row[0]):<{widths[0]}}  {clean(row[1])}")
        for title, cell in zip(header[2:], row[2:], strict=True):
            paragraph(f"    {title:<{name}}  ", cell, name + 6)


def posture(rows: Iterable[Posture]) -> None:
    """The posture table: verdict, control, evidence."""
    listed = list(rows)
    width = max((len(row.title) for row in listed), default=0)
    for row in listed:
        verdict = click.style(f"{row.verdict.upper():<15}", fg=_COLOURS[row.verdict], bold=row.verdict is Verdict.FAIL)
        click.echo(f"  {verdict} {row.title:<{width}}  {clean(row.evidence)}")


def verdict(kind: Verdict, text: str) -> None:
    """One verdict with what it is about."""
    word = click.style(f"{kind.upper():<15}", fg=_COLOURS[kind], bold=kind is Verdict.FAIL)
    paragraph(f"  {word} ", text, 6)


def error(raised: RayfenceError) -> None:
    """What happened and the next step, on stderr; with `--json` as an object on stdout too."""
    if _json_mode:
        data({"error": {"message": raised.diagnostics(), "hint": raised.hint, "exit_status": raised.exit_status}})
    for part in raised.diagnostics().splitlines():
        click.echo(click.style("rayfence: error: ", fg="red") + clean(part), err=True)
    if raised.hint:
        click.echo(f"rayfence: hint: {clean(raised.hint)}", err=True)


def crash(unexpected: BaseException) -> None:
    """A defect of ours: one line, and how to see more."""
    text = clean(f"{type(unexpected).__name__}: {unexpected}")[:300]
    click.echo(f"rayfence: internal error: {text}", err=True)
    click.echo("rayfence: hint: set RAYFENCE_DEBUG=1 to see where; please report it", err=True)


class Progress:
    """Steps with elapsed time on stderr; quiet when told so."""

    def __init__(self, quiet: bool = False) -> None:
        self._began = time.monotonic()
        self._quiet = quiet

    def __call__(self, text: str) -> None:
        if not self._quiet:
            elapsed = time.monotonic() - self._began
            click.echo(click.style(f"[{elapsed:6.1f} s] ", dim=True) + clean(text), err=True)


def is_terminal() -> bool:
    """Whether a person can be asked."""
    return sys.stdin.isatty() and sys.stderr.isatty()


def _width() -> int:
    """Columns of the terminal that results go to; 0: they go elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else 0


def _listed(value: object) -> str:
    if not isinstance(value, list | tuple) or not value:
        return _ENCODE(value)
    return "[\n    " + ",\n    ".join(map(_ENCODE, value)) + "\n  ]"


_ENCODE: Final = json.JSONEncoder(default=fields_of).encode


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return str(value)


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    return "  ".join(f"{cell:<{width}}" for cell, width in zip(cells, widths, strict=True))
