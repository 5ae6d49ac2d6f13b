"""JSON patches (RFC 6902), as far as repairs use them: test, replace, add and remove."""

from collections.abc import Mapping, Sequence
from typing import Any

from rayfence.errors import ChangedMeanwhile


def patched(value: dict[str, Any], operations: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The value after all operations. Raises ChangedMeanwhile for a test that fails."""
    for operation in operations:
        *way, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        inner: Any = value
        for part in way:
            inner = inner[int(part)] if isinstance(inner, list) else inner[part]
        key: Any = len(inner) if last == "-" else int(last) if isinstance(inner, list) else last
        if operation["op"] == "test":
            if inner[key] != operation["value"]:
                raise ChangedMeanwhile(f"testing value {operation['path']} failed")
        elif operation["op"] == "remove":
            del inner[key]
        elif operation["op"] == "add" and isinstance(inner, list):
            inner.insert(key, operation["value"])
        else:
            inner[key] = operation["value"]
    return value
