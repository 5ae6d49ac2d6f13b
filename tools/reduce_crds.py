"""Reduce CustomResourceDefinitions to the schemas that tests hold rendered objects to.

    python tools/reduce_crds.py OUTPUT.json.gz FILE…

Kept of every served version: the OpenAPI schema, without descriptions, defaults, CEL rules and status. Output:
`{"GROUP/VERSION/KIND": SCHEMA}`, gzipped without a time stamp, so that the same input gives the same bytes.
"""

import gzip
import json
import sys
from pathlib import Path

import yaml

_DROPPED = frozenset({"description", "default", "example", "x-kubernetes-validations", "x-kubernetes-map-type"})


def reduced(schema: object, *, names: bool = False) -> object:
    """The schema without what validation does not need; `names`: the keys are names of properties, all kept."""
    if isinstance(schema, list):
        return [reduced(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: reduced(value, names=key == "properties" and not names)
        for key, value in schema.items()
        if names or key not in _DROPPED
    }


def schemas(text: str) -> dict[str, object]:
    """Schemas of one file of CustomResourceDefinitions."""
    found: dict[str, object] = {}
    for document in yaml.load_all(text, Loader=yaml.CSafeLoader):
        if not isinstance(document, dict) or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        for version in spec["versions"]:
            if version["served"]:
                schema = version["schema"]["openAPIV3Schema"]
                schema["properties"].pop("status", None)
                found[f"{spec['group']}/{version['name']}/{spec['names']['kind']}"] = reduced(schema)
    return found


def main(arguments: list[str]) -> int:
    """Write the first argument from all others."""
    output, *inputs = arguments
    found: dict[str, object] = {}
    for name in inputs:
        found |= schemas(Path(name).read_text(encoding="utf-8"))
    data = json.dumps(found, sort_keys=True, separators=(",", ":")).encode()
    Path(output).write_bytes(gzip.compress(data, 9, mtime=0))
    print(f"{output}: {', '.join(sorted(found))}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
