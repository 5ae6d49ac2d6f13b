"""JSON from clients, read so that no second reader can read it differently."""

import json
import math
import re
from typing import Final

#: Deeper than any real submission; far below what exhausts a stack.
MAX_DEPTH: Final = 32
#: An escape of a surrogate; two make a character, one makes none.
_HALF: Final = re.compile(r"\\u[dD][89a-fA-F]")


def parse_strict(data: bytes) -> object:
    """The value of one UTF-8 JSON text.

    Raises ValueError: not JSON, a doubled key, NaN or Infinity (a number too large for one, too), half a character,
    too deep.
    """
    text = data.decode("utf-8")
    try:
        value: object = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=_finite)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if _depth(value) > MAX_DEPTH:
        raise ValueError("nested too deeply")
    if _HALF.search(text):
        _check_characters(value)
    return value


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")  # first-wins and last-wins readers would see different jobs
    return value


def _refuse(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _finite(number: str) -> float:
    value = float(number)
    if math.isinf(value):
        raise ValueError("a number is too large")
    return value


def _check_characters(value: object) -> None:
    """A lone surrogate has no UTF-8 form: stored in Ray, it would break every list that shows it."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise ValueError("an escape stands for half a character") from None


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
