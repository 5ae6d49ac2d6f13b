"""Running Ray against what was asked for: pods beside their templates, and what Ray says of itself. Pure.

KubeRay does not replace running pods when a spec changes, so a repaired object may still have pods of the other spec;
and a pod's image can be patched by hand. Compared: what the template asks for, and what the operator must have added
(Ray's token, the parameters of `ray start`). Not compared: what the operator and admission add of their own.
Source: KubeRay v1.6.0 `controllers/ray/common/pod.go`.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from rayfence.model.kubernetes import Manifest
from rayfence.model.live import (
    FieldChange,
    FieldState,
    Json,
    ObjectDrift,
    ObjectKey,
    ObjectState,
    RaySeen,
)
from rayfence.plan.live.fields.changes import changes
from rayfence.plan.live.fields.owned import entries, object_writer
from rayfence.plan.live.order import key_of
from rayfence.plan.live.ready.status import at, items, text
from rayfence.plan.ray_ports import CLUSTER_SPECS
from rayfence.render.kubernetes.names import RAY_NODE_TYPE_LABEL, WORKLOAD

#: Containers that KubeRay adds beside those of a template.
_OPERATORS: Final = frozenset({"autoscaler", "ray-history-collector"})
#: What admission completes in every pod.
_COMPLETED: Final = frozenset({"tolerations"})
_GROUP_LABEL: Final = "ray.io/group"
_STALE: Final = "KubeRay does not replace running pods: delete it, and it is made anew as specified"


def running_drift(
    manifests: Iterable[Manifest], pods: Sequence[Json], seen: Mapping[ObjectKey, RaySeen]
) -> tuple[ObjectDrift, ...]:
    """Pods that are not as their Ray object asks, and Ray objects whose Ray says something else of itself.

    `pods`: of the tenants' namespaces, others among them do no harm; those that are going do not count. `seen`: by Ray
    object. Leaves out Ray objects of which nothing runs or nothing was seen: `readiness` tells of them.
    """
    listed: dict[tuple[str, str], list[Json]] = {}
    for pod in pods:
        if not at(pod, "metadata", "deletionTimestamp"):
            place = (text(pod, "metadata", "namespace"), text(pod, "metadata", "labels", WORKLOAD))
            listed.setdefault(place, []).append(pod)
    return tuple(drift for manifest in manifests for drift in _of(manifest, listed, seen))


def _of(
    manifest: Manifest, pods: Mapping[tuple[str, str], Sequence[Json]], seen: Mapping[ObjectKey, RaySeen]
) -> Iterator[ObjectDrift]:
    path = CLUSTER_SPECS.get(text(manifest.object, "kind"))
    if path is None:
        return
    key, spec = key_of(manifest.object), at(manifest.object, *path)
    told = _told(spec, seen[key]) if key in seen else ()
    if told:
        yield ObjectDrift(key, ObjectState.CHANGED, manifest.group, manifest.stage, told, True, note=_STALE)
    label = text(spec, "headGroupSpec", "template", "metadata", "labels", WORKLOAD)
    for pod in pods.get((key.namespace, label), ()) if label else ():
        found = _pod_changes(spec, pod)
        if found:
            security = any(change.security for change in found)
            by, uid = object_writer(entries(pod)), text(pod, "metadata", "uid")
            version = text(pod, "metadata", "resourceVersion")
            name = ObjectKey("", "Pod", key.namespace, text(pod, "metadata", "name"))
            yield ObjectDrift(
                name,
                ObjectState.CHANGED,
                manifest.group,
                manifest.stage,
                found,
                security,
                f"pod of {key}",
                by,
                uid,
                version,
                _STALE,
            )


def _told(spec: object, seen: RaySeen) -> tuple[FieldChange, ...]:
    wanted = {"version": text(spec, "rayVersion"), "authentication mode": text(spec, "authOptions", "mode")}
    there = {"version": seen.version, "authentication mode": seen.auth_mode}
    belongs = {"version": "Ray's version (kubernetes.ray_floor)", "authentication mode": "Ray's token"}
    return tuple(
        FieldChange(f"running Ray's {name}", FieldState.CHANGED, want, there[name], None, True, belongs[name])
        for name, want in wanted.items()
        if want and want != there[name]
    )


def _pod_changes(spec: object, pod: Json) -> tuple[FieldChange, ...]:
    group = _group(spec, pod)
    template = at(group, "template", "spec")
    if not isinstance(template, Mapping):
        return ()
    wanted = {name: value for name, value in template.items() if name not in _COMPLETED}
    wanted["containers"] = _containers(template, token=at(spec, "authOptions", "mode") == "token")
    desired = {"kind": "Pod", "metadata": {"labels": at(group, "template", "metadata", "labels")}, "spec": wanted}
    known = {text(container, "name") for container in items(template, "containers")} | _OPERATORS
    found = changes(desired, pod, "")
    kept = (
        change
        for change in found
        if change.state in (FieldState.CHANGED, FieldState.MISSING) or _is_foreign_container(change, known)
    )
    return (*kept, *_parameters(group, pod))


def _group(spec: object, pod: Json) -> object:
    """headGroupSpec, or the worker group that the pod is of."""
    if text(pod, "metadata", "labels", RAY_NODE_TYPE_LABEL) == "head":
        return at(spec, "headGroupSpec")
    name = text(pod, "metadata", "labels", _GROUP_LABEL)
    return next((group for group in items(spec, "workerGroupSpecs") if group.get("groupName") == name), None)


def _containers(template: object, *, token: bool) -> list[Json]:
    """The template's containers; Ray's, the first one, with the mode that the operator must have written into it."""
    first, *others = items(template, "containers")
    if not token:
        return [first, *others]
    mode = {"name": "RAY_AUTH_MODE", "value": "token"}
    return [{**first, "env": [*items(first, "env"), mode]}, *others]


def _is_foreign_container(change: FieldChange, known: set[str]) -> bool:
    path, name = change.path, text(change.have, "name")
    return change.want is None and path == f"spec.containers[name={name}]" and name not in known


def _parameters(group: object, pod: Json) -> Iterator[FieldChange]:
    """Parameters of `ray start` that Ray's container was not started with."""
    container = items(pod, "spec", "containers")[0] if items(pod, "spec", "containers") else {}
    parts = [*_words(container, "command"), *_words(container, "args")]
    parameters = at(group, "rayStartParams")
    for name, want in parameters.items() if isinstance(parameters, Mapping) else ():
        flag = f"--{name}="
        there = next((word.removeprefix(flag) for word in " ".join(parts).split() if word.startswith(flag)), None)
        if there != want:
            state = FieldState.MISSING if there is None else FieldState.CHANGED
            path = f"spec.containers[name={text(container, 'name')}].args {flag.removesuffix('=')}"
            yield FieldChange(path, state, want, there, None, True, "what Ray listens on", "/spec/containers/0/args")


def _words(container: object, name: str) -> list[str]:
    found = at(container, name)
    return [str(word) for word in found] if isinstance(found, list) else []
