"""One-time codes that carry a log-in from the log-in host to the dashboard's host.

Cookies are bound to their host, so the dashboard's is set there, by a request that brings a code. A code lives in
memory for half a minute and opens one session once; only its hash is kept. A restart forgets all codes: the browser
asks for another.
"""

import hashlib
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final, Protocol

from rayfence.access.principal import Principal
from rayfence.gateway.sessions.roles import highest_role
from rayfence.gateway.sessions.tokens import Minter

CODE_SECONDS: Final = 30

#: Codes alive at once; above it the oldest are forgotten, so that nobody can fill the memory.
CODE_LIMIT: Final = 1000


class Codes(Protocol):
    """Codes and the log-in session each stands for."""

    def issue(self, session: Principal) -> str:
        """A fresh code for `session`."""

    def redeem(self, code: str) -> Principal | None:
        """The session of `code`, which is void from now on; None if it is unknown, used or too old."""


class HandOver:
    """Codes and the log-in session each stands for."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._codes: OrderedDict[bytes, tuple[float, Principal]] = OrderedDict()

    def issue(self, session: Principal) -> str:
        """A fresh code of 256 bits for `session`."""
        code = secrets.token_urlsafe(32)
        while len(self._codes) >= CODE_LIMIT:
            self._codes.popitem(last=False)
        self._codes[_digest(code)] = (self._clock() + CODE_SECONDS, session)
        return code

    def redeem(self, code: str) -> Principal | None:
        """The session of `code`, which is void from now on; None if it is unknown, used or too old."""
        found = self._codes.pop(_digest(code), None)
        if found is None or found[0] < self._clock():
            return None
        return found[1]


class SignedHandOver:
    """Codes that any replica redeems: signed tokens of an audience of their own, half a minute old at most.

    A replica forgets nothing that it redeemed within that time. A code that one has redeemed could be redeemed once
    more at each other one; who could do that has the address line of that browser within half a minute.
    """

    def __init__(self, minter: Minter, issuer: str, clock: Callable[[], float] = time.time) -> None:
        self._minter = minter
        self._audience = f"{issuer}:handover"
        self._clock = clock
        self._used: OrderedDict[str, float] = OrderedDict()

    def issue(self, session: Principal) -> str:
        """A code that ends with the session; its age is looked at when it is redeemed."""
        seconds = max(1, session.expires_at - int(self._clock()))
        code, _ = self._minter.mint(
            self._audience,
            session.subject,
            highest_role(session),
            session.rights,
            seconds=seconds,
            session=session.session,
        )
        return code

    def redeem(self, code: str) -> Principal | None:
        """See `Codes`."""
        now = self._clock()
        while self._used and next(iter(self._used.values())) < now - 2 * CODE_SECONDS:
            self._used.popitem(last=False)
        found = self._minter.verify(code, self._audience)
        if found is None or now - found.issued_at > CODE_SECONDS or found.token_id in self._used:
            return None
        if len(self._used) >= 10 * CODE_LIMIT:
            return None  # more than people: rather another log-in than a code twice
        self._used[found.token_id] = now
        return found


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
