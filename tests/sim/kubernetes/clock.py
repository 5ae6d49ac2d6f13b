"""A clock that stands still until somebody waits; then what runs beside may do a step."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta


class SimClock:
    """`ports.kubernetes.Clock`. `beside` is called after each wait."""

    def __init__(self) -> None:
        self._now = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)
        self.slept: list[float] = []
        self.beside: list[Callable[[], None]] = []

    def utc(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._now.timestamp()

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += timedelta(seconds=seconds)
        for step in self.beside:
            step()

    def text(self) -> str:
        """Now, as the API writes it."""
        return self._now.strftime("%Y-%m-%dT%H:%M:%SZ")
