"""A copy of the trail on standard output: the second place, collected by whatever collects the pods' logs.

Writing never waits for a reader: where the copy can't keep up, lines are left out of it and the gap is said. The chain
shows the gap too, and the volume has the lines.
"""

import json
import sys
import threading
from collections import deque
from collections.abc import Sequence
from typing import BinaryIO, Final

#: Lines that wait; some tens of megabytes at most.
QUEUE_LIMIT: Final = 20_000


class TrailCopy:
    """Call `put` with lines; a thread writes them. `close` writes what waits, within two seconds."""

    def __init__(self, out: BinaryIO | None = None) -> None:
        self._out = out or sys.stdout.buffer
        self._lines: deque[bytes] = deque()
        self._left_out = 0
        self._changed = threading.Condition()
        self._ended = False
        self._thread = threading.Thread(target=self._write, name="trail-copy", daemon=True)
        self._thread.start()

    def put(self, lines: Sequence[bytes]) -> None:
        """Queue lines. Never waits for the reader."""
        with self._changed:
            room = QUEUE_LIMIT - len(self._lines)
            self._lines.extend(lines[:room])
            self._left_out += max(0, len(lines) - room)
            self._changed.notify()

    def _write(self) -> None:
        while True:
            with self._changed:
                while not self._lines and not self._ended:
                    self._changed.wait()
                if not self._lines:
                    return
                batch = b"".join(self._lines)
                self._lines.clear()
                left_out, self._left_out = self._left_out, 0
            if left_out:
                batch += json.dumps({"trail_copy": "lines left out", "count": left_out}).encode() + b"\n"
            try:
                self._out.write(batch)
                self._out.flush()
            except (OSError, ValueError):
                return  # nobody listens any more; the volume has everything

    def close(self) -> None:
        """Write what waits; a reader that does not read is not waited for."""
        with self._changed:
            self._ended = True
            self._changed.notify()
        self._thread.join(2.0)
