"""`compare(manifests, live objects, manager) -> Drift`: what is missing, changed, extra, or could not be seen. Pure.

An extra object is ours only if it carries our label, our manager applied it, no controller owns it, and it belongs to
this platform: its own label says so, or that of its namespace. What is not ours is never named for removal.
"""

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import Drift, Json, ObjectDrift, ObjectKey, ObjectState
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.importance import object_importance
from rayfence.plan.live.fields.owned import entries, object_writer
from rayfence.plan.live.order import in_order, is_retained, key_of, removal_order
from rayfence.render.kubernetes.names import PLATFORM
from rayfence.render.kubernetes.shape import MANAGED_BY

#: What an extra object says that is not to be removed.
MARKED: Final = "marked to be kept"
_NOTHING_UNSEEN: Final[Mapping[tuple[str, str], str]] = MappingProxyType({})


def compare(
    manifests: Iterable[Manifest],
    observed: Iterable[Json],
    manager: str,
    *,
    unseen: Mapping[tuple[str, str], str] = _NOTHING_UNSEEN,
) -> Drift:
    """Every desired object against what is live, then ours that nobody desires.

    `observed`: live objects, found by name or by our label; others among them do no harm. `unseen`: (group, kind) that
    could not be read, and why: their objects are unknown, not missing.
    """
    desired = in_order(manifests)
    live = {key_of(value): value for value in observed}
    found = [item for manifest in desired if (item := _one(manifest, live, manager, unseen)) is not None]
    wanted = {key_of(manifest.object) for manifest in desired}
    extra = {key: value for key, value in live.items() if key not in wanted}
    platforms = _platforms(manifest.object for manifest in desired)
    ours = {key: value for key, value in extra.items() if is_ours(value, manager, platforms, live)}
    return Drift((*found, *_extra(ours)), len(desired))


def removable(drift: Drift) -> tuple[ObjectDrift, ...]:
    """Extra objects that may go: not those that are marked to be kept, nor namespaces that hold one."""
    extra = drift.of(ObjectState.EXTRA)
    homes = {item.key.namespace for item in extra if item.note == MARKED}
    return tuple(
        item for item in extra if item.note != MARKED and not (item.key.kind == "Namespace" and item.key.name in homes)
    )


def is_ours(value: Json, manager: str, platforms: frozenset[str], live: Mapping[ObjectKey, Json]) -> bool:
    """Whether a live object is this platform's: label, manager, no owner, and the platform it belongs to.

    `live`: objects among which its namespace is looked for.
    """
    metadata = value.get("metadata")
    if not isinstance(metadata, Mapping) or metadata.get("ownerReferences"):
        return False
    labels = _labels(value)
    if labels.get(MANAGED_BY) != "rayfence" or not any(entry.is_ours(manager) for entry in entries(value)):
        return False
    if PLATFORM in labels:
        return labels[PLATFORM] in platforms
    home = live.get(ObjectKey("", "Namespace", "", str(metadata.get("namespace") or "")))
    return home is not None and _labels(home).get(PLATFORM) in platforms


def _one(
    manifest: Manifest, live: Mapping[ObjectKey, Json], manager: str, unseen: Mapping[tuple[str, str], str]
) -> ObjectDrift | None:
    key = key_of(manifest.object)
    observed = live.get(key)
    if observed is None:
        weight = object_importance(manifest.object)
        why = unseen.get((key.group, key.kind))
        state = ObjectState.MISSING if why is None else ObjectState.UNKNOWN
        return ObjectDrift(
            key, state, manifest.group, manifest.stage, (), weight.security, weight.belongs, note=why or ""
        )
    found = changes(manifest.object, observed, manager)
    note = _note(observed)
    if not found and not note:
        return None
    metadata = _metadata(observed)
    return ObjectDrift(
        key,
        ObjectState.CHANGED,
        manifest.group,
        manifest.stage,
        found,
        any(change.security for change in found),
        object_importance(manifest.object).belongs,
        object_writer(entries(observed)),
        str(metadata.get("uid") or ""),
        str(metadata.get("resourceVersion") or ""),
        note,
    )


def _extra(ours: Mapping[ObjectKey, Json]) -> Iterator[ObjectDrift]:
    for key in removal_order(tuple(ours), {}):
        value = ours[key]
        metadata, weight = _metadata(value), object_importance(value)
        note = MARKED if is_retained(value) else _note(value)
        yield ObjectDrift(
            key,
            ObjectState.EXTRA,
            "No longer in the spec",
            0,
            security=weight.security,
            belongs=weight.belongs,
            by=object_writer(entries(value)),
            uid=str(metadata.get("uid") or ""),
            version=str(metadata.get("resourceVersion") or ""),
            note=note,
        )


def _note(observed: Json) -> str:
    since = _metadata(observed).get("deletionTimestamp")
    return f"is being deleted since {since}" if since else ""


def _platforms(objects: Iterable[Json]) -> frozenset[str]:
    return frozenset(name for value in objects if (name := _labels(value).get(PLATFORM)) is not None)


def _metadata(value: Json) -> Mapping[str, object]:
    metadata = value.get("metadata")
    return metadata if isinstance(metadata, Mapping) else {}


def _labels(value: Json) -> Mapping[str, str]:
    labels = _metadata(value).get("labels")
    return {str(name): str(text) for name, text in labels.items()} if isinstance(labels, Mapping) else {}
