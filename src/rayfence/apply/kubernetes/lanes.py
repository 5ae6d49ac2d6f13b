"""Requests side by side: a few at a time, told of in their order, and none forgotten when something goes wrong.

An API server answers in milliseconds and a platform has thousands of objects, so waiting for each answer before the
next question is most of the time that an apply takes.
"""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Final, TypeVar

#: Requests under way at once.
LANES: Final = 8

Asked = TypeVar("Asked")
Told = TypeVar("Told")


def side_by_side(
    items: Sequence[Asked],
    work: Callable[[Asked], Told],
    did: Callable[[Told], None],
    lanes: int,
    before: Callable[[], None] = lambda: None,
) -> None:
    """Do `work` for each item, at most `lanes` at once, and tell `did` of each in the order of the items.

    `before` and `did` are called by the caller's own thread, `before` ahead of each beginning. With one lane `work` is
    too, and nothing begins before the last has been told of. When anything raises, nothing more begins; what is under
    way comes to its end and is told of where it went well; then the first failure is raised.
    """
    if lanes == 1 or len(items) < 2:
        for item in items:
            before()
            did(work(item))
        return
    with ThreadPoolExecutor(min(lanes, len(items)), thread_name_prefix="request") as pool:
        under_way: deque[Future[Told]] = deque()
        try:
            for item in items:
                while len(under_way) >= lanes:
                    _tell_next(under_way, did)
                before()
                under_way.append(pool.submit(work, item))
            while under_way:
                _tell_next(under_way, did)
        except BaseException:
            for left in under_way:
                with suppress(Exception):
                    did(left.result())
            raise


def every(items: Iterable[Asked], work: Callable[[Asked], Told], lanes: int) -> tuple[Told, ...]:
    """All answers to questions that change nothing, in their order. Raises the first failure."""
    found: list[Told] = []
    side_by_side(tuple(items), work, found.append, lanes)
    return tuple(found)


def _tell_next(under_way: "deque[Future[Told]]", did: Callable[[Told], None]) -> None:
    # Interrupted while it waits, the oldest stays in the row: what became of it must still be told.
    told = under_way[0].result()
    under_way.popleft()
    did(told)
