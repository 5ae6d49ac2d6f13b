"""Values that stand in both forms of an object: the API's literal and Terraform's template.

A renderer writes plain Python strings for text and `Text` for what Terraform knows by reference. Text of a spec can
never become an expression: only a `Reference` writes `${`, everything else is escaped on its way out.
Source: Terraform language, "Strings and Templates" (`$${` and `%%{` stand for the literal `${` and `%{`).
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import groupby
from typing import Final

from rayfence.model.frozen import dataclass

LETTERS: Final = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
PLAIN: Final = LETTERS | frozenset("0123456789-")


@dataclass(frozen=True, slots=True)
class Reference:
    """An expression of ours, and the text that it will be worth."""

    expression: str
    literal: str


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text and references in a row."""

    parts: tuple[str | Reference, ...]

    @property
    def literal(self) -> str:
        """What the API would be sent."""
        return "".join(part if isinstance(part, str) else part.literal for part in self.parts)

    @property
    def template(self) -> str:
        """What Terraform is given. Literal parts are joined before they are escaped: `$` and `{` must not meet."""
        written = ""
        for plain, parts in groupby(self.parts, lambda part: isinstance(part, str)):
            if plain:
                written += escaped("".join(part for part in parts if isinstance(part, str)))
                continue
            for part in parts:
                # After a literal `$`, the reference's own `${` would read as the escape `$${`.
                stem = written.rstrip("$") if written.endswith("$") else written
                written = stem + '${"$"}' * (len(written) - len(stem))
                written += "${" + part.expression + "}" if isinstance(part, Reference) else ""
        return written


def escaped(text: str) -> str:
    """Literal text as a Terraform template: `${x}` in a spec stays four characters and is never looked up."""
    return text.replace("${", "$${").replace("%{", "%%{") if "{" in text else text


def reference(expression: str, literal: str) -> Text:
    """`${expression}`, written by us alone, never made of a spec's text; `literal` is what it will be worth."""
    return Text((Reference(expression, literal),))


def text(*parts: str | Text) -> Text:
    """Parts in a row; strings are literal text."""
    flat: list[str | Reference] = []
    for part in parts:
        flat += part.parts if isinstance(part, Text) else (part,)
    return Text(tuple(flat))


def literal(value: object) -> object:
    """The API's form: references replaced by what they are worth, absent (None) fields left out."""
    return _converted(value, api=True)


def template(value: object) -> object:
    """Terraform's form: references as `${…}`, all other text escaped, map keys too; None fields left out."""
    return _converted(value, api=False)


def _converted(value: object, *, api: bool) -> object:
    if isinstance(value, str):
        return value if api else escaped(value)
    if isinstance(value, Text):
        return value.literal if api else value.template
    if isinstance(value, dict | Mapping):  # `dict`: answered at once
        return {
            (str(key) if api else escaped(str(key))): _converted(item, api=api)
            for key, item in value.items()
            if item is not None
        }
    if isinstance(value, list | tuple):
        return [_converted(item, api=api) for item in value if item is not None]
    return value


@lru_cache(maxsize=1024)
def label(*parts: str) -> str:
    """A Terraform name of these parts; different parts give different names, whatever they hold.

    Letters, digits and dashes stay, but the first character is a letter or `_`. Everything else, `_` included, is
    written as `_hex_`; parts are joined by `__`. Source: Terraform, rules for the names of resources.
    """
    return "__".join(
        "".join(
            character if character in (PLAIN if place or index else LETTERS) else f"_{ord(character):x}_"
            for index, character in enumerate(part)
        )
        for place, part in enumerate(parts)
    )
