"""One change in the cluster: send an object, and look at what came of it."""

from collections.abc import Collection, Iterable
from typing import Final

from rayfence.errors import FieldConflict, Refused
from rayfence.model.api_objects import FIELD_MANAGER, Json, Kind, reference, text_at
from rayfence.model.live import FieldChange, FieldState
from rayfence.model.receipt import Deed, Done
from rayfence.plan.cluster import digest_of
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.rightful import yielded
from rayfence.plan.live.ready.pruned import pruned
from rayfence.plan.live.repair import needs_patch, repair_patch
from rayfence.ports.kubernetes import KubernetesApi

#: Who wrote what a repair by patch sets; the apply after it takes it over.
_HAND: Final = "rayfence-repair"
#: Ray's autoscaler writes `replicas` into the list of worker groups, which the API server merges as one value: it then
#: owns the list beside us. Its choice is in what we send (`yielded`), so nothing of it is lost. Source: Ray 2.60,
#: `autoscaler/_private/kuberay`, which patches with the HTTP library's own name.
_AUTOSCALERS: Final = frozenset({"python-requests", "autoscaler"})
_GROUPS: Final = "workerGroupSpecs"


def sent(value: Json, live: Json | None) -> Json:
    """What is sent for a desired object: with the values that others rightly own."""
    return value if live is None else yielded(value, live)


def foreign(changes: Iterable[FieldChange]) -> tuple[tuple[str, str], ...]:
    """(manager, field) of what others put beside ours where it changes what the object does: an apply leaves it."""
    return tuple(
        (change.by.manager if change.by is not None else "somebody", f".{change.path}")
        for change in changes
        if change.state is FieldState.FOREIGN
    )


def write(
    api: KubernetesApi, kind: Kind, value: Json, live: Json | None, forced: Collection[str], *, dry_run: bool = False
) -> tuple[Json, Done]:
    """Apply one object; returns it as stored, and what was done.

    `live`: the object as it was last seen. `forced`: references of objects whose fields may be taken from others.
    What others added beside our fields is a conflict too, and is taken away when the object is forced. Raises
    FieldConflict, Refused (also when fields were dropped), ChangedMeanwhile, KindMissing, Forbidden.
    """
    body, name = sent(value, live), reference(value)
    deed = Deed.CREATED if live is None else Deed.UPDATED
    found = changes(value, live, FIELD_MANAGER) if live is not None else ()
    if live is not None and needs_patch(found):
        if name not in forced:
            raise FieldConflict(name, foreign(found))
        operations = repair_patch(found, text_at(live, "metadata", "resourceVersion"))
        api.patch(kind, value, operations, manager=_HAND, dry_run=dry_run)
        if dry_run:
            return value, Done(name, Deed.FORCED, digest_of(value)[:16])
        deed = Deed.FORCED
    try:
        stored = api.apply(kind, body, manager=FIELD_MANAGER, dry_run=dry_run)
    except FieldConflict as conflict:
        if not (name in forced or _is_scaling(conflict)):
            raise
        stored = api.apply(kind, body, manager=FIELD_MANAGER, force=True, dry_run=dry_run)
        deed = Deed.FORCED if name in forced else deed
    lost = pruned(body, stored, FIELD_MANAGER)
    if lost:
        raise Refused(
            f"{name}: the API server did not store {', '.join(lost)}",
            "Pruned",
            hint="its CustomResourceDefinition is older than the spec needs: install that of the operator's version",
        )
    return stored, Done(name, deed, digest_of(value)[:16])


def _is_scaling(conflict: FieldConflict) -> bool:
    return all(manager in _AUTOSCALERS and field.endswith(_GROUPS) for manager, field in conflict.owners)
