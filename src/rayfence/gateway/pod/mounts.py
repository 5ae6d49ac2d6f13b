"""Mounted keys as the service wants them: files of its own that nobody else can read, with the time of their birth.

Kubernetes shows a Secret as links into a folder of root's that it exchanges at one blow; every file has the time of the
mount. Copies lie in memory, in a folder of mode 0700, under the name and time that the mounted name says
(`<seconds>.<id>.<kind>`). A key is *unripe* until every replica must have it: its file's time lies in the future, so it
verifies and does not sign yet.

Leaves out what a file holds, and who takes it up (`rotation.KeyWatch`).
"""

import asyncio
import logging
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from rayfence.gateway.files import write_private

LOGGER = logging.getLogger(__name__)

LOOK_SECONDS: Final = 1.0
#: Kubelets exchange a mounted Secret a minute and a half after it has changed, at the latest by their defaults.
RIPE_SECONDS: Final = 180
_BORN: Final = re.compile(r"([0-9]{10})\.([A-Za-z0-9_-]+\.[a-z]+)")
#: A time no key has: the copy is looked at anew when it ripens.
_FUTURE: Final = 10 * 365 * 24 * 3600


class Mirror:
    """Copies of one mounted folder. `run` it as a task."""

    def __init__(self, source: Path, target: Path, clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._target = target
        self._clock = clock

    def step(self) -> bool:
        """Make the copies as the mount is now; whether anything changed. Raises OSError.

        A mount without files (not made yet, or gone for a moment) leaves the copies alone: no keys would be worse.
        """
        self._target.mkdir(mode=0o700, parents=True, exist_ok=True)
        mounted = [path for path in self._source.iterdir() if not path.name.startswith(".")]
        changed = False
        wanted: dict[str, float] = {}
        for path in sorted(mounted):
            name, born = _named(path.name)
            wanted[name] = born
            changed = self._copy(path, self._target / name) or changed
        for path in self._target.iterdir() if wanted else ():
            if path.name not in wanted and not path.name.startswith("."):
                path.unlink()
                changed = True
        return self._timed(wanted) or changed

    def _copy(self, source: Path, target: Path) -> bool:
        text = source.read_text(encoding="utf-8")
        if target.exists() and target.read_text(encoding="utf-8") == text:
            return False
        write_private(target, text)
        return True

    def _timed(self, wanted: dict[str, float]) -> bool:
        """Give every copy its time; the only key there is signs at once."""
        now = self._clock()
        ripe = {name for name, born in wanted.items() if not born or born + RIPE_SECONDS <= now}
        if not ripe and wanted:
            ripe = {min(wanted, key=lambda name: wanted[name])}
        changed = False
        for name, born in wanted.items():
            if not born:
                continue
            when = born if name in ripe else born + _FUTURE
            if (self._target / name).stat().st_mtime != when:
                os.utime(self._target / name, (when, when))
                changed = True
        return changed

    async def run(self) -> None:
        """Follow the mount until cancelled."""
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            try:
                self.step()
            except (OSError, UnicodeError):
                LOGGER.exception("%s can't be copied; what was there stays in use", self._source)


def _named(mounted: str) -> tuple[str, float]:
    """A copy's name and its key's birth (0: none is told)."""
    found = _BORN.fullmatch(mounted)
    return (found[2], float(found[1])) if found else (mounted, 0.0)
