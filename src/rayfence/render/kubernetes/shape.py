"""Small shapes of the Kubernetes API that every renderer here uses, as plain JSON values.

No text is pasted into text.
"""

from collections.abc import Iterable, Mapping
from typing import Final

from rayfence.model.kubernetes import Manifest

#: One JSON object.
Json = dict[str, object]

MANAGED_BY: Final = "app.kubernetes.io/managed-by"


def resource(
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **fields: object,
) -> Json:
    """A whole API object; `fields` are its top-level fields (`spec`, `data`, `rules` …)."""
    metadata: Json = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    metadata["labels"] = {MANAGED_BY: "rayfence", **dict(sorted((labels or {}).items()))}
    if annotations:
        metadata["annotations"] = dict(sorted(annotations.items()))
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def manifests(group: str, stage: int, objects: Iterable[Json]) -> tuple[Manifest, ...]:
    """Objects of one group and stage, in their order."""
    return tuple(Manifest(value, group, stage) for value in objects)


def annotated(value: Json, annotations: Mapping[str, str]) -> Json:
    """The object with these annotations added; itself when there are none."""
    if not annotations:
        return value
    metadata = value["metadata"]
    if not isinstance(metadata, dict):
        raise TypeError("metadata is no mapping")
    merged = dict(sorted({**metadata.get("annotations", {}), **annotations}.items()))
    return {**value, "metadata": {**metadata, "annotations": merged}}


def without_none(value: Mapping[str, object]) -> Json:
    """Fields that are set: None leaves a field out."""
    return {key: item for key, item in value.items() if item is not None}


def restricted_pod(user: int, group: int) -> Json:
    """Pod security context of the restricted Pod Security Standard.

    The user is written out: `runAsNonRoot` alone refuses images whose USER is a name.
    """
    return {
        "runAsNonRoot": True,
        "runAsUser": user,
        "runAsGroup": group,
        "fsGroup": group,
        "seccompProfile": {"type": "RuntimeDefault"},
    }


def restricted_container(*, read_only_root: bool) -> Json:
    """Container security context of the restricted Pod Security Standard."""
    context: Json = {
        "allowPrivilegeEscalation": False,
        "privileged": False,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    if read_only_root:
        context["readOnlyRootFilesystem"] = True
    return context


def fixed_resources(cpu: str, memory: str, **extended: str) -> Json:
    """Requests equal to limits: what is planned is what is reserved, and the pod is the last to be evicted."""
    amounts = {"cpu": cpu, "memory": memory, **extended}
    return {"requests": dict(amounts), "limits": dict(amounts)}
