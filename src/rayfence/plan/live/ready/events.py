"""Events of one object, the newest first. Pure. Source: v1 Event, and events.k8s.io/v1 as stored in it."""

import datetime
from collections.abc import Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import Json
from rayfence.plan.live.ready.status import moment, said, text

_EPOCH: Final = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)


@dataclass(frozen=True, slots=True)
class Event:
    """What was said about an object. `time`: when it was last said. `message` in one line, cut."""

    reason: str
    message: str
    time: datetime.datetime
    warning: bool


def events_of(observed: Json, events: Sequence[Json], since: datetime.datetime | None = None) -> tuple[Event, ...]:
    """Events about this very object (a namesake that was deleted is another), the newest first.

    `since`: only what was said then or later; events keep whole seconds, so the second of `since` counts.
    """
    start = _EPOCH if since is None else since.replace(microsecond=0)
    found = [_event(event) for event in events if _is_about(event, observed)]
    return tuple(sorted((event for event in found if event.time >= start), key=lambda event: event.time, reverse=True))


def _is_about(event: Json, observed: Json) -> bool:
    kind = text(event, "involvedObject", "kind")
    if kind != text(observed, "kind") or text(event, "involvedObject", "name") != text(observed, "metadata", "name"):
        return False
    if text(event, "involvedObject", "namespace") != text(observed, "metadata", "namespace"):
        return False
    uid = text(event, "involvedObject", "uid")
    return not uid or uid == text(observed, "metadata", "uid")


def _event(event: Json) -> Event:
    stamps = [text(event, "series", "lastObservedTime"), *(text(event, n) for n in ("lastTimestamp", "eventTime"))]
    times = [time for stamp in stamps if (time := moment(stamp)) is not None]
    made = moment(text(event, "metadata", "creationTimestamp"))
    time = max(times, default=made or _EPOCH)
    return Event(text(event, "reason"), said(text(event, "message")), time, text(event, "type") == "Warning")
