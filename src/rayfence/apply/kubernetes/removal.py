"""Taking objects away, in order, each waited for where what comes next depends on its end."""

from collections.abc import Callable, Sequence
from functools import partial
from itertools import groupby
from typing import Final

from rayfence.apply.kubernetes.lanes import side_by_side
from rayfence.apply.kubernetes.waiting import Wait, await_gone
from rayfence.errors import ChangedMeanwhile
from rayfence.model.api_objects import Json, name_of, namespace_of, reference, text_at
from rayfence.model.receipt import Deed, Done
from rayfence.plan.live.order import is_retained

#: Whose end is waited for before the next kind goes: the operator must still be there to end Ray's pods, and guards
#: must outlive what they guard.
_WAITED_FOR: Final = frozenset(
    {"RayCluster", "RayJob", "RayService", "RayCronJob", "Deployment", "StatefulSet", "Namespace"}
)


def remove(wait: Wait, objects: Sequence[Json], did: Callable[[Done], None]) -> None:
    """Remove objects in the order given. What is marked to be kept stays, and so does its namespace.

    Raises NotReady naming what does not go in time, and what holds it.
    """
    kept = {namespace_of(value) for value in objects if is_retained(value)} - {""}
    for _, group in groupby(objects, key=lambda value: value.get("kind")):
        gone = []
        for value in group:
            if is_retained(value) or (value.get("kind") == "Namespace" and name_of(value) in kept):
                did(Done(reference(value), Deed.KEPT))
                wait.report(f"kept {reference(value)}")
            else:
                gone.append(value)
        side_by_side(gone, partial(_deleted, wait), partial(_told, wait, did), wait.lanes, wait.guard)
        if gone and gone[0].get("kind") in _WAITED_FOR:
            await_gone(wait, gone)
    # The rest is asked to go in a moment; a finalizer may hold it.
    await_gone(wait, [value for value in objects if not is_retained(value) and name_of(value) not in kept])


def _told(wait: Wait, did: Callable[[Done], None], removed: str) -> None:
    if removed:
        did(Done(removed, Deed.REMOVED))
        wait.report(f"removing {removed}")


def _deleted(wait: Wait, value: Json) -> str:
    """Its reference if it was there to be deleted. Another object that has its name by now is not ours to delete."""
    if text_at(value, "metadata", "deletionTimestamp"):
        return ""
    uid = text_at(value, "metadata", "uid")
    try:
        wait.api.delete(wait.seen.kind_of(value), name_of(value), namespace_of(value), uid=uid)
    except ChangedMeanwhile:
        wait.report(f"{reference(value)} is another's by now: left alone")
    return reference(value)
