"""Who was logged out, since when: kept across restarts, and written where Envoy reads it.

A revocation names a subject (or one session of theirs) and the second before which their tokens no longer count. The
file for restarts (`revocations.json`) and Envoy's are both replaced by rename; Envoy watches its folder and follows
within a tenth of a second. The service's own check is immediate.
"""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Final

from rayfence.access.principal import Principal
from rayfence.access.revocation import REVOCATIONS_FILE, Revocation, revocations_text
from rayfence.errors import StateError
from rayfence.gateway.files import read_private, write_private

#: Seconds of clock difference that Envoy forgives: an expired token still counts so long.
SKEW: Final = 10


class Revocations:
    """All that can still matter. `longest` is the longest life a token can have, in seconds."""

    def __init__(self, path: Path, envoy_dir: Path, *, longest: int, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._envoy_file = envoy_dir / REVOCATIONS_FILE
        self._longest = longest + SKEW
        self._clock = clock
        self._entries: dict[tuple[str, str], int] = self._read()

    def not_before(self, subject: str) -> int:
        """Every token of `subject` issued before this second is void; 0 if none is."""
        return self._entries.get((subject, ""), 0)

    def covers(self, claims: Principal) -> bool:
        """Whether this token is void."""
        second = max(self.not_before(claims.subject), self._entries.get((claims.subject, claims.session), 0))
        return claims.issued_at < second

    def revoke(self, subject: str, session: str = "") -> int:
        """Void every token of `subject` (of one session) issued until now; durable, and handed to Envoy, before it
        returns.

        Raises OSError when it can't be stored: the tokens then still count, and the caller must say so.
        """
        second = self.next_second(subject, session)
        entries = {**self._current(), (subject, session): second}
        self._store(entries)
        self._entries = entries
        return second

    def next_second(self, subject: str, session: str = "") -> int:
        """The second that a revocation made now names.

        Beyond the last ones too, the subject's whole one included: a token minted since may carry exactly that second.
        """
        last = max(self._entries.get((subject, session), 0), self.not_before(subject))
        return max(int(self._clock()) + 1, last + 1)

    def take(self, entries: Iterable[Revocation]) -> None:
        """Revocations of all replicas, the own ones kept; what no longer matters goes. Raises OSError."""
        merged = dict(self._entries)
        for entry in entries:
            key = (entry.subject, entry.session)
            merged[key] = max(entry.issued_before, merged.get(key, 0))
        current = self._current(merged)
        if current != self._entries:
            self._store(current)
            self._entries = current

    def publish(self) -> None:
        """Write both files as they should be now; at start, because Envoy serves nobody without its file."""
        self._entries = self._current()
        self._store(self._entries)

    def entries(self) -> tuple[Revocation, ...]:
        """Every revocation, in a stable order."""
        return tuple(
            sorted(Revocation(subject, second, session) for (subject, session), second in self._entries.items())
        )

    def _current(self, entries: dict[tuple[str, str], int] | None = None) -> dict[tuple[str, str], int]:
        # After the longest life every token issued before the second has expired by itself.
        oldest = int(self._clock()) - self._longest
        known = self._entries if entries is None else entries
        return {key: second for key, second in known.items() if second >= oldest}

    def _store(self, entries: dict[tuple[str, str], int]) -> None:
        rows: list[list[str | int]] = [
            [subject, session, second] for (subject, session), second in sorted(entries.items())
        ]
        write_private(self._path, json.dumps({"version": 1, "revoked": rows}, indent=1) + "\n")
        write_private(self._envoy_file, revocations_text(_values(rows)))

    def _read(self) -> dict[tuple[str, str], int]:
        if not self._path.exists():
            return {}
        try:
            rows = json.loads(read_private(self._path))["revoked"]
            return {(str(subject), str(session)): int(second) for subject, session, second in rows}
        except (ValueError, KeyError, TypeError) as error:
            # Starting without it would let revoked tokens in again.
            raise StateError(f"{self._path} is damaged: the list of revoked tokens can't be read") from error


def _values(rows: Iterable[list[str | int]]) -> list[Revocation]:
    return [Revocation(str(subject), int(second), str(session)) for subject, session, second in rows]
