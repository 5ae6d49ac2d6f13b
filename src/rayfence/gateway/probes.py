"""The kubelet's probes of a gateway in a cluster: one in a while is recorded, with how many there were since.

Two replicas asked every five seconds would fill a trail with 35,000 records a day that say nothing. What is held back
is narrow, so that it is no way in of which the trail is silent: the one public route that answers everybody the same
and touches nothing of a tenant, answered with 200, without a caller. The first from each address is recorded, and then
one in ten minutes with the number of the others; a refusal, another route or another answer always is. The line itself
stays in Envoy's log, and is counted there as any other. Pure.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from rayfence.gateway.accessline import LogLine
from rayfence.gateway.plainline import PlainLine

ROUTE: Final = "api.health"
#: The cheap question first: no text of a usual line can hold these bytes, quotes in texts are escaped.
_ROUTE_BYTES: Final = f'"route":"{ROUTE}"'.encode()
_METHOD: Final = "GET"
_STATUS: Final = 200
#: Between two records of one address, seconds.
EVERY_SECONDS: Final = 600.0
#: Addresses that are known at once. A kubelet has one; from any further address every line is recorded.
MAX_PEERS: Final = 16


class _Peer(NamedTuple):
    """When one address was last recorded, seconds by the lines' own time, and how many lines were held since."""

    recorded: float
    held: int


@dataclass(frozen=True, slots=True)
class Probes:
    """What is known of probes so far; a value, so that lines that could not be recorded may be sifted again."""

    peers: dict[str, _Peer] = field(default_factory=dict)

    def sift(self, lines: Sequence[LogLine | PlainLine]) -> "Sifted":
        """Which of these lines are recorded, in their order, and what is known after them."""
        peers = dict(self.peers)
        kept: list[LogLine | PlainLine] = []
        position, tail = "", 0
        for place in lines:
            found = _kept(place, peers)
            if found is None:
                tail += 1
            else:
                kept.append(found)
                position, tail = _position(place), 0
        return Sifted(kept, position, tail, Probes(peers))


class Sifted(NamedTuple):
    """`kept` to record, up to `position` (empty: none is). `tail`: lines held after the last one kept."""

    kept: list[LogLine | PlainLine]
    position: str
    tail: int
    probes: Probes


def _kept(line: LogLine | PlainLine, peers: dict[str, _Peer]) -> LogLine | PlainLine | None:
    """The line as it is recorded; None: it is held back, and counted."""
    if isinstance(line, PlainLine):
        if _ROUTE_BYTES not in line.raw:
            return line
        full = line.in_full()
    else:
        full = line
    if not _is_probe(full):
        return line
    peer = _address(str(full.detail.get("peer", "")))
    known = peers.get(peer)
    if known is None:
        if len(peers) < MAX_PEERS:
            peers[peer] = _Peer(full.started, 0)
        return line
    # A clock that was set back must not silence it.
    if 0 <= full.started - known.recorded < EVERY_SECONDS:
        peers[peer] = known._replace(held=known.held + 1)
        return None
    peers[peer] = _Peer(full.started, 0)
    return full._replace(detail={**full.detail, "held": known.held}) if known.held else line


def _is_probe(line: LogLine) -> bool:
    return (
        line.action == ROUTE
        and line.status == _STATUS
        and line.verdict == "allowed"
        and not line.subject
        and not line.intent
        and line.detail.get("method") == _METHOD
        and bool(line.detail.get("peer"))
        and line.started > 0
    )


def _address(peer: str) -> str:
    """Without the port, which is another each time."""
    return peer.rpartition(":")[0] or peer


def _position(line: LogLine | PlainLine) -> str:
    return line.position if isinstance(line, PlainLine) else str(line.detail.get("pos", ""))
