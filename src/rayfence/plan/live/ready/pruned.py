"""Fields that were sent and are not stored: the API server's schema is older than the spec needs. Pure.

A schema that does not know a field drops it without a word. Server-side apply with strict validation refuses such an
object; this is the second look, at what came back.
"""

from rayfence.model.live import FieldState, Json
from rayfence.plan.live.fields.changes import changes


def pruned(desired: Json, answered: Json, manager: str) -> tuple[str, ...]:
    """Paths of the desired fields that the answer to their own apply lacks, in order."""
    found = changes(desired, answered, manager)
    return tuple(change.path for change in found if change.state is FieldState.MISSING)
