"""What the journal must remember across a restart, read back from the chain itself.

The chain is the only truth: open intents and the place up to which Envoy's log was read follow from its records. A
note beside each segment but the first saves reading the segments before it; without the note they are read. It is no
evidence, verification ignores it.
"""

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from rayfence.gateway.files import write_private
from rayfence.gateway.segments import Segments
from rayfence.trail.chain import digest, read_start
from rayfence.trail.heads import Head
from rayfence.trail.intents import OpenIntent, OpenIntents
from rayfence.trail.record import Kind, parse

_INTENT_KINDS: Final = {Kind.INTENT.value, Kind.OUTCOME.value}
#: Every record made of a line of the access log says up to where the log was read. Inside a text, the quotes are
#: escaped.
_POSITION: Final = b'"pos":"'


@dataclass(slots=True)
class TrailState:
    """`orphans`: intents an earlier run left open.

    `position`: `<log file>:<offset>` of the last access-log line recorded.
    """

    orphans: dict[str, OpenIntent] = field(default_factory=dict)
    position: str = ""


@dataclass(frozen=True, slots=True)
class Recovered:
    """What was found.

    `damage` says where the chain does not hold; `cut` why it must not be continued (empty: it may).
    """

    state: TrailState
    damage: tuple[str, ...]
    cut: str


def note_of(segment: Path) -> Path:
    """Where the note of a segment lies."""
    return segment.with_suffix(".state.json")


def save(segment: Path, state: TrailState, live: Mapping[str, OpenIntent]) -> None:
    """Note what is open and read where `segment` begins. A note that can't be written is left out."""
    open_intents = [list(intent) for intent in (*state.orphans.values(), *live.values())]
    with suppress(OSError):
        write_private(note_of(segment), json.dumps({"position": state.position, "open": open_intents}))


def _load(segment: Path) -> TrailState | None:
    try:
        value = json.loads(note_of(segment).read_bytes())
        intents = [OpenIntent(*item) for item in value["open"]]
        return TrailState({intent.id: intent for intent in intents}, str(value["position"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def recover(segments: Segments, head: Head | None) -> Recovered:
    """Read the newest segment, and those before it that have no note, up to the chain's end.

    Checks the links between the records it reads, and the last signed `head` against them.
    """
    files, state = segments.files(), TrailState()
    first = 0
    for number in range(len(files) - 1, 0, -1):
        noted = _load(files[number])
        if noted is not None:
            first, state = number, noted
            break
    scan = _Scan(state, head)
    for path in files[first:]:
        with path.open("rb") as file:
            scan.read(file)
    return Recovered(scan.state(), tuple(scan.damage), scan.cut(segments.tip.seq))


class _Scan:
    def __init__(self, state: TrailState, head: Head | None) -> None:
        self._intents = OpenIntents(tuple(state.orphans.values()))
        self._position = state.position
        self._head = head
        self._head_differs = False
        self._last: tuple[int, str] | None = None
        self.damage: list[str] = []

    def read(self, lines: Iterable[bytes]) -> None:
        last_log_line = b""
        for line in lines:
            start = read_start(line)
            if start is None:
                self._note("a line that is no record")
                continue
            if self._last is not None and self._last != (start.seq - 1, start.prev):
                self._note(f"record {start.seq} does not follow the record before it")
            self._last = (start.seq, digest(line))
            if self._head is not None and start.seq == self._head.seq and self._last[1] != self._head.hash:
                self._head_differs = True
            if start.kind in _INTENT_KINDS:
                with suppress(ValueError):
                    self._intents.see(parse(line))
            if _POSITION in line:
                last_log_line = line
        with suppress(ValueError):
            if last_log_line:
                self._position = str(parse(last_log_line).entry.detail.get("pos", ""))

    def _note(self, text: str) -> None:
        if len(self.damage) < 8:
            self.damage.append(text)

    def state(self) -> TrailState:
        return TrailState(self._intents.open, self._position)

    def cut(self, tip: int) -> str:
        if self._head is not None and self._head.seq > tip:
            return f"a signed head names record {self._head.seq}, the chain ends at {tip}"
        return "the record a signed head names was replaced" if self._head_differs else ""
