"""Reading the trail over HTTP: pages of records, forwards from a cursor or the last few.

Files are read in a thread, a bounded number of lines per call; a page that ends early says where to go on. Leaves out
whether the chain holds: `rayfence trail verify` looks at the files themselves.
"""

import asyncio
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from starlette.responses import Response

from rayfence.gateway.answers import Refused, answer
from rayfence.gateway.service import Call, Handler, Service
from rayfence.model.routes import Role
from rayfence.trail.naming import chain_of, first_of, ordinal_of, segment_order
from rayfence.trail.query import Query, select
from rayfence.trail.record import Record

PAGE: Final = 100
LONGEST_PAGE: Final = 1000

#: Lines looked at in one call; enough for a second's work at most.
LINES: Final = 100_000

#: `Query`'s texts, in its order.
_CONDITIONS: Final = ("subject", "action", "object", "verdict", "kind", "ref", "since", "until")


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the trail: after record `seq` of `chain`; "" and -1: before everything."""

    chain: str = ""
    seq: int = -1

    def text(self) -> str:
        """The cursor that callers hand back."""
        return f"{self.chain}:{self.seq}"


@dataclass(frozen=True, slots=True)
class Page:
    """Records with their chains, where to go on, and whether there was more to look at."""

    rows: tuple[tuple[str, Record], ...]
    place: Place
    more: bool


async def query_trail(service: Service, call: Call) -> Response:
    """GET /v1/trail?subject=&action=&object=&verdict=&kind=&ref=&since=&until=&limit=&after=CURSOR | &last=N.

    -> `{"records": [...], "next": CURSOR, "more": bool}`; without `more`, asking again with `after=next` follows the
    trail.
    """
    call.require(Role.OPERATOR)
    asked = dict(call.request.query_params)
    unknown = set(asked) - {*_CONDITIONS, "limit", "after", "last"}
    if unknown or len(asked) != len(call.request.query_params.multi_items()):
        raise Refused(400, "bad_request", f"the trail is asked for {', '.join(_CONDITIONS)}, limit, after, last")
    if any(len(value) > 512 for value in asked.values()):
        raise Refused(400, "bad_request", "a condition has at most 512 characters")
    subject, action, about, verdict, kind, ref, since, until = (asked.get(name, "") for name in _CONDITIONS)
    query = Query(subject, action, about, verdict, kind, ref, since, until)
    folder = Path(service.settings.trail_dir)
    if "last" in asked:
        page = await asyncio.to_thread(last_page, folder, query, _number(asked, "last", LONGEST_PAGE))
    else:
        limit = _number(asked, "limit", LONGEST_PAGE) if "limit" in asked else PAGE
        page = await asyncio.to_thread(next_page, folder, query, _place(asked.get("after", "")), limit)
    rows = [described(chain, record) for chain, record in page.rows]
    return answer({"records": rows, "next": page.place.text(), "more": page.more})


def next_page(folder: Path, query: Query, place: Place, limit: int) -> Page:
    """Up to `limit` matching records after `place`."""
    found: list[tuple[str, Record]] = []
    looked = 0
    paths = _segments(folder, place)
    for path in paths:
        chain = chain_of(path.name)
        counted = _Counted(path, place.seq if chain == place.chain else -1)
        for record in select(counted, replace(query, after_seq=counted.after)):
            found.append((chain, record))
            place = Place(chain, record.seq)
            if len(found) == limit:
                return Page(tuple(found), place, more=True)
        looked += counted.lines
        if counted.last >= 0:
            place = Place(chain, counted.last)
        if looked >= LINES:
            return Page(tuple(found), place, more=path != paths[-1])
    return Page(tuple(found), place, more=False)


def last_page(folder: Path, query: Query, count: int) -> Page:
    """The newest `count` matching records, oldest first; segments are read from the newest back."""
    found: deque[tuple[str, Record]] = deque()
    end = Place()
    looked = 0
    for path in reversed(_segments(folder, Place())):
        chain = chain_of(path.name)
        counted = _Counted(path, -1)
        newest = deque(select(counted, query), maxlen=count - len(found))
        found.extendleft((chain, record) for record in reversed(newest))
        if end.seq < 0 and counted.last >= 0:
            end = Place(chain, counted.last)
        looked += counted.lines
        if len(found) >= count or looked >= LINES:
            break
    return Page(tuple(found), end, more=False)


class _Counted:
    """Lines of a segment, counted as they are read; a last line without its newline is not there yet."""

    def __init__(self, path: Path, after: int) -> None:
        self._path = path
        self.after = after
        self.lines = 0
        self.last = after if after >= 0 else first_of(path.name) - 1

    def __iter__(self) -> Iterator[bytes]:
        first = first_of(self._path.name)
        with self._path.open("rb") as file:
            for number, line in enumerate(file):
                # Places follow from the segment's name, so that what was read before is passed over unparsed.
                if line.endswith(b"\n") and first + number > self.after:
                    self.lines += 1
                    self.last = first + number
                    yield line


def _segments(folder: Path, place: Place) -> list[Path]:
    """Segments that can hold records after `place`, oldest first."""
    names = segment_order(path.name for path in folder.iterdir())
    if not place.chain:
        return [folder / name for name in names]
    kept: list[str] = []
    for number, name in enumerate(names):
        if ordinal_of(chain_of(name)) < ordinal_of(place.chain):
            continue
        following = names[number + 1] if number + 1 < len(names) else ""
        if chain_of(name) == place.chain == chain_of(following) and first_of(following) <= place.seq:
            continue
        kept.append(name)
    return [folder / name for name in kept]


def _place(text: str) -> Place:
    if not text:
        return Place()
    chain, colon, seq = text.rpartition(":")
    if not colon or not seq.isdigit() or len(seq) > 18 or not chain_of(f"{chain}-{0:012d}.jsonl"):
        raise Refused(400, "bad_request", "`after` is the `next` of an earlier page")
    return Place(chain, int(seq))


def _number(asked: Mapping[str, str], name: str, most: int) -> int:
    text = asked[name]
    if not text.isascii() or not text.isdigit() or len(text) > 9 or not 1 <= int(text) <= most:
        raise Refused(400, "bad_request", f"`{name}` is a number from 1 to {most}")
    return int(text)


def described(chain: str, record: Record) -> dict[str, object]:
    """A record for programs."""
    entry = record.entry
    return {
        "chain": chain,
        "seq": record.seq,
        "ts": entry.ts,
        "kind": str(entry.kind),
        "subject": entry.subject,
        "action": entry.action,
        "object": entry.object,
        "verdict": entry.verdict,
        "status": entry.status,
        "ref": entry.ref,
        "detail": dict(entry.detail),
    }


HANDLERS: dict[str, Handler] = {"api.trail.query": query_trail}
