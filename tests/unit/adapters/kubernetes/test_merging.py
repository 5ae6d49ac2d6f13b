"""Twin of rayfence.adapters.kubernetes.merging."""

import threading
from collections.abc import Iterator

import pytest

from rayfence.adapters.kubernetes.merging import merged
from rayfence.errors import ServerUnreachable


def test_everything_of_every_stream_in_the_order_of_each() -> None:
    found = list(merged([range(2000), "ab", ()]))
    assert [item for number, item in found if number == 0] == list(range(2000))
    assert [item for number, item in found if number == 1] == ["a", "b"]


def test_one_that_waits_holds_nothing_up() -> None:
    go = threading.Event()

    def late() -> Iterator[str]:
        go.wait(10)
        yield "late"

    stream = merged([late(), ["early"]])
    assert next(stream) == (1, "early")
    go.set()
    assert list(stream) == [(0, "late")]


def test_a_failure_is_raised_where_it_is_read() -> None:
    def broken() -> Iterator[int]:
        yield 1
        raise ServerUnreachable("gone")

    stream = merged([broken()])
    assert next(stream) == (0, 1)
    with pytest.raises(ServerUnreachable, match="gone"):
        next(stream)
