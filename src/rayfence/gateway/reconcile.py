"""After a crash: what became of the writes that were announced and never completed.

Only Ray and the gateway's own files know. A submission is asked for by the id that nobody else can have; what leaves
no trace to look at (a package, an application, a log-in) stays unknown, and the trail says so.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final, Literal

from rayfence.gateway.answers import Refused
from rayfence.gateway.jobs.control import TERMINAL
from rayfence.gateway.service import Service
from rayfence.trail.intents import OpenIntent

LOGGER = logging.getLogger(__name__)

Found = Literal["done", "failed", "unknown"]

#: Between attempts, until Ray answers.
RETRY_SECONDS: Final = 2.0

Complete = Callable[[OpenIntent, Found], None]


async def reconcile(service: Service, intents: tuple[OpenIntent, ...], complete: Complete) -> None:
    """Find out about each intent, however long Ray takes to answer; `complete` records what was found."""
    waiting = list(intents)
    while waiting:
        still: list[OpenIntent] = []
        for intent in waiting:
            try:
                complete(intent, await outcome_of(service, intent))
            except Refused:
                still.append(intent)
        waiting = still
        if waiting:
            LOGGER.info("%d writes of an earlier run wait for Ray's answer", len(waiting))
            await asyncio.sleep(RETRY_SECONDS)


async def outcome_of(service: Service, intent: OpenIntent) -> Found:
    """What became of one write. Raises Refused while Ray does not answer."""
    look = _LOOKS.get(intent.action)
    if look is None:
        return "unknown"
    try:
        return await look(service, intent.object)
    except ValueError:  # no name that Ray could know
        return "unknown"


async def _submitted(service: Service, name: str) -> Found:
    return "failed" if await service.records.fresh(name) is None else "done"


async def _stopped(service: Service, name: str) -> Found:
    record = await service.records.fresh(name)
    if record is None:
        return "unknown"  # ended, and deleted or lost with its head
    if record.get("status") == "STOPPED":
        return "done"
    return "unknown" if record.get("status") in TERMINAL else "failed"


async def _deleted(service: Service, name: str) -> Found:
    return "done" if await service.records.fresh(name) is None else "failed"


async def _added(service: Service, name: str) -> Found:
    return "failed" if service.accounts.find(name) is None else "done"


async def _removed(service: Service, name: str) -> Found:
    return "done" if service.accounts.find(name) is None else "failed"


_LOOKS: Final[dict[str, Callable[[Service, str], Awaitable[Found]]]] = {
    "job.submit": _submitted,
    "job.stop": _stopped,
    "job.delete": _deleted,
    "user.add": _added,
    "user.remove": _removed,
}
