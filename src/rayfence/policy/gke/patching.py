"""How the cluster is kept current: release channel, maintenance window, exclusions.

Source: GKE, release-channels and maintenance-windows-and-exclusions (2026-11). Custom constraints on channels are
evaluated against the rendered cluster.
"""

import datetime
from typing import Final

from rayfence.model.decision import Source
from rayfence.model.gke import Exclusion, Window
from rayfence.policy.basis import Case

CHANNELS: Final = ("RAPID", "REGULAR", "STABLE", "EXTENDED")

#: Longest exclusion of each scope, in days.
LONGEST: Final = {"NO_UPGRADES": 30, "NO_MINOR_UPGRADES": 180, "NO_MINOR_OR_NODE_UPGRADES": 180}

_FIELD: Final = "patching"


def channel(case: Case) -> str:
    """The release channel: always one, so that nobody has to remember to patch."""
    wanted = case.gke.patching.channel
    if wanted is None:
        case.decide("gke.channel", "REGULAR", "patches come by themselves, after they have run elsewhere")
        return "REGULAR"
    name = wanted.upper()
    if name not in CHANNELS:
        case.refuse((), (f"{_FIELD}.channel",), f"{wanted!r} is no channel", (f"choose among {', '.join(CHANNELS)}",))
        name = "REGULAR"
    case.decide("gke.channel", name, "as specified", source=Source.SPEC)
    return name


def window(case: Case) -> Window | None:
    """When GKE may upgrade; any time, if the spec does not say."""
    wanted = case.gke.patching.window
    if wanted is None:
        case.decide("gke.window", "any time", "no window was specified: patches come soonest")
        return None
    start, end = _moment(wanted.start), _moment(wanted.end)
    if start is None or end is None or end <= start:
        problem = f"{wanted.start!r} to {wanted.end!r} is no window"
        case.refuse((), (f"{_FIELD}.window",), problem, ("write both as 2026-01-03T02:00:00Z, the end later",))
    elif end - start < datetime.timedelta(hours=4):
        problem = "a window shorter than four hours lets no upgrade through"
        case.refuse((), (f"{_FIELD}.window",), problem, ("make it four hours or longer",))
    value = f"{wanted.start} to {wanted.end}, {wanted.recurrence}"
    case.decide("gke.window", value, "as specified", source=Source.SPEC)
    return wanted


def exclusions(case: Case) -> tuple[Exclusion, ...]:
    """Times without upgrades: each ends, and soon enough."""
    for index, item in enumerate(case.gke.patching.exclusions):
        _exclusion(case, item, f"{_FIELD}.exclusions[{index}]")
    return case.gke.patching.exclusions


def _exclusion(case: Case, item: Exclusion, field: str) -> None:
    path = f"gke.exclusions.{item.name}"
    case.decide(path, f"{item.start} to {item.end}, {item.scope}", "as specified", source=Source.SPEC)
    if item.scope not in LONGEST:
        problem = f"{item.scope!r} is no scope of an exclusion"
        case.refuse((), (f"{field}.scope",), problem, (f"choose among {', '.join(LONGEST)}",))
        return
    start, end = _moment(item.start), _moment(item.end)
    if start is None or end is None or end <= start:
        problem = f"{item.start!r} to {item.end!r} is no time"
        case.refuse((), (field,), problem, ("write both as 2026-01-03T02:00:00Z, the end later",))
        return
    if end - start > datetime.timedelta(days=LONGEST[item.scope]):
        problem = f"{item.scope} may last {LONGEST[item.scope]} days; this one lasts {(end - start).days}"
        case.refuse((), (f"{field}.end",), problem, ("end it sooner: what is not patched stays open",))


def _moment(text: str) -> datetime.datetime | None:
    try:
        moment = datetime.datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=datetime.UTC)
