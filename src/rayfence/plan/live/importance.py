"""What a field of a live object is for: which control or decision it serves, and whether a change weakens a guard."""

from collections.abc import Mapping, Sequence
from typing import Final

from rayfence.model.frozen import dataclass
from rayfence.model.live import Json


@dataclass(frozen=True, slots=True)
class Weight:
    """Whether a field is security relevant, and what it belongs to; `belongs` is empty where that is not known."""

    security: bool
    belongs: str


_OBJECTS: Final[Mapping[str, Weight]] = {}


def importance(desired: Json, path: str, fields: Sequence[str]) -> Weight:
    """Of one field of an object of ours; `fields`: the names on its path, without list items."""
    return Weight(False, "")


def object_importance(value: Json) -> Weight:
    """Of a whole object of ours: whether its absence weakens a guard, and what it belongs to."""
    return Weight(False, "")
