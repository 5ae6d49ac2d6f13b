"""The usual line of Envoy's log, taken into its record in one pass.

`accessline` and `trail.record` say what the record of a line is; this is a shorter way to the same bytes, for lines
in which there is nothing to clean, to cut or to doubt. Such a line matches one pattern as a whole: the keys in Envoy's
order, each of the type it should have, no text longer than the record may hold, and nothing in it but printable ASCII
without backslash and inner quote. JSON can't read such a line in a second way, so its parts go into the record as
they stand. Any other line is left to `accessline`; nothing is decided here that is not decided there as well.
"""

import re
from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from rayfence.gateway.accessline import FRONT, RAY_CLIENT, LogLine, read_log_line, verdict_of
from rayfence.trail.record import ACTION_LIMIT, OBJECT_LIMIT, Kind, Prepared, ending
from rayfence.trail.text import TEXT_LIMIT

#: A character that stands for itself in JSON and in the record, whoever chose it.
_PLAIN: Final = r"[ !#-\[\]-~]"
_WORD: Final = r"[!#-\[\]-~]"

# Fifteen digits are exact in every reader, and one spelling per number: no sign, no leading zero.
_NUMBER: Final = "(?:0|[1-9][0-9]{0,14})"


def _text(limit: int) -> str:
    """One group: the JSON literal with its quotes, or nothing for null."""
    return f'(?:null|("{_PLAIN}{{0,{limit}}}+"))'


def _part(key: str) -> str:
    """One group: `,"key":"text"` as the record's detail repeats it, or nothing where the text says nothing."""
    return f'(?:(,"{key}":"(?!-?"){_PLAIN}{{1,{TEXT_LIMIT}}}+")|,"{key}":(?:null|"-?"))'


# A second rendering of `render/envoy/access_log.py`; Envoy sorts the keys. The numbers of the groups are those of the
# names in `read_line`.
_LINE: Final = re.compile(
    rf'\{{"bytes":({_NUMBER}),"code":(0|[1-9][0-9][0-9])'
    rf"{_part('details')}{_part('flags')}"
    # audience, authority, session, time, (token id), (subject): see `access.claims`
    rf',"grant":(?:null|"(?:{_WORD}+ ){{4}}({_WORD}{{1,{TEXT_LIMIT}}}+) ({_PLAIN}{{1,{TEXT_LIMIT}}}+)")'
    rf',"id":(?:null|"([0-9a-f-]{{36}})"),"intent":(?:null|"")'
    rf"{_part('method')}"
    rf',"ms":({_NUMBER}),"path":{_text(OBJECT_LIMIT)}'
    rf"{_part('peer')}"
    rf',"route":{_text(ACTION_LIMIT)}'
    rf"{_part('surface')}"
    r',"ts":"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})\.([0-9]{3})Z"'
    rf'(?:(,"upstream_ms":{_NUMBER})|,"upstream_ms":null)'
    rf"(?:{_part('workload')})?"
    r"\}"
)
_MATCH: Final = _LINE.fullmatch

_EDGE: Final = Kind.EDGE.value
_RAY_CLIENT_PART: Final = ',"surface":"ray-client"'


class PlainLine(NamedTuple):
    """A usual line, its record ready but for its place. The first four fields mean what they mean in `LogLine`."""

    prefix: str
    started: float
    ended: float
    request: str
    ending: str
    raw: bytes
    position: str

    def as_edge(self, now: str) -> Prepared:
        """The record of a line that belongs to no intent."""
        return Prepared(now, self.ending)

    def in_full(self) -> LogLine:
        """The same line with all it says, for a record that says more."""
        return read_log_line(self.raw, self.position)


def read_line(raw: bytes, position: str) -> PlainLine | LogLine:
    """Read one line without its newline; `position` says where in the log it ended. Never fails."""
    found = _MATCH(raw.decode("latin-1"))  # never fails, and what is not ASCII does not match
    if found is None:
        return read_log_line(raw, position)
    (
        size,
        code,
        details,
        flags,
        token,
        sub,
        request,
        method,
        ms,
        path,
        peer,
        route,
        surface,
        second,
        milli,
        upstream,
        workload,
    ) = found.groups("")
    epoch = _epoch(second)
    if epoch is None:
        return read_log_line(raw, position)
    verdict, believed = _verdict(code, details)
    started = (epoch * 1000 + int(milli)) / 1000
    named = f',"request":"{request}"' if request else ""
    jti = f',"jti":"{token}"' if token else ""
    return PlainLine(
        RAY_CLIENT if surface == _RAY_CLIENT_PART else FRONT,
        started,
        started + int(ms) / 1000,
        request,
        ending(
            _EDGE,
            f'"{sub}"' if believed else '""',
            '"unrouted"' if route in {"", '""'} else route,
            path or '""',
            verdict,
            code,
            '""',
            # The names in the order in which the record sorts them.
            f'{{"at":"{second}.{milli}Z","bytes":{size}{details}{flags}{jti}{method},"ms":{ms}{peer},"pos":"{position}"'
            f"{named}{surface}{upstream}{workload}}}",
        ),
        raw,
        position,
    )


@lru_cache(maxsize=16)
def _epoch(second: str) -> int | None:
    """Seconds since the epoch; None for a time that is none. Of thousands of lines a second all have the same one."""
    try:
        return int(datetime.fromisoformat(f"{second}+00:00").timestamp())
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=512)
def _verdict(code: str, details: str) -> tuple[str, bool]:
    """The verdict's literal, and whether the line's subject is believed; `details` as `_part` finds it."""
    text = details[len(',"details":"') : -1]
    return f'"{verdict_of(int(code), text)}"', not text.startswith("jwt_authn")
