"""What a probe's pod reported, as values. Pure; a report that can't be read is none, never a pass."""

import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.verify.kubernetes.rows import listed

#: A status of HTTP by which a server asks for an identity, or refuses the one it was shown.
REFUSALS: Final = frozenset({401, 403})
#: The server knows no such door: says nothing of who may use the others.
NO_DOOR: Final = frozenset({404, 405, 501})
#: gRPC: permission denied, unauthenticated.
GRPC_REFUSALS: Final = frozenset({7, 16})
GRPC_UNIMPLEMENTED: Final = 12
_HEALTH: Final = "grpc.health"


class Manner(StrEnum):
    """How an open port treats a stranger."""

    REFUSES = "refuses"
    OPEN = "open"  # everything it serves, to anybody
    PARTLY = "partly open"  # it asks for an identity, but not everywhere
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Port:
    """An open port. `words`: what it said; `open_paths`: what it served without asking."""

    number: int
    manner: Manner
    words: str
    open_paths: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Spot:
    """What became of one target: how many ports were tried, which were open."""

    tried: int
    open: tuple[Port, ...]


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to one request; `status` 0: none."""

    status: int
    body: str
    note: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that one probe saw. `problem`: why there is nothing; then everything else is empty."""

    spots: Mapping[str, Spot]
    replies: Mapping[str, Reply]
    greetings: Mapping[str, str]
    problem: str = ""


def no_report(problem: str) -> Report:
    """For a probe that told nothing."""
    return Report({}, {}, {}, problem)


def read_report(log: str, mark: str) -> Report:
    """The report in a pod's log: the line that begins with `mark`."""
    line = next((line for line in log.splitlines() if line.startswith(mark)), None)
    if line is None:
        return no_report(f"the probe printed no report: {log[-200:].strip() or 'nothing'}")
    try:
        data = json.loads(line.removeprefix(mark))
        return Report(
            {
                key: Spot(int(spot["tried"]), tuple(port_of(*one) for one in spot["open"]))
                for key, spot in data["targets"].items()
            },
            {
                key: Reply(int(one["status"]), str(one.get("body", "")), str(one.get("note", "")))
                for key, one in data["requests"].items()
            },
            {key: str(words) for key, words in data["greetings"].items()},
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return no_report(f"the probe's report is damaged ({type(error).__name__})")


def port_of(number: int, said: Mapping[str, object]) -> Port:
    """How an open port treats a stranger, from what it said."""
    kind = said.get("kind")
    if kind == "http":
        return _http(number, _numbers(said.get("paths")))
    if kind == "grpc":
        return _grpc(number, _numbers(said.get("calls")))
    if kind == "tls":
        outcome = str(said.get("outcome"))
        manner = Manner.REFUSES if outcome == "refused" else Manner.OPEN
        return Port(number, manner, f"TLS {outcome} without a certificate")
    return Port(number, Manner.UNCLEAR, "accepts connections and says nothing")


def _http(number: int, paths: Mapping[str, int]) -> Port:
    served = tuple(f"{path} {status}" for path, status in paths.items() if status not in REFUSALS | NO_DOOR)
    refused = any(status in REFUSALS for status in paths.values())
    if not refused:
        words = listed(served, 2) or f"HTTP {', '.join(sorted({str(status) for status in paths.values()}))}"
        return Port(number, Manner.OPEN, f"{words}: asks nobody for a token", served)
    if served:
        return Port(number, Manner.PARTLY, f"401, but {', '.join(served)}", served)
    return Port(number, Manner.REFUSES, "401 without a token")


def _grpc(number: int, calls: Mapping[str, int]) -> Port:
    own = {name: status for name, status in calls.items() if not name.startswith(_HEALTH)}
    health = " (health answers anybody)" if any(n.startswith(_HEALTH) and s == 0 for n, s in calls.items()) else ""
    served = tuple(f"{name} {status}" for name, status in own.items() if _is_answer(status))
    if served:
        return Port(number, Manner.OPEN, f"gRPC {', '.join(served)} without a token", served)
    if any(status in GRPC_REFUSALS for status in own.values()):
        return Port(number, Manner.REFUSES, f"gRPC UNAUTHENTICATED{health}")
    statuses = ", ".join(sorted({str(status) for status in own.values()}))
    return Port(number, Manner.UNCLEAR, f"gRPC without a known service (status {statuses}){health}")


def _is_answer(status: int) -> bool:
    """-1: the call had no status, so nothing can be said of it."""
    return status not in GRPC_REFUSALS | {GRPC_UNIMPLEMENTED, -1}


def _numbers(value: object) -> Mapping[str, int]:
    found = value if isinstance(value, Mapping) else {}
    return {str(name): int(number) for name, number in found.items()}
