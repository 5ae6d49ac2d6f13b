"""Envoy's decisions on their way into the trail: read its log, record each line within a second, count what is missing.

1. Read the lines Envoy has written since the last look, several times a second.
2. Record them (in a cluster of the kubelet's probes one in a while, see `probes`); while the trail can't be written
   they stay in the log, and the place in it does not move.
3. Every few seconds compare with Envoy's counters; a difference that stays is recorded as loss.
4. When the log has grown, exchange it for a new one.

The event loop only waits: reading, encoding and writing happen in a thread, a bounded number of lines at a time.
"""

import asyncio
import json
import logging
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from rayfence.gateway.accessline import LogLine, read_log_line
from rayfence.gateway.envoyadmin import EnvoyAdmin, EnvoyPort
from rayfence.gateway.files import write_private
from rayfence.gateway.journal import Journal, JournalFailure
from rayfence.gateway.logfile import ROTATE_BYTES, AccessLog
from rayfence.gateway.loss import Counted, LossCount
from rayfence.gateway.plainline import PlainLine, read_line
from rayfence.gateway.probes import Probes, Sifted
from rayfence.model.gateway import GatewaySettings

LOGGER: Final = logging.getLogger(__name__)

#: Between two looks at the log. With Envoy's flush every 0.2 s a decision is recorded in about 0.45 s.
LOOK_SECONDS: Final = 0.2

#: Between two comparisons with Envoy's counters.
COUNT_SECONDS: Final = 3.0

#: Lines recorded at once: an intent that comes in between waits for so many at most, some milliseconds.
BATCH_LINES: Final = 400


class Ingest:
    """Feeds one journal from one access log. `run` it as a task; cancel the task, then `close`."""

    def __init__(
        self,
        journal: Journal,
        access_log: Path,
        envoy: EnvoyPort,
        note: Path,
        *,
        rotate_bytes: int = ROTATE_BYTES,
        count_seconds: float = COUNT_SECONDS,
        probes: Probes | None = None,
    ) -> None:
        """`note`: file in which counts survive a restart of the service. `probes`: hold back those of a kubelet."""
        self._journal = journal
        self._log = AccessLog(access_log, journal.position, rotate_bytes=rotate_bytes)
        self._envoy = envoy
        self._note = note
        self._count_seconds = count_seconds
        self._loss = LossCount(self._load(), since=time.time())
        self._busy = threading.Lock()
        self._ended = False
        self._compared = 0.0
        self._noted = (0.0, "")  # when, what
        self._probes = probes
        # A restart reads on behind the last record, so lines held after it are read, and counted, once more then.
        self._recorded = journal.position
        self._tail: list[tuple[str, float]] = []  # (stat prefix, started) of each

    @classmethod
    def open(cls, settings: GatewaySettings, journal: Journal) -> "Ingest":
        """The ingest of an instance."""
        note = Path(settings.trail_dir) / "ingest.json"
        probes = Probes() if settings.workload else None
        return cls(journal, Path(settings.access_log), EnvoyAdmin(settings.envoy_admin_socket), note, probes=probes)

    async def run(self) -> None:
        """Follow the log until cancelled; whatever fails is tried again."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            await self._envoy.close()

    async def _look(self) -> None:
        try:
            caught_up = await asyncio.to_thread(self.step)
            if caught_up and time.monotonic() - self._compared >= self._count_seconds:
                self._compared = time.monotonic()
                await self._compare()
            if self._log.rotate():
                await self._envoy.reopen_logs()
        except OSError as error:
            LOGGER.warning("the access log can't be read: %s", error.strerror or error)

    def step(self) -> bool:
        """Record what is new; True when everything there is has been recorded. Raises OSError."""
        # A cancelled task leaves its thread at work: the step of `close` must wait for it, not record the same lines.
        with self._busy:
            return self._ended or self._step()

    def _step(self) -> bool:
        while lines := self._log.read(BATCH_LINES):
            position = lines[-1][1]
            parsed = [read_line(raw, place) for raw, place in lines]
            sifted = self._sifted(parsed, position)
            try:
                if sifted.kept:
                    self._journal.edges(sifted.kept, sifted.position)
            except JournalFailure:
                return False
            self._take(sifted, parsed)
            self._log.accept(position)
            self._count(parsed)
        if self._log.was_cut:
            self._log.was_cut = False
            self._journal.lost_decisions("access log", 1, {"reason": "the log was cut by another hand; lines unknown"})
        if self._log.finish_old(self._journal.sync):
            self._save()
            return False
        if time.monotonic() - self._noted[0] >= 1.0:
            self._save()
        return True

    def _sifted(self, lines: list[LogLine | PlainLine], position: str) -> Sifted:
        if self._probes is None:
            return Sifted(lines, position, 0, Probes())
        return self._probes.sift(lines)

    def _take(self, sifted: Sifted, parsed: Sequence[LogLine | PlainLine]) -> None:
        """These lines are recorded, but for those that were held back."""
        if self._probes is not None:
            self._probes = sifted.probes
        if sifted.kept:
            self._recorded = sifted.position
            self._tail.clear()
        held = parsed[len(parsed) - sifted.tail :]
        self._tail += ((line.prefix, line.started) for line in held)

    def _count(self, lines: Sequence[LogLine | PlainLine]) -> None:
        for line in lines:
            if line.prefix:
                self._loss.line(line.prefix, line.started, line.ended)

    async def _compare(self) -> None:
        for prefix, count in self._loss.settle(time.time()).items():
            LOGGER.warning("%d decisions of %s are missing from Envoy's log", count, prefix)
            self._journal.lost_decisions(prefix, count)
        sample = await self._envoy.sample()
        if sample is not None:
            self._loss.sample(sample)

    def _load(self) -> Counted | None:
        """Counts as of the last note, brought up to what the trail holds: a crash comes between record and note."""
        try:
            value = json.loads(self._note.read_bytes())
            counted = Counted(float(value["epoch"]), dict(value["lines"]), dict(value["missing"]))
            between = self._log.lines_between(str(value["position"]), self._log.position)
            if str(value["position"]) != self._log.position and not between:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        for raw in between:
            line = read_log_line(raw, "")
            if line.prefix:
                counted.lines[line.prefix] = counted.lines.get(line.prefix, 0) + 1
        return counted

    def _save(self) -> None:
        text = json.dumps(self._note_now())
        if text != self._noted[1]:
            with suppress(OSError):
                write_private(self._note, text)
        self._noted = (time.monotonic(), text)

    def _note_now(self) -> dict[str, object]:
        """The counts as of the last record."""
        counted = self._loss.counted()
        lines = dict(counted.lines)
        for prefix, started in self._tail:
            if started >= counted.epoch:
                lines[prefix] = lines.get(prefix, 0) - 1
        position = self._recorded if self._tail else self._log.position
        return {**counted._replace(lines=lines)._asdict(), "position": position}

    def close(self) -> None:
        """Record what is still unread, note the counts, close the log. The journal must still be open."""
        with suppress(OSError):
            self.step()
        with self._busy:
            self._ended = True
            self._save()
            self._log.close()
