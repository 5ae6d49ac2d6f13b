"""Twin of rayfence.gateway.pod.copy."""

import io
import threading

from rayfence.gateway.pod import copy as module
from rayfence.gateway.pod.copy import TrailCopy


def test_lines_arrive_in_order() -> None:
    out = io.BytesIO()
    copy = TrailCopy(out)
    for number in range(100):
        copy.put([f"{number}\n".encode()])
    copy.close()
    assert out.getvalue().split() == [str(number).encode() for number in range(100)]


class Stuck(io.BytesIO):
    """A reader that does not read until it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.begun, self.go = threading.Event(), threading.Event()

    def write(self, data: object) -> int:
        self.begun.set()
        self.go.wait(10)
        return super().write(data)  # type: ignore[arg-type]


def test_a_reader_that_does_not_read_is_never_waited_for_and_the_gap_is_said() -> None:
    out = Stuck()
    copy = TrailCopy(out)
    copy.put([b"first\n"])
    assert out.begun.wait(5)
    copy.put([b"x\n"] * (module.QUEUE_LIMIT + 7))
    out.go.set()
    copy.close()
    assert b'{"trail_copy": "lines left out", "count": 7}' in out.getvalue()


def test_a_closed_output_ends_the_copy_quietly() -> None:
    out = io.BytesIO()
    out.close()
    copy = TrailCopy(out)
    copy.put([b"x\n"])
    copy.close()
