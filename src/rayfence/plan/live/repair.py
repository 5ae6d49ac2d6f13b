"""What a server-side apply can't put right: a JSON patch for one object. Pure.

An apply sets fields of ours; it removes nothing that others own. A rule put into a deny-all policy stays, a second
container stays in the pod, and a set that holds both our values and theirs can be refused as a whole. So where
something foreign is to go, a patch takes it away, only on the version of the object that was compared; an apply after
it sets what is ours. Source: RFC 6901, RFC 6902.
"""

from collections.abc import Iterable

from rayfence.model.live import FieldChange, FieldState, Json


def needs_patch(changes: Iterable[FieldChange]) -> bool:
    """Whether an apply by force would leave something of others in place."""
    return any(change.state is FieldState.FOREIGN for change in changes)


def repair_patch(changes: Iterable[FieldChange], version: str) -> tuple[Json, ...]:
    """The JSON patch that takes away what others put beside ours; an apply by force after it does the rest.

    `version`: the `resourceVersion` of what was compared. Whoever patches a value owns it from then on, so the patch
    sets only what stands beside something that it takes away: there one without the other may be refused (a set of
    actions, a type and its options).

    1. Refuse any other version.
    2. Put values right: nothing moves.
    3. Add what is missing, to lists at their end: nothing moves.
    4. Take away what is beyond, the last entry of a list first, so that no index moves before it is used.
    Raises ValueError for changes of a Secret's data: a digest is no value to put anywhere.
    """
    found = tuple(changes)
    beyond = sorted((c.pointer for c in found if c.state is FieldState.FOREIGN), key=_places, reverse=True)
    around = {_around(pointer) for pointer in beyond}
    beside = tuple(change for change in found if _around(change.pointer) in around)
    if any(change.pointer.startswith("/data/") and _is_digest(change.want) for change in beside):
        raise ValueError("the bytes of a Secret can't be put right by a patch")
    return (
        {"op": "test", "path": "/metadata/resourceVersion", "value": version},  # 1
        *({"op": "replace", "path": c.pointer, "value": c.want} for c in beside if c.state is FieldState.CHANGED),  # 2
        *({"op": "add", "path": c.pointer, "value": c.want} for c in beside if c.state is FieldState.MISSING),  # 3
        *({"op": "remove", "path": pointer} for pointer in beyond),  # 4
    )


def _around(pointer: str) -> str:
    """Where the thing stands that a pointer leads to."""
    return pointer.rpartition("/")[0]


def _is_digest(want: object) -> bool:
    return isinstance(want, str) and want.startswith("sha256:")


def _places(pointer: str) -> tuple[tuple[int, str], ...]:
    """A key by which entries of a list sort as numbers."""
    return tuple((int(part), "") if part.isdecimal() else (-1, part) for part in pointer.split("/"))
