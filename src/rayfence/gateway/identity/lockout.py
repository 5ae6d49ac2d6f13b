"""Lock-out after failed log-ins, per account and source (all of loopback is one), the same for names that don't exist.

An attempt is counted before its password is checked: of a hundred guesses sent at once, only the allowed number is
looked at. Each failure after a lock locks again, for twice as long. Locks survive a restart (written when one
begins); counts below the limit do not: that would cost a durable write per failure, and a restart gives an attacker
at most one more round.
"""

import json
import logging
import math
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv6Address, IPv6Network, ip_address
from pathlib import Path
from typing import Final, NamedTuple

from rayfence.gateway.files import write_private

LOGGER = logging.getLogger(__name__)

#: Pairs of account and source remembered; beyond it the oldest are forgotten, so that made-up names can't fill the
#: memory.
PAIR_LIMIT: Final = 10_000

#: Failures older than this many locks no longer count; a lock never lasts longer either.
MEMORY: Final = 15


class Lock(NamedTuple):
    """A lock as replicas tell each other of it. `network`: the source, as counted; `until`: seconds since the epoch."""

    name: str
    network: str
    failures: int
    until: float


@dataclass(slots=True)
class _Count:
    failures: int
    last: float
    locked_until: float = 0.0


class Lockout:
    """Counts per (name, source). Times are the wall clock's, because locks outlive the process."""

    def __init__(
        self,
        path: Path,
        *,
        failures: int,
        seconds: int,
        clock: Callable[[], float] = time.time,
        on_lock: Callable[[Lock], None] | None = None,
    ) -> None:
        """`on_lock` is told of each lock that begins, for other replicas to take."""
        self._path = path
        self._failures = failures
        self._seconds = seconds
        self._clock = clock
        self._counts: OrderedDict[tuple[str, str], _Count] = OrderedDict()
        self.on_lock = on_lock
        self._restore()

    def attempt(self, name: str, source: str) -> int:
        """Count an attempt that is about to be checked; seconds to wait, 0 if it may go on."""
        now = self._clock()
        key = _key(name, source)
        count = self._counts.get(key)
        if count is None or now - count.last > MEMORY * self._seconds:
            count = self._counts[key] = _Count(0, now)
        self._counts.move_to_end(key)
        while len(self._counts) > PAIR_LIMIT:
            self._counts.popitem(last=False)
        if count.locked_until > now:
            return math.ceil(count.locked_until - now)
        count.failures += 1
        count.last = now
        if count.failures >= self._failures:
            doubled = self._seconds * 2 ** min(count.failures - self._failures, 10)
            count.locked_until = now + min(doubled, MEMORY * self._seconds)
            self._keep(now)
            if self.on_lock is not None:
                self.on_lock(Lock(*key, count.failures, count.locked_until))
        return 0

    def take(self, locks: Iterable[Lock]) -> None:
        """Locks that began at another replica; of two for one pair the later end counts."""
        now = self._clock()
        for lock in locks:
            # A clock that runs ahead must not lock someone out for a year.
            end = min(lock.until, now + MEMORY * self._seconds)
            key = (lock.name[:64], lock.network)
            count = self._counts.get(key)
            if end > now and (count is None or count.locked_until < end):
                failures = max(lock.failures, count.failures if count else 0)
                self._counts[key] = _Count(failures, now, end)

    def succeeded(self, name: str, source: str) -> None:
        """The attempt was right: its pair starts afresh."""
        count = self._counts.pop(_key(name, source), None)
        if count is not None and count.locked_until:
            self._keep(self._clock())

    def _keep(self, now: float) -> None:
        locks = [
            [name, source, count.failures, count.locked_until]
            for (name, source), count in self._counts.items()
            if count.locked_until > now
        ]
        try:
            write_private(self._path, json.dumps({"version": 1, "locks": locks}) + "\n")
        except OSError:
            LOGGER.exception("locks of accounts can't be stored; they hold until the next restart")

    def _restore(self) -> None:
        now = self._clock()
        try:
            locks = json.loads(self._path.read_text(encoding="utf-8"))["locks"]
            for name, source, failures, until in locks:
                # A clock that was set back must not lock someone out for a year.
                end = min(float(until), now + MEMORY * self._seconds)
                self._counts[_key(str(name), str(source))] = _Count(int(failures), now, end)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError):
            # A damaged list is at worst a forgotten lock; refusing all log-ins would be worse.
            LOGGER.exception("the list of locked accounts is damaged and was dropped")
            self._counts.clear()


def _key(name: str, source: str) -> tuple[str, str]:
    # Names longer than any account's are never anyone's; they may share a key.
    return name[:64], _network(source)


def _network(source: str) -> str:
    """What one attacker has for the asking counts as one source: all of loopback, an IPv6 network of 64 bits."""
    try:
        address = ip_address(source)
    except ValueError:
        return source[:64]
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    if address.is_loopback:
        return "loopback"
    return str(IPv6Network((address, 64), strict=False)) if isinstance(address, IPv6Address) else str(address)
