"""Secrets, compared without their bytes: names of keys, and digests in an annotation of ours. Pure.

`digests(data)` is what an apply puts into the annotation beside the bytes it makes. A changed byte shows as a digest
that no longer fits; neither the bytes nor what they were ever stand in a change.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.model.live import FieldChange, FieldState, Json
from rayfence.plan.live.owned import Entry, entries, field, field_path, last_writer, writer_since

#: Annotation of our Secrets: canonical JSON of key name to SHA-256 of its bytes.
DIGESTS: Final = "rayfence.dev/digests"


def digests(data: Mapping[str, str]) -> str:
    """The annotation's value for `data` as the API holds it (base64). Raises ValueError for what is no base64."""
    return json.dumps({name: digest(value) for name, value in sorted(data.items())}, separators=(",", ":"))


def digest(encoded: str) -> str:
    """SHA-256 of the bytes behind a value of `data`. Raises ValueError for what is no base64."""
    try:
        return f"sha256:{hashlib.sha256(base64.b64decode(encoded, validate=True)).hexdigest()}"
    except binascii.Error:
        raise ValueError("a value of a Secret's data is no base64") from None


def secret_changes(desired: Json, observed: Json, manager: str) -> tuple[FieldChange, ...]:
    """Keys that are missing, beyond what we made, or whose bytes are no longer those we made; labels and type."""
    return ()
