"""The token bucket: bursts up to its size, then its rate; per key."""

from hypothesis import given
from hypothesis import strategies as st

from rayfence.gateway.rate import RateLimit


def test_a_burst_and_then_the_rate() -> None:
    now = [0.0]
    limit = RateLimit(6, clock=lambda: now[0])
    assert [limit.take("alice") for _ in range(7)] == [0, 0, 0, 0, 0, 0, 10]
    assert limit.take("bob") == 0
    now[0] = 10.0
    assert [limit.take("alice") for _ in range(2)] == [0, 10]


@given(st.lists(st.floats(min_value=0, max_value=30), max_size=60), st.integers(1, 20))
def test_never_more_than_size_plus_rate(pauses: list[float], per_minute: int) -> None:
    now = [0.0]
    limit = RateLimit(per_minute, clock=lambda: now[0])
    taken = 0
    for pause in pauses:
        now[0] += pause
        taken += limit.take("k") == 0
    assert taken <= per_minute + now[0] * per_minute / 60 + 1e-6


def test_zero_lets_nothing_through() -> None:
    assert RateLimit(0).take("k") == 60
