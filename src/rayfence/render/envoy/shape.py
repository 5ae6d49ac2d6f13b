"""Small shapes of Envoy's v3 API that every other file of this room uses, as plain JSON-able values.

One serialiser writes them. Envoy reads JSON where it says YAML, so no text is ever pasted into text: a quote in a name
can't end a string.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

_SWITCH: Final = "envoy.config.route.v3.FilterConfig"
_TYPE_URL: Final = "type.googleapis.com/"

#: One JSON object of Envoy's configuration.
Message = dict[str, object]


def typed(message: str, /, **fields: object) -> Message:
    """A `google.protobuf.Any`: message type (without the type.googleapis.com prefix) with its fields."""
    return {"@type": f"{_TYPE_URL}{message}", **fields}


def extension(name: str, config: Message) -> Message:
    """A named extension (HTTP filter, access logger, formatter …) with its typed configuration."""
    return {"name": name, "typed_config": config}


def switched_on() -> Message:
    """A route's setting that turns a filter on which its listener has off."""
    return typed(_SWITCH, config={})


def switched_off() -> Message:
    """A route's setting that turns a filter off."""
    return typed(_SWITCH, disabled=True)


def seconds(value: float) -> str:
    """A protobuf Duration."""
    return f"{value:g}s" if value < 1e6 else f"{int(value)}s"


def watched(path: str) -> Message:
    """A ConfigSource: resources in the file `path`, read again after any rename into its directory."""
    directory = path.rpartition("/")[0]
    return {
        "resource_api_version": "V3",
        "path_config_source": {"path": path, "watched_directory": {"path": directory}},
        # Without a file nothing is served: wait for it instead of starting without the control it holds.
        "initial_fetch_timeout": "0s",
    }


def discovery(resources: Sequence[Message]) -> Message:
    """The content of a file that a ConfigSource points to.

    `version_info` is a digest of the resources; Envoy repeats it for what it has taken, so a refused file can be seen.
    """
    digest = hashlib.sha256(json.dumps(resources, sort_keys=True).encode()).hexdigest()[:16]
    return {"version_info": digest, "resources": list(resources)}


def header(name: str, **matcher: object) -> Message:
    """A HeaderMatcher."""
    return {"name": name, **matcher}


def exact(text: str) -> Message:
    """A StringMatcher for one value."""
    return {"exact": text}


def regex(expression: str) -> Message:
    """A StringMatcher for an RE2 expression that must match the whole value."""
    return {"safe_regex": {"regex": expression}}


def one_of(values: Iterable[str], *, ignore_case: bool = False) -> Message:
    """A StringMatcher for any of the values; they must hold no metacharacters but `.`, `:`, `/`, `-`, `[`, `]`."""
    escaped = ["".join(f"\\{c}" if c in ".[]" else c for c in value) for value in values]
    return regex(f"(?i)(?:{'|'.join(escaped)})" if ignore_case else "|".join(escaped))


def set_header(name: str, value: str) -> Message:
    """A HeaderValueOption that replaces whatever was there."""
    return {"header": {"key": name, "value": value}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def default_header(name: str, value: str) -> Message:
    """A HeaderValueOption that keeps an existing value."""
    return {"header": {"key": name, "value": value}, "append_action": "ADD_IF_ABSENT"}


def to_text(message: Mapping[str, object]) -> str:
    """The file form: JSON in stable order, so that golden trees and digests are stable too."""
    return json.dumps(message, indent=1, sort_keys=True) + "\n"
