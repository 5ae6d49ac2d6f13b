"""Rendered objects against published schemas: Kubernetes' own kinds, custom kinds, and field lists for the rest.

Unknown fields are refused everywhere, as server-side apply with strict validation does; defaults are not applied.
"""

import gzip
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import jsonschema
from kubernetes_validate.utils import schema_contents  # type: ignore[import-untyped]
from referencing import Registry, Resource

_DATA: Final = Path(__file__).parents[3] / "data" / "kubernetes"
_CUSTOM: Final = ("gateway-api-1.4.0", "gke", "kueue-0.18.4")

#: Kinds without a published definition: every field we write, with its type. Source: the vendors' documentation.
FIELDS: Final[Mapping[str, Mapping[str, type]]] = {
    "cloud.google.com/v1/BackendConfig": {
        "iap.enabled": bool,
        "timeoutSec": int,
        "logging.enable": bool,
        "logging.sampleRate": int,
        "healthCheck.type": str,
        "healthCheck.port": int,
        "healthCheck.requestPath": str,
        "healthCheck.checkIntervalSec": int,
    },
    "networking.gke.io/v1/ManagedCertificate": {"domains": list},
    "networking.gke.io/v1beta1/FrontendConfig": {"sslPolicy": str, "redirectToHttps.enabled": bool},
    "cilium.io/v2/CiliumNetworkPolicy": {"endpointSelector.matchLabels": dict, "egress": list},
}


def kind_of(value: Mapping[str, object]) -> str:
    """`GROUP/VERSION/KIND`."""
    return f"{value['apiVersion']}/{value['kind']}"


def check(value: Mapping[str, object], kuberay: str, kubernetes: str = "1.36") -> None:
    """Raise ValidationError or AssertionError unless the object fits its schema."""
    kind = kind_of(value)
    if kind in FIELDS:
        _check_fields(value, FIELDS[kind])
    elif (schema := _schemas(kuberay).get(kind)) is not None:
        jsonschema.Draft202012Validator(schema).validate(_without_metadata(value))
    else:
        _built_in(kind, kubernetes).validate(json.loads(json.dumps(value)))


@cache
def _built_in(kind: str, kubernetes: str) -> jsonschema.Draft202012Validator:
    """The package's strict schema of a kind, its definitions loaded once."""
    api, name = kind.rsplit("/", 1)
    group, _, version = api.rpartition("/")
    file = "-".join(part for part in (name.lower(), group.partition(".")[0], version) if part)
    folder = f"kubernetes-json-schema/v{kubernetes}.0-local-strict"
    schema = schema_contents(f"{folder}/{file}.json", kubernetes)
    registry = Resource.from_contents(schema) @ _definitions(folder, kubernetes)
    return jsonschema.Draft202012Validator(schema, registry=registry)


@cache
def _definitions(folder: str, kubernetes: str) -> Registry[Any]:
    definitions: Resource[Any] = Resource.from_contents(schema_contents(f"{folder}/_definitions.json", kubernetes))
    return definitions @ Registry()


@cache
def _schemas(kuberay: str) -> dict[str, dict[str, object]]:
    found: dict[str, dict[str, object]] = {}
    for name in (f"kuberay-{kuberay}", *_CUSTOM):
        raw = json.loads(gzip.decompress((_DATA / f"{name}.json.gz").read_bytes()))
        found |= {kind: _strict(schema) for kind, schema in raw.items()}
    return found


def _strict(schema: object, *, names: bool = False) -> dict[str, object]:
    """OpenAPI as Kubernetes reads it in terms of JSON Schema: closed objects, int-or-string, nullable."""
    assert isinstance(schema, dict)
    if names:
        return {key: _strict(value) for key, value in schema.items()}
    found: dict[str, object] = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = _strict(value, names=True)
        elif key in {"items", "additionalProperties", "not"} and isinstance(value, dict):
            found[key] = _strict(value)
        elif key in {"allOf", "anyOf", "oneOf"}:
            found[key] = [_strict(item) for item in value]
        elif not key.startswith("x-") and key != "nullable":
            found[key] = value
    is_object = schema.get("type") == "object"
    if is_object and "properties" in schema and "additionalProperties" not in schema:
        found["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields", False))
    if schema.get("x-kubernetes-int-or-string"):
        found["type"] = ["integer", "string"]
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def _without_metadata(value: Mapping[str, object]) -> dict[str, object]:
    """The object with the metadata that a definition may look at."""
    metadata = value["metadata"]
    assert isinstance(metadata, Mapping)
    assert set(metadata) <= {"name", "namespace", "labels", "annotations"}
    return {**json.loads(json.dumps(value)), "metadata": {"name": metadata["name"]}}


def _check_fields(value: Mapping[str, object], fields: Mapping[str, type]) -> None:
    assert set(value) == {"apiVersion", "kind", "metadata", "spec"}
    spec = value["spec"]
    assert isinstance(spec, Mapping)
    for path, item in _flat(spec, fields):
        assert path in fields, f"{value['kind']}: unknown field {path}"
        assert isinstance(item, fields[path]), f"{value['kind']}: {path} is no {fields[path].__name__}"


def _flat(value: Mapping[str, object], fields: Mapping[str, type], prefix: str = "") -> list[tuple[str, object]]:
    found: list[tuple[str, object]] = []
    for key, item in value.items():
        path = f"{prefix}{key}"
        if isinstance(item, Mapping) and path not in fields:
            found += _flat(item, fields, f"{path}.")
        else:
            found.append((path, item))
    return found
