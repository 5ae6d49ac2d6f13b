"""A shorter file form for large tables: what repeats is written once and meant again by name.

Envoy reads files named `*.yaml` with a YAML reader, to which JSON with anchors (`&a1`) and aliases (`*a1`) is one more
spelling of the same values: a table of routes, whose filters repeat on every route, shrinks to a sixth. A ConfigMap
holds one mebibyte. Pure and deterministic; whoever reads the file with any YAML reader gets the same values.
"""

import json
from collections import Counter
from typing import Final

#: Values whose JSON is shorter are repeated as they are.
_WORTH: Final = 48
#: Repetition is looked for from a table's routes down to the settings of a route's filters: what stands above is there
#: once, and what lies deeper repeats along with them.
_FROM: Final = 6
_TO: Final = 8
_ENCODE: Final = json.JSONEncoder(separators=(",", ": "), sort_keys=True).encode


def compact(value: object) -> str:
    """One JSON value with anchors; lists of objects one object a line, so that two versions can be compared."""
    return _Writer(value).text


class _Writer:
    def __init__(self, value: object) -> None:
        self._texts: dict[int, str] = {}  # by identity: the value is held by the caller meanwhile
        self._counts: Counter[str] = Counter()
        self._names: dict[str, str] = {}
        self._count(value, 0)
        self.text = self._write(value, 0)

    def _count(self, value: object, level: int) -> None:
        if not isinstance(value, dict | list) or level > _TO:
            return
        if level >= _FROM:
            text = self._texts[id(value)] = _ENCODE(value)
            self._counts[text] += 1
            if self._counts[text] > 1 or len(text) < _WORTH:  # what is in a repeated value does not count again
                return
        for item in value.values() if isinstance(value, dict) else value:
            self._count(item, level + 1)

    def _write(self, value: object, level: int) -> str:
        if not isinstance(value, dict | list):
            return _ENCODE(value)
        anchor = ""
        if level >= _FROM:
            text = self._texts.get(id(value))
            if text is None or len(text) < _WORTH:
                return text or _ENCODE(value)
            if (name := self._names.get(text)) is not None:
                return f"*{name} "
            if self._counts[text] > 1:
                self._names[text] = name = f"a{len(self._names)}"
                anchor = f"&{name} "
        if isinstance(value, dict):
            parts = (f"{_ENCODE(key)}: {self._write(item, level + 1)}" for key, item in sorted(value.items()))
            return f"{anchor}{{{','.join(parts)}}}"
        items = [self._write(item, level + 1) for item in value]
        if level < _FROM and len(items) > 1:
            return "[\n" + ",\n".join(items) + "\n]"
        return f"{anchor}[{','.join(items)}]"
