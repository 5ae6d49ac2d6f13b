"""The end of a file of lines that a writer may be at work on: whole lines only, and no more read than that needs.

Reading is the caller's: `Read` takes an offset and a number of bytes.
"""

from collections.abc import Callable
from typing import Final

BLOCK: Final = 256 * 1024

#: Bytes at an offset, at most so many.
Read = Callable[[int, int], bytes]


def whole_lines(block: bytes) -> list[bytes]:
    """Whole lines of `block` with their newlines. Not `splitlines`: a forged line may hold other line ends."""
    return [line + b"\n" for line in block.split(b"\n")[:-1]]


def whole_size(size: int, read: Read) -> int:
    """Offset behind the last newline of a file of `size` bytes. A line is far shorter than a block."""
    start = max(0, size - BLOCK)
    return start + read(start, size - start).rfind(b"\n") + 1


def last_lines(size: int, read: Read, count: int) -> list[bytes]:
    """The last `count` whole lines of a file of `size` bytes, oldest first."""
    position, held = size, b""
    while position > 0 and held.count(b"\n") <= count:
        step = min(BLOCK, position)
        position -= step
        held = read(position, step) + held
    lines = whole_lines(held)
    return lines[max(0, len(lines) - count) :]
