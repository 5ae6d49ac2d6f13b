"""Secrets, compared without their bytes: names of keys, and digests in an annotation of ours. Pure.

`digests(data)` is what an apply puts into the annotation beside the bytes it makes. A changed byte shows as a digest
that no longer fits; neither the bytes nor what they were ever stand in a change. A digest of a key or token says
nothing of it: they have 128 bits and more.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.live import FieldChange, FieldState, Json, Writer
from rayfence.plan.live.fields.importance import importance
from rayfence.plan.live.fields.owned import entries, field, field_path, last_writer, writer_since

#: Annotation of our Secrets: canonical JSON of key name to SHA-256 of its bytes.
DIGESTS: Final = "rayfence.dev/digests"
_UNREADABLE: Final = "no base64"


def digests(data: Mapping[str, str]) -> str:
    """The annotation's value for `data` as the API holds it (base64). Raises ValueError for what is no base64."""
    return json.dumps({name: digest(value) for name, value in sorted(data.items())}, separators=(",", ":"))


def digest(encoded: str) -> str:
    """SHA-256 of the bytes behind a value of `data`. Raises ValueError for what is no base64."""
    try:
        return f"sha256:{hashlib.sha256(base64.b64decode(encoded, validate=True)).hexdigest()}"
    except binascii.Error:
        raise ValueError("a value of a Secret's data is no base64") from None


def secret_digests(desired: Json, observed: Json, manager: str) -> tuple[FieldChange, ...]:
    """Keys that are missing or beyond what we made, and keys whose bytes are no longer those we made.

    What we made is told by `desired`: by its annotation, else by the keys of its `data` or `stringData`; and where it
    tells no digests, by the annotation that the live object carries. `type` is fixed: nobody can change it.
    """
    wanted, there = _wanted(desired), _digested(observed)
    recorded = _annotated(observed)
    return tuple(_differences(wanted or recorded, recorded, there, _Author(desired, observed, manager)))


class _Author:
    """Finds who wrote a key, and words the change."""

    def __init__(self, desired: Json, observed: Json, manager: str) -> None:
        self.desired, self.entries, self.manager = desired, entries(observed), manager

    def change(self, name: str, state: FieldState, want: str | None, have: str | None) -> FieldChange:
        """One key's change."""
        weight = importance(self.desired, ("data", name))
        pointer = f"/data/{name.replace('~', '~0').replace('/', '~1')}"
        by = self._by(name) if have is not None else writer_since(self.entries, self.manager)
        return FieldChange(field_path("data", name), state, want, have, by, weight.security, weight.belongs, pointer)

    def _by(self, name: str) -> Writer | None:
        nodes = tuple(field(field(entry.fields, "data"), name) for entry in self.entries)
        return last_writer(self.entries, nodes, self.manager)


def _differences(
    wanted: Mapping[str, str], recorded: Mapping[str, str], there: Mapping[str, str], author: _Author
) -> Iterator[FieldChange]:
    for name, text in wanted.items():
        expected = text or recorded.get(name, "")
        if name not in there:
            yield author.change(name, FieldState.MISSING, expected or "a key", None)
        elif expected and there[name] != expected:
            yield author.change(name, FieldState.CHANGED, expected, there[name])
    if wanted:
        for name, text in there.items():
            if name not in wanted:
                yield author.change(name, FieldState.FOREIGN, None, text)


def _wanted(desired: Json) -> Mapping[str, str]:
    """Key to digest; an empty digest where only the key is known."""
    found = dict(_annotated(desired))
    for name in ("data", "stringData"):
        data = desired.get(name)
        for key in data if isinstance(data, Mapping) else ():
            found.setdefault(str(key), "")
    return found


def _annotated(value: Json) -> Mapping[str, str]:
    metadata = value.get("metadata")
    annotations = metadata.get("annotations") if isinstance(metadata, Mapping) else None
    text = annotations.get(DIGESTS) if isinstance(annotations, Mapping) else None
    try:
        found = json.loads(text) if isinstance(text, str) else {}
    except ValueError:
        return {}
    return {str(key): str(item) for key, item in found.items()} if isinstance(found, dict) else {}


def _digested(observed: Json) -> Mapping[str, str]:
    """Key to digest of the live bytes."""
    data = observed.get("data")
    found: dict[str, str] = {}
    for name, value in data.items() if isinstance(data, Mapping) else ():
        try:
            found[str(name)] = digest(str(value))
        except ValueError:
            found[str(name)] = _UNREADABLE
    return found
