"""The hash chain: how each line holds the one before, and how a chain begins.

Changing, removing or moving a line changes a hash that the next line repeats. What a chain alone can't show is its
own end: that takes a signed head (`heads`). Pure: lines in, lines out.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final, NamedTuple

from rayfence.trail.record import FORMAT, Entry, Kind, Prepared, place, prepare

#: `prev` of a genesis record: there is no line before it.
NO_PREVIOUS: Final = "0" * 64

#: The fixed beginning of a record: prev, seq, ts, kind. All that chaining needs, at fixed places, without parsing JSON.
PREFIX: Final = re.compile(
    rb'\{"prev":"([0-9a-f]{64})","seq":(0|[1-9][0-9]{0,17}),"ts":"([0-9TZ:.-]{27})","kind":"([a-z]{1,16})",'
)


class Tip(NamedTuple):
    """The end of a chain: the last record's number and the hash of its line. Before the genesis: (-1, NO_PREVIOUS)."""

    seq: int
    hash: str


EMPTY: Final = Tip(-1, NO_PREVIOUS)


class Start(NamedTuple):
    """What the beginning of a line says about its place."""

    prev: str
    seq: int
    ts: str
    kind: str


def digest(line: bytes) -> str:
    """SHA-256 of the exact line, newline included, in hex."""
    return sha256(line).hexdigest()


def read_start(line: bytes) -> Start | None:
    """The chain fields of a line; None when it is no record."""
    found = PREFIX.match(line)
    if found is None or not line.endswith(b"}\n"):
        return None
    prev, seq, ts, kind = found.groups()
    return Start(prev.decode(), int(seq), ts.decode(), kind.decode())


def extend(tip: Tip, entries: Iterable[Entry | Prepared]) -> tuple[list[bytes], Tip]:
    """Lines that continue the chain from `tip`, and its new tip."""
    seq, prev = tip
    lines = []
    for entry in entries:
        seq += 1
        line = place(entry if isinstance(entry, Prepared) else prepare(entry), seq, prev)
        prev = sha256(line).hexdigest()
        lines.append(line)
    return lines, Tip(seq, prev)


def genesis(instance: str, chain: str, ts: str, predecessor: dict[str, str | int] | None = None) -> Entry:
    """The first entry of a chain. `predecessor` says which chain it replaces and why, if it does."""
    detail = {"chain": chain, "format": FORMAT, "instance": instance, **(predecessor or {})}
    return Entry(kind=Kind.GENESIS, ts=ts, object=instance, detail=detail)
