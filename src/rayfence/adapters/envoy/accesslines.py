"""Envoy's access log as it grows, from a chosen moment on: the witness of what was passed on and what was not.

Leaves out rotation (a verification lasts minutes) and the trail, which reads the same file for good.
"""

import json
from pathlib import Path

from rayfence.access.claims import read_grant
from rayfence.model.wire import LogLine


class AccessLines:
    """`ports.Lines` of one file. What stands in it when this is made is left aside."""

    def __init__(self, path: str) -> None:
        self._path = Path(path)
        self._offset = self._size()
        self._rest = b""
        self._lines: list[LogLine] = []

    def read(self) -> tuple[LogLine, ...]:
        """See `ports.Lines`. A line that is no JSON is left out: it can't be evidence."""
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except FileNotFoundError:
            return tuple(self._lines)
        self._offset += len(data)
        *whole, self._rest = (self._rest + data).split(b"\n")
        self._lines += [line for text in whole if (line := parse_line(text)) is not None]
        return tuple(self._lines)

    def _size(self) -> int:
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0


def parse_line(text: bytes) -> LogLine | None:
    """One line of the log; None when it is not one."""
    try:
        data = json.loads(text)
    except ValueError:
        return None
    if not isinstance(data, dict):
        return None

    def word(name: str) -> str:
        value = data.get(name)
        return value if isinstance(value, str) else ""

    def number(name: str) -> int | None:
        value = data.get(name)
        if isinstance(value, str) and value.isdigit():  # Envoy writes some numbers as text
            return int(value)
        return value if isinstance(value, int) and not isinstance(value, bool) else None

    grant = read_grant(data.get("grant"))
    return LogLine(
        id=word("id"),
        subject=grant.subject if grant else "",
        token_id=grant.token_id if grant else "",
        surface=word("surface"),
        route=word("route"),
        method=word("method"),
        path=word("path"),
        status=number("code") or 0,
        details=word("details"),
        flags=word("flags"),
        upstream_ms=number("upstream_ms"),
    )
