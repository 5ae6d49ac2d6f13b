"""Writes recorded before they happen: the journal, for handlers on the event loop.

An intent is durable before the write begins; where it can't be stored there is no write. Waiting for the disk would
stop every other request, so threads wait; the journal lets those that wait together share one flush.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import Final, Literal, Protocol

from rayfence.errors import RayfenceError
from rayfence.gateway.answers import Refused, busy

LOGGER = logging.getLogger(__name__)

Detail = Mapping[str, str | int]

_WAITERS: Final = 8


class JournalPort(Protocol):
    """The part of `gateway.journal.Journal` that handlers need."""

    def intent(self, *, subject: str, action: str, object: str, detail: Detail | None = None) -> str:  # noqa: A002
        """Durable before it returns; blocks. Raises RayfenceError when it can't be stored."""

    def outcome(
        self,
        intent: str,
        *,
        verdict: Literal["done", "failed", "refused", "unknown"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """How the write of `intent` ended; never blocks for the disk."""

    def decision(
        self,
        *,
        subject: str,
        action: str,
        object: str,  # noqa: A002
        verdict: Literal["allowed", "refused"],
        status: int,
        detail: Detail | None = None,
    ) -> None:
        """A decision that changed nothing; never blocks for the disk."""

    def gauges(self) -> dict[str, int]:
        """What is wrong with the trail, in numbers; empty: nothing."""


class OutcomeUnknown(Refused):
    """Ray did not answer: whether the write happened can't be said, so no outcome is recorded until it can."""


class Write:
    """One recorded write. `status` at the end of the block is its outcome; `detail` goes with it."""

    def __init__(self, intent: str) -> None:
        self.intent = intent
        self.status = 200
        self.detail: dict[str, str | int] = {}

    def ended(self, status: int) -> None:
        """Note the status that the caller will see."""
        self.status = status


class Recorder:
    """The journal for handlers."""

    def __init__(self, journal: JournalPort) -> None:
        self._journal = journal
        self._pool = ThreadPoolExecutor(_WAITERS, thread_name_prefix="intent")

    @asynccontextmanager
    async def write(
        self, subject: str, action: str, target: str, request: str, detail: Detail | None = None
    ) -> AsyncIterator[Write]:
        """Intent before the block, outcome after it. Raises Refused 503, without entering, when the intent can't be
        stored.
        """
        write = Write(await self.intent(subject, action, target, request, detail))
        try:
            yield write
        except OutcomeUnknown:
            # The intent stays open; the next start asks Ray what became of it.
            raise
        except Refused as refused:
            self._end(write, refused.status)
            raise
        except BaseException:
            self._end(write, 500)
            raise
        else:
            self._end(write, write.status)

    async def intent(self, subject: str, action: str, target: str, request: str, detail: Detail | None = None) -> str:
        """Record that something is about to happen. Raises Refused 503 when it can't be stored.

        `request` is the id under which Envoy logs the request: it ties that line to this record.
        """
        full = {**(detail or {}), "request": request} if request else detail

        def wait() -> str:
            return self._journal.intent(subject=subject, action=action, object=target, detail=full)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, wait)
        except (RayfenceError, OSError):
            LOGGER.exception("the trail can't store an intent; writes are refused")
            raise busy("the audit trail can't be written; changes are refused until it can", 5) from None

    def refused(self, subject: str, action: str, target: str, status: int, detail: Detail | None = None) -> None:
        """Record a refusal of the service's own."""
        self._journal.decision(
            subject=subject, action=action, object=target, verdict="refused", status=status, detail=detail
        )

    def _end(self, write: Write, status: int) -> None:
        verdict: Literal["done", "failed", "refused"] = "done" if status < 400 else "failed"
        self._journal.outcome(write.intent, verdict=verdict, status=status, detail=write.detail or None)

    def gauges(self) -> dict[str, int]:
        """What is wrong with the trail, in numbers; empty: nothing."""
        return self._journal.gauges()

    def close(self) -> None:
        """End the threads; what they wait for is finished first."""
        self._pool.shutdown(wait=True)
