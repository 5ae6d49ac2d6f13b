"""Secrets of a platform that hold other bytes than were made, told by digests beside them; no byte is ever shown."""

from collections.abc import Iterator

from rayfence.errors import Forbidden
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kinds, text_at
from rayfence.model.live import ObjectDrift, ObjectState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.importance import object_importance
from rayfence.plan.live.fields.owned import entries, object_writer
from rayfence.plan.live.order import key_of
from rayfence.ports.kubernetes import KubernetesReads
from rayfence.render.kubernetes.names import PLATFORM

_GROUP = "Secrets"
_NOTE = "an apply leaves it as it is: delete it, and the next apply makes a new one"


def tampered_secrets(api: KubernetesReads, platform: str, kinds: Kinds) -> tuple[ObjectDrift, ...]:
    """Each with the keys that differ and who wrote them last; none where Secrets may not be listed."""
    kind = kinds.get(("v1", "Secret"))
    if kind is None:
        return ()
    try:
        return tuple(_tampered(api.list(kind, labels={PLATFORM: platform})))
    except Forbidden:
        return ()


def _tampered(secrets: tuple[Json, ...]) -> Iterator[ObjectDrift]:
    for value in secrets:
        # Nothing is desired here but what the annotation says: labels of others are their own business.
        bare = {"apiVersion": "v1", "kind": "Secret", "metadata": {}}
        found = tuple(one for one in changes(bare, value, FIELD_MANAGER) if one.path.startswith("data"))
        if found:
            weight = object_importance(value)
            yield ObjectDrift(
                key_of(value),
                ObjectState.CHANGED,
                _GROUP,
                2,
                found,
                True,
                weight.belongs,
                object_writer(entries(value)),
                text_at(value, "metadata", "uid"),
                text_at(value, "metadata", "resourceVersion"),
                _NOTE,
            )
