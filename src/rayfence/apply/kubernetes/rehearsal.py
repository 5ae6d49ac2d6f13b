"""Changes judged by the server before any is made: conflicts with other managers, schemas, admission."""

from collections.abc import Iterator

from rayfence.apply.kubernetes.order import Order, Prospect, Surroundings, complete
from rayfence.apply.kubernetes.writing import write
from rayfence.errors import FieldConflict, KubernetesError, Refused
from rayfence.model.api_objects import Json, namespace_of, reference
from rayfence.model.live import ObjectKey, ObjectState
from rayfence.model.receipt import Deed, Done
from rayfence.plan.live.order import key_of


class Conflicts(KubernetesError):
    """Others own fields that the spec sets. `conflicts`: one for each object."""

    def __init__(self, conflicts: tuple[FieldConflict, ...]) -> None:
        super().__init__("\n".join(str(one) for one in conflicts))
        self.conflicts = conflicts
        named = " ".join(f"--force-conflicts {argument(one.reference)}" for one in conflicts)
        self.hint = (
            f"nothing has been changed. Put the wanted value into the spec, or take the fields over, object by object: "
            f"{named}"
        )


def rehearse(order: Order, where: Surroundings, ahead: Prospect) -> tuple[Done, ...]:
    """Let the server try every change to what is there and, in a dry run, everything that is to be made.

    Returns what would be done. Raises Conflicts naming all of them, else the first refusal of each kind of trouble in
    one Refused. What can't be tried before something else is there says so.
    """
    done: list[Done] = []
    conflicts: list[FieldConflict] = []
    refusals: list[KubernetesError] = []
    for value, is_new in _to_try(order, ahead):
        try:
            done.append(_tried(order, where, ahead, value, is_new=is_new))
        except FieldConflict as conflict:
            conflicts.append(conflict)
        except Refused as refusal:
            refusals.append(refusal)
    if conflicts:
        raise Conflicts(tuple(conflicts))
    if refusals:
        hint = next((error.hint for error in refusals if error.hint), "")
        raise Refused("\n".join(map(str, refusals)), "Rehearsal", hint=hint)
    return tuple(done)


def argument(name: str) -> str:
    """`Kind namespace/name` as an argument on a command line: `Kind/namespace/name`."""
    return name.replace(" ", "/", 1)


def from_argument(text: str) -> str:
    """The way back. Raises ValueError for what names no object."""
    parts = text.split("/")
    if len(parts) not in (2, 3) or not all(parts):
        raise ValueError(f"{text!r} names no object: write Kind/namespace/name, or Kind/name")
    return f"{parts[0]} {'/'.join(parts[1:])}"


def _to_try(order: Order, ahead: Prospect) -> Iterator[tuple[Json, bool]]:
    states = {item.key: item.state for item in ahead.drift.objects}
    for manifest in complete(order):
        state = states.get(key_of(manifest.object))
        if state is ObjectState.CHANGED or (state is ObjectState.MISSING and order.dry_run):
            yield manifest.object, state is ObjectState.MISSING


def _tried(order: Order, where: Surroundings, ahead: Prospect, value: Json, *, is_new: bool) -> Done:
    home = namespace_of(value)
    if is_new and home and ObjectKey("", "Namespace", "", home) not in ahead.seen.live():
        return Done(reference(value), Deed.CREATED, note="not tried: its namespace is not there yet")
    try:
        live = ahead.seen.live().get(key_of(value))
        _, done = write(where.api, ahead.seen.kind_of(value), value, live, order.forced, dry_run=True)
    except Refused as refusal:
        if is_new and refusal.reason == "NotFound":
            return Done(reference(value), Deed.CREATED, note="not tried: what it refers to is not there yet")
        raise
    return done
