"""A token bucket per principal."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

#: Principals remembered; a forgotten one starts with a full bucket, so the bound only matters beyond this many at once.
_REMEMBERED: Final = 10_000


class RateLimit:
    """At most `per_minute` per key, in bursts of at most the same number."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._size = float(per_minute)
        self._per_second = per_minute / 60
        self._clock = clock
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one; seconds to wait, 0 if it was there."""
        now = self._clock()
        level, seen = self._levels.pop(key, (self._size, now))
        level = min(self._size, level + (now - seen) * self._per_second)
        allowed = level >= 1
        self._levels[key] = (level - 1 if allowed else level, now)
        while len(self._levels) > _REMEMBERED:
            self._levels.popitem(last=False)
        if allowed:
            return 0
        return max(1, math.ceil((1 - level) / self._per_second)) if self._per_second else 60
