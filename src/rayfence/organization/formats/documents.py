"""Bytes of a policy file to plain data, strictly, and the line of each policy in it.

JSON is parsed as JSON (exports of a whole organisation have megabytes), the rest as YAML by `spec.document`, with its
refusals. Refused in both: duplicate keys (the second silently wins elsewhere), NaN, lone surrogates and control
characters (what is read is printed: they would crash or steer a terminal), nesting and size beyond any real export.
Leaves out what the data means: `organization.read`.
"""

import json
import math
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from rayfence.errors import OrganizationError, SpecError, cut
from rayfence.spec.document import Path, parse

MAX_JSON_BYTES: Final = 64 * 1024 * 1024
#: Factories' YAML files have kilobytes; parsing YAML takes seconds per megabyte.
MAX_YAML_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 60

#: Keys whose values name a policy or another thing that problems are told of, and keys that are constraints themselves.
_NAMED: Final = re.compile(
    r'"(?:name|constraint)"\s*:\s*("(?:[^"\\]|\\.)*")|("(?:dry_run:)?[A-Za-z-]+\.[A-Za-z.]+")\s*:'
)
_FORBIDDEN: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)


@dataclass(slots=True)
class PolicyDocument:
    """Plain data of one file. `line_of` finds lines; it moves on when the same name stands several times."""

    source: str  # printable path
    data: object
    places: dict[Path, tuple[int, int]] | None = None  # YAML only
    _names: dict[str, deque[int]] = field(default_factory=dict)

    def line_of(self, name: str, path: Path = ()) -> str:
        """`file:line` of the value at `path`, or of the next object called `name`; the file alone if unknown."""
        if self.places is not None:
            while path and path not in self.places:
                path = path[:-1]
            return f"{self.source}:{self.places.get(path, (1, 1))[0]}"
        lines = self._names.get(name)
        if not lines:
            return self.source
        return f"{self.source}:{lines.popleft() if len(lines) > 1 else lines[0]}"


def read_document(path: str, raw: bytes) -> PolicyDocument | None:
    """The data of a file, None when it holds nothing. Raises OrganizationError naming the file and, if known, line."""
    source = shown(path)
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise OrganizationError((f"{source}:{line}: not UTF-8",)) from error
    if not text.strip():
        return None
    is_yaml = path.endswith((".yaml", ".yml"))
    if not is_yaml and (text.lstrip()[0] in "{[" or path.endswith((".json", ".tfstate"))):
        document = _json(text, source)
    else:
        document = _yaml(text, source)
    if document.data is None:
        return None
    _refuse_strange_text(document)
    return document


def strict_json(text: str) -> object:
    """JSON without NaN and doubled keys. Raises ValueError (`_Doubled` for a key), RecursionError when too deep."""
    value: object = json.loads(text, object_pairs_hook=_pairs, parse_constant=_constant)
    return value


def embedded_json(text: str) -> object:
    """JSON inside a string of a document, held to the same rules. Raises ValueError."""
    try:
        value = strict_json(text)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if any(depth > MAX_DEPTH or _FORBIDDEN.search(part) for part, depth in _texts(value)):
        raise ValueError("nested too deep, or with characters that no policy needs")
    return value


def shown(text: str) -> str:
    """Foreign text for a message: one line, no characters that steer a terminal, not endless."""
    return cut(_FORBIDDEN.sub("�", text), 200)


def _json(text: str, source: str) -> PolicyDocument:
    if len(text) > MAX_JSON_BYTES:
        raise OrganizationError((f"{source}: larger than {MAX_JSON_BYTES // 2**20} MiB",))
    try:
        data = strict_json(text)
    except json.JSONDecodeError as error:
        raise OrganizationError((f"{source}:{error.lineno}: not JSON: {error.msg}",)) from error
    except _Doubled as error:
        line = _second_line(text, error.key)
        raise OrganizationError((f"{source}:{line}: key {shown(error.key)!r} stands twice in one object",)) from error
    except RecursionError as error:
        raise OrganizationError((f"{source}: nested too deep",)) from error
    except ValueError as error:  # NaN; an integer of thousands of digits
        raise OrganizationError((f"{source}: not JSON: {cut(str(error), 120)}",)) from error
    return PolicyDocument(source, data, None, _lines_of_names(text))


def _yaml(text: str, source: str) -> PolicyDocument:
    if len(text.encode("utf-8", "replace")) > MAX_YAML_BYTES:
        raise OrganizationError((f"{source}: larger than {MAX_YAML_BYTES // 1024} KiB, too large for YAML",))
    try:
        document = parse(text, source)
    except SpecError as error:
        raise OrganizationError(tuple(cut(problem, 400) for problem in error.problems)) from error
    except (ValueError, RecursionError) as error:
        raise OrganizationError((f"{source}: not YAML: {cut(str(error), 120)}",)) from error
    return PolicyDocument(source, document.data, document.places)


class _Doubled(ValueError):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


def _pairs(pairs: list[tuple[str, object]]) -> dict[str, object]:
    result = dict(pairs)
    if len(result) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise _Doubled(key)
            seen.add(key)
    return result


def _constant(name: str) -> float:
    raise ValueError(f"{name} is no number")


def _second_line(text: str, key: str) -> int:
    """Where a doubled key may stand: its second occurrence, or its first, or the top."""
    positions = [found.start() for found in re.finditer(re.escape(json.dumps(key)) + r"\s*:", text)][:2]
    return text.count("\n", 0, positions[-1]) + 1 if positions else 1


def _lines_of_names(text: str) -> dict[str, deque[int]]:
    ends = [found.start() for found in re.finditer("\n", text)]
    names: dict[str, deque[int]] = {}
    for found in _NAMED.finditer(text):
        try:
            name = json.loads(found.group(1) or found.group(2))
        except ValueError:
            continue
        names.setdefault(name, deque()).append(bisect_right(ends, found.start()) + 1)
    return names


def _refuse_strange_text(document: PolicyDocument) -> None:
    for text, depth in _texts(document.data):
        if depth > MAX_DEPTH:
            raise OrganizationError((f"{document.source}: nested deeper than {MAX_DEPTH} levels",))
        found = _FORBIDDEN.search(text)
        if found:
            code = f"U+{ord(found.group()):04X}"
            raise OrganizationError(
                (f"{document.source}: {shown(text)!r} has the character {code}, which no policy needs",)
            )


def _texts(data: object) -> Iterator[tuple[str, int]]:
    """Every string and key with its depth, without recursion. Raises nothing; numbers beyond range count as text."""
    stack: list[tuple[object, int]] = [(data, 0)]
    while stack:
        value, depth = stack.pop()
        if depth > MAX_DEPTH:
            yield "", depth
            return
        if isinstance(value, dict):
            for key, item in value.items():
                yield str(key), depth
                stack.append((item, depth + 1))
        elif isinstance(value, list):
            stack.extend((item, depth + 1) for item in value)
        elif isinstance(value, str):
            yield value, depth
        elif isinstance(value, float) and not math.isfinite(value):
            yield "\x00", depth  # 1e999: no JSON writer would write it, and none could write it back
