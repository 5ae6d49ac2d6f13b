"""The trail of an own instance: read, verify, export. Reads the files; the gateway is the only writer."""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rayfence import __version__
from rayfence.adapters.trailfiles import TrailFiles
from rayfence.api.instances import DEFAULT_NAME, Record, require_record
from rayfence.errors import RayfenceError, StateError
from rayfence.render.local.layout import Layout
from rayfence.trail import record as trail_record
from rayfence.trail.export import cef_line, human_line
from rayfence.trail.query import Query, select
from rayfence.trail.verify import VerificationReport, verify_chain
from rayfence.verify.posture import TrailSighting

_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


def trail_files(record: Record) -> TrailFiles:
    """The files of an instance's trail."""
    return TrailFiles(Path(Layout(record.places).trail), Path(record.places.heads))


def verify_trail(name: str | None, state_dir: Path | None, key: Path | None) -> tuple[VerificationReport, ...]:
    """Verify every chain against the signed heads. `key`: a copy of the heads' public key kept elsewhere."""
    return _verified(trail_files(require_record(name or DEFAULT_NAME, state_dir)), key)


def matching(name: str | None, state_dir: Path | None, query: Query) -> Iterator[trail_record.Record]:
    """Records that match, in the order they were written."""
    files = trail_files(require_record(name or DEFAULT_NAME, state_dir))
    return select(files.lines(), query)


def last(
    name: str | None, state_dir: Path | None, count: int, follow: bool, query: Query
) -> Iterator[trail_record.Record]:
    """The newest `count` records that match; with `follow` also what comes, until the caller stops."""
    files = trail_files(require_record(name or DEFAULT_NAME, state_dir))
    # A query may skip most of the newest lines: look at more than are asked for, and keep the last ones.
    lines = files.last_lines(count if query == Query() else max(count, 10_000))
    found = list(select(lines, query))
    yield from found[len(found) - count :] if count < len(found) else found
    if follow:
        yield from select(files.follow(lambda: False), replace(query, after_seq=-1))


def as_text(record: trail_record.Record) -> str:
    """One line for a person."""
    return human_line(record)


def as_json(record: trail_record.Record) -> dict[str, object]:
    """The record as an object."""
    return {"seq": record.seq, "prev": record.prev, **record.entry._asdict()}


def as_cef(name: str | None) -> Callable[[trail_record.Record], str]:
    """A function that gives one CEF event per record."""
    return lambda record: cef_line(record, instance=name or DEFAULT_NAME, version=__version__)


def moment(text: str) -> str:
    """A point in time as the trail writes it: `10m`, `2h`, `3d` ago, or ISO 8601. Raises RayfenceError."""
    if not text:
        return ""
    ago = re.fullmatch(r"(\d{1,6})([smhd])", text)
    if ago is not None:
        return trail_record.timestamp(time.time() - int(ago[1]) * _UNITS[ago[2]])
    try:
        when = datetime.fromisoformat(text)
    except ValueError as error:
        raise RayfenceError(
            f"{text!r} is no point in time", hint="write 10m, 2h, 3d or 2026-01-31T12:00:00Z"
        ) from error
    return trail_record.timestamp((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp())


def trail_sighting(record: Record) -> TrailSighting | None:
    """What the posture table judges; None when there is no trail or it can't be read."""
    files = trail_files(record)
    try:
        reports = _verified(files, None)
        lost = sum(_count(item) for item in select(files.lines(), Query(kind=trail_record.Kind.LOSS)))
    except StateError:
        return None
    if not reports:
        return None
    problems = [f"chain {report.chain[:8]}: {report.problems[0]}" for report in reports if report.problems]
    return TrailSighting(sum(report.records for report in reports), "; ".join(problems), lost)


def _verified(files: TrailFiles, key: Path | None) -> tuple[VerificationReport, ...]:
    keys = files.public_keys(key)
    return tuple(verify_chain(files.lines(chain), files.heads(chain), keys) for chain in files.chains())


def _count(record: trail_record.Record) -> int:
    count = record.entry.detail.get("count", 1)
    return count if isinstance(count, int) else 1
