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
from typing import Final

from rayfence.access.principal import Principal

CODE_SECONDS: Final = 30

#: Codes alive at once; above it the oldest are forgotten, so that nobody can fill the memory.
CODE_LIMIT: Final = 1000


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


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode(errors="replace")).digest()
