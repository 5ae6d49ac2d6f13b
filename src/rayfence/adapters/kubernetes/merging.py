"""Several streams that each wait, as one: a thread for each, in the order in which things come."""

import queue
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
#: Of what waits to be taken; a stream that is faster than its reader waits.
_HELD: Final = 1000


class _End:
    def __init__(self, failure: BaseException | None) -> None:
        self.failure = failure


def merged(streams: Sequence[Iterable[T]]) -> Iterator[tuple[int, T]]:
    """(number of its stream, item) of all, until every one has ended. Raises what a stream raises, when it does.

    Streams are left where they are when the caller stops; their threads end with the process.
    """
    held: queue.Queue[tuple[int, T | _End]] = queue.Queue(_HELD)

    def read(number: int, stream: Iterable[T]) -> None:
        try:
            for item in stream:
                held.put((number, item))
        except BaseException as error:  # noqa: BLE001 - raised where it is read
            held.put((number, _End(error)))
        else:
            held.put((number, _End(None)))

    for number, stream in enumerate(streams):
        threading.Thread(target=read, args=(number, stream), name=f"stream-{number}", daemon=True).start()
    left = len(streams)
    while left:
        number, item = held.get()
        if isinstance(item, _End):
            left -= 1
            if item.failure is not None:
                raise item.failure
        else:
            yield number, item
