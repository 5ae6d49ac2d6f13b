"""Manifests as files of YAML: the one serialiser of Kubernetes objects.

Strings are quoted unless they are plainly words to every YAML reader (1.1 and 1.2 disagree on `on`, `1e3`, `0o7`), so
no value can become a number, a key or a second document. Pure; anchors, tags and flow style are never written.
"""

import json
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final

from rayfence.model.kubernetes import Manifest

#: Words that every reader takes for a string, apart from those in `_MEANING`.
_PLAIN: Final = re.compile(r"[A-Za-z/][A-Za-z0-9_./-]*\Z")
#: YAML 1.1 reads these, in any case, as booleans or null.
_MEANING: Final = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})
#: Characters that YAML does not take unescaped and JSON does.
_UNPRINTABLE: Final = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")


def kubernetes_files(manifests: Iterable[Manifest]) -> Mapping[str, str]:
    """Name to text, in the order they are applied: one file per stage and group.

    Names sort in that order too (`1-tenant-vision-network.yaml`), so a folder of them can be applied as it stands.
    Raises ValueError for a string that YAML can't hold (a lone surrogate).
    """
    ordered = sorted(manifests, key=lambda manifest: manifest.stage)
    files: dict[str, str] = {}
    for (stage, group), members in groupby(ordered, key=lambda manifest: (manifest.stage, manifest.group)):
        name = f"{stage}-{_slug(group)}.yaml"
        text = "".join(f"---\n{to_yaml(manifest.object)}" for manifest in members)
        files[name] = files.get(name, "") + text
    return dict(sorted(files.items()))


def to_yaml(value: Mapping[str, object]) -> str:
    """One document, fields in their own order, ending in a newline."""
    lines: list[str] = []
    _mapping(value, "", lines)
    return "\n".join(lines) + "\n"


def _slug(group: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", group.lower()).strip("-") or "objects"


def _mapping(value: Mapping[str, object], indent: str, lines: list[str]) -> None:
    deeper = indent + "  "
    for key, item in value.items():
        opening = f"{indent}{_scalar(key)}:"
        if isinstance(item, str):  # the most of all
            lines.append(f"{opening} {_text(item, deeper)}")
        elif isinstance(item, dict) and item:
            lines.append(opening)
            _mapping(item, deeper, lines)
        elif isinstance(item, list | tuple) and item:
            lines.append(opening)
            _sequence(item, indent, lines)
        else:
            lines.append(f"{opening} {_leaf(item)}")


def _sequence(value: Iterable[object], indent: str, lines: list[str]) -> None:
    deeper = indent + "  "
    for item in value:
        if isinstance(item, str):
            lines.append(f"{indent}- {_text(item, deeper)}")
        elif isinstance(item, dict) and item:
            start = len(lines)
            _mapping(item, deeper, lines)
            lines[start] = f"{indent}- {lines[start].lstrip(' ')}"
        elif isinstance(item, list | tuple) and item:
            lines.append(f"{indent}-")
            _sequence(item, deeper, lines)
        else:
            lines.append(f"{indent}- {_leaf(item)}")


def _text(value: str, indent: str) -> str:
    return ("\n" in value and _block(value, indent)) or _scalar(value)


def _leaf(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None:
        return "null"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, dict) and not value:
        return "{}"
    if isinstance(value, list | tuple) and not value:
        return "[]"
    raise TypeError(f"no JSON value of a manifest: {type(value).__name__}")


@lru_cache(maxsize=4096)
def _scalar(value: str) -> str:
    if _PLAIN.match(value) and value.lower() not in _MEANING:
        return value
    return _UNPRINTABLE.sub(_escape, json.dumps(value, ensure_ascii=False))


def _escape(found: re.Match[str]) -> str:
    code = ord(found.group())
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("a lone surrogate can't be written as YAML")
    return f"\\u{code:04x}"


@lru_cache(maxsize=256)
def _block(value: str, indent: str) -> str:
    """Text of several lines as a literal block, where nothing in it needs an escape; else empty."""
    lines = value.split("\n")
    kept = lines[-1] == ""
    body = lines[:-1] if kept else lines
    if len(body) < 2 or not body[0] or body[0][0] == " " or not body[-1]:
        return ""
    if not _is_visible(value):
        return ""
    text = "\n".join([f"{indent}{line}" if line else "" for line in body])
    return f"{'|' if kept else '|-'}\n{text}"


def _is_visible(value: str) -> bool:
    """Whether a literal block may hold it without escapes: printable ASCII in lines that don't end with a blank."""
    return value.isascii() and value.replace("\n", "").isprintable() and " \n" not in value and not value.endswith(" ")
