"""The KubeRay operator that somebody else runs: too old, or without a gate that the spec needs.

Its Deployment tells version and gates where it runs in the cluster; the CustomResourceDefinition tells which fields
there are. What can't be seen is said, and found out later: the server refuses a field that it does not know, and
KubeRay's event tells of a closed gate.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rayfence.errors import Forbidden, KubernetesError, Refused
from rayfence.model.api_objects import Json, Kinds, at, object_at, objects_at, reference, text_at
from rayfence.model.frozen import dataclass
from rayfence.model.kubernetes import Manifest
from rayfence.ports.kubernetes import KubernetesApi

#: Labels under which KubeRay's chart and its manifests both install the operator.
_LABELS: Final = {"app.kubernetes.io/name": "kuberay-operator"}
_TAG: Final = re.compile(r":v?(\d+)\.(\d+)\.(\d+)")
_CRD: Final = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")
_GATED: Final[Mapping[str, str]] = {"tlsOptions": "RayClusterMTLS", "networkPolicy": "RayClusterNetworkPolicy"}
_CRON_GATE: Final = "RayCronJob"


@dataclass(frozen=True, slots=True)
class OperatorSeen:
    """One running operator. `version` empty: its image does not say. `gates`: those that its command line sets."""

    reference: str
    version: str
    gates: Mapping[str, bool]


def operators(api: KubernetesApi, kinds: Kinds) -> tuple[OperatorSeen, ...]:
    """KubeRay's operators that can be seen; none where that is forbidden or they run elsewhere."""
    kind = kinds.get(("apps/v1", "Deployment"))
    if kind is None:
        return ()
    try:
        return tuple(map(_seen, api.list(kind, labels=_LABELS)))
    except Forbidden:
        return ()


def refuse_unfit(seen: Iterable[OperatorSeen], version: str, manifests: Iterable[Manifest]) -> None:
    """Raise Refused for an operator that is older than `version`, or that has a gate closed which objects need."""
    needed = dict.fromkeys(gate for manifest in manifests for gate in _gates_of(manifest.object))
    for operator in seen:
        if operator.version and _numbers(operator.version) < _numbers(version):
            raise Refused(
                f"{operator.reference} is KubeRay {operator.version}, and the spec wants {version}",
                "OperatorTooOld",
                hint=f"upgrade the operator and its CustomResourceDefinitions, or set operator.version to "
                f"{operator.version}: what that release lacks is then left out or refused by the plan",
            )
        closed = [gate for gate in needed if not operator.gates.get(gate, False)]
        if closed:
            raise Refused(
                f"{operator.reference} does not have on: {', '.join(closed)}; KubeRay would refuse the Ray objects",
                "GateClosed",
                hint=f"start the operator with --feature-gates={','.join(f'{gate}=true' for gate in closed)}",
            )


def refuse_old_definitions(api: KubernetesApi, kinds: Kinds, manifests: Iterable[Manifest]) -> None:
    """Raise Refused for fields of Ray objects that the installed CustomResourceDefinitions do not know."""
    unknown: dict[str, str] = {}
    fields: dict[str, frozenset[str] | None] = {}
    for manifest in manifests:
        value, kind = (
            manifest.object,
            kinds.get((text_at(manifest.object, "apiVersion"), manifest.reference.split()[0])),
        )
        if kind is None or kind.group != "ray.io":
            continue
        if kind.plural not in fields:
            fields[kind.plural] = _known_fields(api, kinds, f"{kind.plural}.{kind.group}")
        known = fields[kind.plural]
        for name in object_at(value, "spec") if known is not None else ():
            if known is not None and name not in known:
                unknown.setdefault(f"{kind.kind} spec.{name}", reference(value))
    if unknown:
        told = ", ".join(f"{name} (of {where})" for name, where in unknown.items())
        raise Refused(
            f"the installed CustomResourceDefinitions of KubeRay are too old: they do not know {told}",
            "DefinitionTooOld",
            hint="install those of the operator's version, by server-side apply",
        )


def _seen(deployment: Json) -> OperatorSeen:
    version, gates = "", dict[str, bool]()
    for container in objects_at(deployment, "spec", "template", "spec", "containers"):
        found = _TAG.search(text_at(container, "image"))
        version = version or (".".join(found.groups()) if found else "")
        words = (*_words(container, "command"), *_words(container, "args"))
        for index, word in enumerate(words):
            name, _, value = word.lstrip("-").partition("=")
            if name in ("feature-gates", "featuregates"):
                gates |= _parsed(value or (words[index + 1] if index + 1 < len(words) else ""))
    return OperatorSeen(reference(deployment), version, gates)


def _parsed(text: str) -> Iterator[tuple[str, bool]]:
    for part in text.split(","):
        name, _, value = part.partition("=")
        yield name.strip(), value.strip().lower() == "true"


def _words(container: Json, field: str) -> tuple[str, ...]:
    listed = at(container, field)
    return tuple(str(word) for word in listed) if isinstance(listed, list) else ()


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])


def _gates_of(value: Json) -> Iterator[str]:
    if not text_at(value, "apiVersion").startswith("ray.io/"):
        return
    if value.get("kind") == "RayCronJob":
        yield _CRON_GATE
    for path in (("spec",), ("spec", "rayClusterSpec"), ("spec", "rayClusterConfig")):
        yield from (gate for field, gate in _GATED.items() if at(value, *path, field) is not None)
    yield from (gate for field, gate in _GATED.items() if at(value, "spec", "jobTemplate", "rayClusterSpec", field))


def _known_fields(api: KubernetesApi, kinds: Kinds, name: str) -> frozenset[str] | None:
    """Fields of `spec` in the definition's v1; None where it can't be read."""
    kind = kinds.get(_CRD)
    try:
        definition = api.get(kind, name) if kind is not None else None
    except KubernetesError:
        return None
    for version in objects_at(definition, "spec", "versions"):
        if text_at(version, "name") == "v1":
            return (
                frozenset(object_at(version, "schema", "openAPIV3Schema", "properties", "spec", "properties")) or None
            )
    return None
