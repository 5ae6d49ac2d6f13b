"""Which waivers count today.

A waiver is an accepted weakening with an owner and an end. One that has ended, or whose end can't be read, counts for
nothing and stops the plan: a platform must not stay weak because nobody looked.
"""

import datetime
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final

from rayfence.model.cluster_platform import Waiver
from rayfence.model.frozen import dataclass
from rayfence.model.outcome import PolicyConflict

#: Days before a waiver's end in which every plan warns.
NOTICE_DAYS: Final = 30

#: What can be waived, and what is lost by it.
CONTROLS: Final[Mapping[str, str]] = {
    "zonal-cluster": "the control plane has no second zone",
    "node-image": "nodes run another image than Container-Optimized OS",
    "flow-logs": "traffic between nodes leaves no record",
    "public-control-plane": "the API server has an address on the Internet, for the authorised networks only",
    "admin-grant": "pods administer a resource of Google's, and may give others rights on it",
    "alerts": "nobody is told of misuse",
    "workload-identity": "pods have no identity of their own at Google's APIs",
    "node-identity": "every pod of a node may act as the node's account",
    "service-account-key": "a service account's key lies in a Secret until it is rotated",
    "iap-members": "somebody outside a group may pass the Identity-Aware Proxy",
    "binary-authorization": "unsigned images are logged, not refused",
    "network-policy": "nothing enforces the network policies of tenants",
}


class State(StrEnum):
    """What a waiver is worth today."""

    ACTIVE = "active"
    ENDING = "ending"  # active, and near its end
    EXPIRED = "expired"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Counted:
    """A waiver with its state; `days` left, negative once it has ended, 0 on its last day."""

    waiver: Waiver
    state: State
    days: int = 0

    @property
    def active(self) -> bool:
        """Whether it counts: its last day still does."""
        return self.state in {State.ACTIVE, State.ENDING}


def counted(waiver: Waiver, today: datetime.date) -> Counted:
    """What `waiver` is worth on `today`."""
    try:
        end = datetime.date.fromisoformat(waiver.expires)
    except ValueError:
        return Counted(waiver, State.UNREADABLE)
    days = (end - today).days
    if days < 0:
        return Counted(waiver, State.EXPIRED, days)
    return Counted(waiver, State.ENDING if days <= NOTICE_DAYS else State.ACTIVE, days)


def waiver_conflicts(waivers: tuple[Waiver, ...], today: datetime.date) -> Iterator[PolicyConflict]:
    """Waivers that have ended or have no readable end; each names its owner."""
    for index, waiver in enumerate(waivers):
        item = counted(waiver, today)
        if item.active:
            continue
        ended = item.state is State.EXPIRED
        problem = (
            f"the waiver of {waiver.control} ended on {waiver.expires}"
            if ended
            else f"the waiver of {waiver.control} has no readable end: {waiver.expires!r} is no date"
        )
        yield PolicyConflict(
            rules=(waiver.control,),
            fields=(f"waivers[{index}].expires",),
            problem=problem,
            remedies=(
                "remove the waiver and what needs it",
                f"ask its owner, {waiver.owner}, for a new end date, as YYYY-MM-DD",
            ),
        )


def waiver_warnings(waivers: tuple[Waiver, ...], used: frozenset[str], today: datetime.date) -> Iterator[str]:
    """Waivers near their end, and those that nothing in this platform makes use of."""
    for waiver in waivers:
        item = counted(waiver, today)
        if item.state is State.ENDING:
            yield f"the waiver of {waiver.control} ends in {item.days} days, on {waiver.expires}: tell {waiver.owner}"
        if item.active and waiver.control in CONTROLS and waiver.control not in used:
            yield f"the waiver of {waiver.control} is not needed: nothing in this platform uses it"
