"""Pieces of CEL, Kubernetes' language of admission. Every string of ours enters an expression through `text`.

Only what every CEL engine has: no optional types, no list or regex extensions, so that tests can run the expressions.
Source: CEL's language definition; Kubernetes' ValidatingAdmissionPolicy.
"""

import re
from collections.abc import Iterable

_ESCAPES = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}


def text(value: str) -> str:
    """A string literal. Raises ValueError for a lone surrogate, which CEL can't hold."""
    return f'"{"".join(map(_escaped, value))}"'


def _escaped(character: str) -> str:
    code = ord(character)
    if character in _ESCAPES:
        return _ESCAPES[character]
    if 0x20 <= code < 0x7F:
        return character
    if 0xD800 <= code <= 0xDFFF:
        raise ValueError("a lone surrogate can't be written in CEL")
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def texts(values: Iterable[str]) -> str:
    """A list of string literals."""
    return f"[{', '.join(map(text, values))}]"


def all_of(conditions: Iterable[str]) -> str:
    """All hold; true of none."""
    return " && ".join(f"({condition})" for condition in conditions) or "true"


def absent_or(path: str, condition: str) -> str:
    """The optional field at `path` is unset, or the condition holds."""
    return f"!has({path}) || ({condition})"


def every(path: str, variable: str, condition: str) -> str:
    """The optional list at `path` is unset, or the condition holds of each of its items."""
    return absent_or(path, f"{path}.all({variable}, {condition})")


def unset_or_false(path: str) -> str:
    """An optional boolean that is not true."""
    return absent_or(path, f"{path} == false")


def at_least(floor: tuple[int, int, int]) -> str:
    """An RE2 expression of released versions (`2.52.0`) from `floor` on; candidates and nightly builds do not match."""
    major, minor, patch = floor
    number = "[0-9]+"
    alternatives = (
        rf"{_above(major)}\.{number}\.{number}",
        rf"{major}\.{_above(minor)}\.{number}",
        rf"{major}\.{minor}\.{_from(patch)}",
    )
    return f"^(?:{'|'.join(alternatives)})$"


def _from(number: int) -> str:
    return f"(?:{number}|{_above(number)})"


def _above(number: int) -> str:
    """Decimal numbers greater than `number`, without leading zeros."""
    digits = str(number)
    found = [f"[1-9][0-9]{{{len(digits)},}}"]  # more digits
    for place, digit in enumerate(digits):
        if digit != "9":
            rest = len(digits) - place - 1
            found.append(f"{digits[:place]}[{int(digit) + 1}-9]" + (f"[0-9]{{{rest}}}" if rest else ""))
    return f"(?:{'|'.join(found)})"


def image_pattern(registries: Iterable[str]) -> str:
    """An RE2 expression of images by digest below one of these prefixes; of nothing when there are none.

    A prefix ends at a path boundary: `pkg.dev/p/ray` must not admit `pkg.dev/p/ray-of-somebody-else/x`.
    """
    prefixes = [re.escape(registry.rstrip("/") + "/") for registry in registries if registry.strip("/")]
    if not prefixes:
        return r"^\b\B$"
    component = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
    path = f"{component}(?:/{component})*"
    return f"^(?:{'|'.join(prefixes)}){path}(?::[A-Za-z0-9_][A-Za-z0-9._-]*)?@sha256:[0-9a-f]{{64}}$"
