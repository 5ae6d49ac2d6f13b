"""`logs`: the supervised processes' own logs, last lines first, then what comes."""

import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path

from rayfence.api.instances import DEFAULT_NAME, require_record
from rayfence.errors import StateError
from rayfence.render.local.layout import Layout

_POLL_SECONDS = 0.25


def log_lines(
    part: str | None, name: str | None, state_dir: Path | None, lines: int, follow: bool
) -> Iterator[tuple[str, str]]:
    """(part, line) of one part or of all; with `follow` goes on until the caller stops.

    Raises StateError when there is no such log.
    """
    record = require_record(name or DEFAULT_NAME, state_dir)
    folder = Path(Layout(record.places).logs)
    files = {path.stem: path for path in sorted(folder.glob("*.log"))}
    if part is not None:
        if part not in files:
            raise StateError(f"there is no log of {part!r}", hint=f"logs: {', '.join(files) or 'none yet'}")
        files = {part: files[part]}
    positions: dict[str, int] = {}
    for source, path in files.items():
        with path.open(encoding="utf-8", errors="replace") as file:
            for text in deque(file, maxlen=lines):
                yield source, text.rstrip("\n")
            positions[source] = file.tell()
    while follow:
        time.sleep(_POLL_SECONDS)
        for source, path in files.items():
            yield from ((source, text) for text in _more(path, source, positions))


def _more(path: Path, source: str, positions: dict[str, int]) -> Iterator[str]:
    size = path.stat().st_size if path.exists() else 0
    if size < positions[source]:  # rotated: begin again
        positions[source] = 0
    if size == positions[source]:
        return
    with path.open(encoding="utf-8", errors="replace") as file:
        file.seek(positions[source])
        for text in file:
            yield text.rstrip("\n")
        positions[source] = file.tell()
