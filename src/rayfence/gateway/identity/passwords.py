"""Password hashes: argon2id, two at once at most, and a short queue.

A hash takes 64 MiB and a tenth of a second on purpose. Unbounded, a hundred log-ins at once would take the machine;
so a third waits, and from a certain queue on the caller is told to come again.
"""

import asyncio
import unicodedata
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from rayfence.gateway.answers import busy

#: RFC 9106's memory for machines without much; two passes keep a check near 100 ms on two shared cores.
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=64 * 1024, parallelism=1, hash_len=32, salt_len=16)

_AT_ONCE: Final = 2
_WAITING: Final = 8

PASSWORD_MINIMUM: Final = 8  # characters, NIST SP 800-63B
PASSWORD_LIMIT: Final = 256  # characters: a megabyte of password is an attack on the hash

T = TypeVar("T")


class Passwords:
    """Hashes and checks passwords off the event loop. `close` ends its threads."""

    def __init__(self, hasher: PasswordHasher = _HASHER) -> None:
        self._hasher = hasher
        self._pool = ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="argon2")
        self._pending = 0
        # Checked for names that don't exist, so that they cost the same work.
        self._nobody = hasher.hash("nobody's password")

    @property
    def full(self) -> bool:
        """Whether the next hash would be refused."""
        return self._pending >= _AT_ONCE + _WAITING

    async def matches(self, stored: str | None, password: str) -> bool:
        """Whether `password` belongs to `stored`; for None it is False after the same work. Raises Refused 503."""
        return await self._run(lambda: self._verify(stored or self._nobody, password)) and stored is not None

    async def hash(self, password: str) -> str:
        """A salted hash in argon2's own text form. Raises Refused 503."""
        return await self._run(lambda: self._hasher.hash(canonical(password)))

    async def _run(self, work: Callable[[], T]) -> T:
        if self.full:
            raise busy("too many log-ins at once; try again", 1)
        self._pending += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pool, work)
        finally:
            self._pending -= 1

    def _verify(self, stored: str, password: str) -> bool:
        try:
            return self._hasher.verify(stored, canonical(password))
        except (VerificationError, InvalidHashError):
            return False

    def close(self) -> None:
        """End the threads; a hash under way is finished first."""
        self._pool.shutdown(wait=True, cancel_futures=True)


def canonical(password: str) -> str:
    """One form for one password: keyboards differ in how they compose an `é`."""
    return unicodedata.normalize("NFC", password)


def weakness(password: str, name: str) -> str:
    """Why `password` is no password for `name`, as a sentence; empty if it will do."""
    if len(password) < PASSWORD_MINIMUM:
        return f"a password needs at least {PASSWORD_MINIMUM} characters"
    if len(password) > PASSWORD_LIMIT:
        return f"a password may have at most {PASSWORD_LIMIT} characters"
    if len(set(password)) < 3 or password.casefold() == name.casefold():
        return "this password is too easy to guess"
    return ""
