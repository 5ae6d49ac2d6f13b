"""What every live object tells in the same way: conditions, generations, times, and text of other programs. Pure."""

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.errors import FOREIGN_TEXT_LIMIT
from rayfence.model.frozen import dataclass
from rayfence.model.live import Json, Phase, Readiness

_BLANKS: Final = re.compile(r"[\s\x00-\x1f\x7f-\x9f]+")


@dataclass(frozen=True, slots=True)
class Condition:
    """One entry of `status.conditions`; `holds` None: Unknown. `observed`: the generation it speaks of, if it says."""

    type: str
    holds: bool | None
    reason: str
    message: str
    observed: int | None


def at(value: object, *path: str) -> object:
    """What is at the end of the path of fields; None where it breaks off."""
    for name in path:
        value = value.get(name) if isinstance(value, dict | Mapping) else None  # `dict`: answered at once
    return value


def text(value: object, *path: str) -> str:
    """The same as text; empty where there is none."""
    found = at(value, *path)
    return "" if found is None else str(found)


def number(value: object, *path: str) -> int:
    """The same as a number; zero where there is none, as the API leaves zeros out."""
    found = at(value, *path)
    return found if isinstance(found, int) else 0


def items(value: object, *path: str) -> Sequence[Mapping[str, object]]:
    """The objects of a list; empty where there is none."""
    found = at(value, *path)
    return [item for item in found if isinstance(item, Mapping)] if isinstance(found, list | tuple) else []


def conditions(value: object, *path: str) -> Mapping[str, Condition]:
    """Conditions by type; `path`: to their list, `status.conditions` unless given."""
    found: dict[str, Condition] = {}
    for entry in items(value, *(path or ("status", "conditions"))):
        seen = entry.get("observedGeneration")
        holds = {"True": True, "False": False}.get(text(entry, "status"))
        condition = Condition(
            text(entry, "type"),
            holds,
            text(entry, "reason"),
            said(text(entry, "message")),
            seen if isinstance(seen, int) else None,
        )
        found[condition.type] = condition
    return found


def is_stale(observed: Json) -> bool:
    """Whether the status speaks of an older spec than the one that is stored."""
    return number(observed, "status", "observedGeneration") < number(observed, "metadata", "generation")


def said(message: str) -> str:
    """Another program's text in one line: blanks collapsed, cut at the limit for foreign text."""
    line = _BLANKS.sub(" ", message).strip()
    return line if len(line) <= FOREIGN_TEXT_LIMIT else f"{line[: FOREIGN_TEXT_LIMIT - 1]}…"


def moment(stamp: str) -> datetime.datetime | None:
    """An RFC 3339 time; None for what is none."""
    try:
        found = datetime.datetime.fromisoformat(stamp)
    except ValueError:
        return None
    return found if found.tzinfo is not None else None


def age(observed: Json, now: datetime.datetime) -> float | None:
    """Seconds since the object was made; None where it does not say."""
    made = moment(text(observed, "metadata", "creationTimestamp"))
    return None if made is None else (now - made).total_seconds()


def written(observed: Json) -> datetime.datetime | None:
    """When something other than the status was last written, by the object's `managedFields`."""
    times = [
        moment(text(entry, "time"))
        for entry in items(observed, "metadata", "managedFields")
        if text(entry, "subresource") != "status"
    ]
    return max((time for time in times if time is not None), default=None)


def ready(reason: str) -> Readiness:
    """It is as far as it goes."""
    return Readiness(Phase.READY, reason)


def waiting(reason: str, next_step: str = "") -> Readiness:
    """It may still become ready by itself."""
    return Readiness(Phase.WAITING, reason, next_step)


def failed(reason: str, next_step: str, *, transient: bool = False) -> Readiness:
    """It does not become ready; `transient`: unless what it lacks comes."""
    return Readiness(Phase.FAILED, reason, next_step, transient)
