"""JSON from clients, read so that no second reader can read it differently."""

import json
from typing import Final

#: Deeper than any real submission; far below what exhausts a stack.
MAX_DEPTH: Final = 32


def parse_strict(data: bytes) -> object:
    """The value of one UTF-8 JSON text. Raises ValueError: not JSON, a doubled key, NaN or Infinity, too deep."""
    try:
        value: object = json.loads(data.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_refuse)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")  # first-wins and last-wins readers would see different jobs
    return value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _depth(value: object) -> int:
    depth, level = 0, [value]
    while level and depth <= MAX_DEPTH:
        depth += 1
        level = [
            child
            for item in level
            if isinstance(item, dict | list)
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return depth
