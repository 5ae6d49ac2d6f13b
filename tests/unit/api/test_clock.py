"""The machine's clock."""

from datetime import UTC

from rayfence.api.clock import SystemClock


def test_time_goes_on_and_is_in_utc() -> None:
    clock = SystemClock()
    first, began = clock.utc(), clock.monotonic()
    clock.sleep(0.01)
    assert clock.utc() > first and clock.monotonic() - began >= 0.01 and first.tzinfo is UTC
