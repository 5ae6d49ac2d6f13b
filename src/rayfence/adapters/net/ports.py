"""Free TCP ports for an instance, outside the range from which the kernel takes ports for outgoing connections.

A port out of that range may be free now and taken by anyone's outgoing connection at the next start of Ray. All ports
of one call are held at once while they are chosen, so they are distinct and really free.
"""

import random
import socket
from collections.abc import Collection, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Final

from rayfence.errors import PreflightError

_LOWEST: Final = 15000
_HIGHEST: Final = 65000
_RANGE_FILE: Final = "/proc/sys/net/ipv4/ip_local_port_range"
_GUESSES: Final = 500
_SAFE_ENOUGH: Final = 2000  # fewer ports than this outside the kernel's range: use the whole range


def is_free(port: int) -> bool:
    """Whether `port` can be bound on loopback, IPv4 and (where there is one) IPv6."""
    with ExitStack() as held:
        return _hold(port, held)


def free_ports(count: int, exclude: Collection[int] = ()) -> tuple[int, ...]:
    """`count` different free ports, none of `exclude`. Raises PreflightError when there are not that many."""
    found: list[int] = []
    with ExitStack() as held:
        for port in _candidates():
            if len(found) == count:
                break
            if port not in exclude and _hold(port, held):
                found.append(port)
    if len(found) < count:
        raise PreflightError(f"{count} free ports were needed and {len(found)} found")
    return tuple(found)


def free_range(count: int, exclude: Collection[int] = ()) -> int:
    """First port of `count` free ones in a row, none of `exclude`. Raises PreflightError when there is no such row."""
    low, high = _bounds()
    starts = list(range(low, high - count, count))
    random.shuffle(starts)
    for first in starts:
        ports = range(first, first + count)
        if any(port in exclude for port in ports):
            continue
        with ExitStack() as held:
            if all(_hold(port, held) for port in ports):
                return first
    raise PreflightError(f"no {count} free ports in a row were found")


def _candidates() -> Iterator[int]:
    ports = range(*_bounds())
    first = random.sample(ports, min(_GUESSES, len(ports)))  # two instances that start at once rarely choose the same
    yield from first
    yield from sorted(set(ports) - set(first))  # hardly ever reached; shuffling tens of thousands takes its time


def _bounds() -> tuple[int, int]:
    """The longer part of our range beside the kernel's own; the whole range where that is too short."""
    try:
        first, last = (int(word) for word in Path(_RANGE_FILE).read_text(encoding="ascii").split())
    except (OSError, ValueError):
        return _LOWEST, _HIGHEST
    below, above = (_LOWEST, min(first, _HIGHEST)), (max(last + 1, _LOWEST), _HIGHEST)
    best = max((below, above), key=lambda bounds: bounds[1] - bounds[0])
    return best if best[1] - best[0] >= _SAFE_ENOUGH else (_LOWEST, _HIGHEST)


def _hold(port: int, held: ExitStack) -> bool:
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        try:
            sock = held.enter_context(closing(socket.socket(family, socket.SOCK_STREAM)))
        except OSError:
            continue  # no IPv6 here
        # Connections in TIME_WAIT don't count as use; a listener does all the same.
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            sock.bind((address, port))
        except OSError as error:
            if family == socket.AF_INET6 and error.errno == 99:  # EADDRNOTAVAIL: IPv6 without loopback
                continue
            return False
    return True
