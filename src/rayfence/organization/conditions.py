"""Conditions of policy rules: tag functions joined by `&&`, `||`, `!`, decided in three values.

`resource.matchTag('ORG/key', 'value')`, `matchTagId('tagKeys/1', 'tagValues/2')`, `hasTagKey('ORG/key')` and
`hasTagKeyId('tagKeys/1')` are all that Google allows, one to ten of them (reference of the API,
`PolicyRule.condition`). Anything else is a mistake in the file or a newer function: the rule can't be decided then.
"""

import re
from collections.abc import Sequence
from typing import Final

from rayfence.model.frozen import dataclass

#: Google allows ten tag functions; a longer text is nothing it would have accepted.
MAX_FUNCTIONS: Final = 10
MAX_LENGTH: Final = 10_000

_TOKEN: Final = re.compile(
    r"\s*(?:(?P<op>&&|\|\||!|\(|\)|,)|(?P<name>resource\.[A-Za-z]+)|'(?P<single>[^'\\]*)'|\"(?P<double>[^\"\\]*)\")"
)
_FUNCTIONS: Final = {"matchTag": 2, "matchTagId": 2, "hasTagKey": 1, "hasTagKeyId": 1}
_KEY: Final = re.compile(r"^[^/\s=]+/[^/\s=]+\Z")
_KEY_ID: Final = re.compile(r"^tagKeys/[^/\s=]+\Z")


class NotACondition(ValueError):
    """The text is not a condition Google would accept."""


@dataclass(frozen=True, slots=True)
class TagBindings:
    """Tags of the project. `named`: `ORG/key` to value; `ids`: `tagKeys/1` to `tagValues/2`; None: not known.

    Tags of folders and of the organisation are inherited, so a list must hold them too. Both None: nothing is known of
    the project's tags. A complete list of one spelling says nothing of the other.
    """

    named: dict[str, str] | None = None
    ids: dict[str, str] | None = None


def tag_bindings(tags: Sequence[str] | None) -> TagBindings:
    """Bindings from `ORG/key=value` and `tagKeys/1=tagValues/2`; None: unknown.

    Raises NotACondition: a binding that is neither, or a key bound twice to different values (Google allows one).
    """
    if tags is None:
        return TagBindings()
    named: dict[str, str] = {}
    ids: dict[str, str] = {}
    for tag in tags:
        key, equals, value = tag.partition("=")
        is_id = bool(_KEY_ID.match(key))
        if not equals or not value or not (is_id or _KEY.match(key)):
            raise NotACondition(f"{tag!r} is neither ORG/key=value nor tagKeys/ID=tagValues/ID")
        target = ids if is_id else named
        if target.setdefault(key, value) != value:
            raise NotACondition(f"tag {key!r} has two values")
    # An empty list says that there are no tags. A list in one spelling leaves the other unknown: ids are not names.
    return TagBindings(named if named or not ids else None, ids if ids or not named else None)


def holds(condition: str, tags: TagBindings) -> bool | None:
    """Whether `condition` holds for the project; None: can't be told without its tags.

    Raises NotACondition: the text is not one.
    """
    if len(condition) > MAX_LENGTH:
        raise NotACondition("a condition of more than 10 000 characters")
    return _Reader(_tokens(condition), tags).read()


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position, end = 0, len(text.rstrip())
    while position < end:
        found = _TOKEN.match(text, position)
        if found is None:
            raise NotACondition(f"{text[position : position + 40].strip()!r} is no tag function")
        kind = found.lastgroup or ""
        tokens.append(("text" if kind in {"single", "double"} else kind, found.group(kind)))
        position = found.end()
    return tokens


class _Reader:
    """Recursive descent over at most a few dozen tokens: depth is bounded by `MAX_DEPTH`."""

    MAX_DEPTH: Final = 20

    def __init__(self, tokens: list[tuple[str, str]], tags: TagBindings) -> None:
        self._tokens = tokens
        self._tags = tags
        self._next = 0
        self._functions = 0

    def read(self) -> bool | None:
        value = self._either(0)
        if self._next != len(self._tokens):
            raise NotACondition(f"{self._tokens[self._next][1]!r} is in the wrong place")
        return value

    def _either(self, depth: int) -> bool | None:
        if depth > self.MAX_DEPTH:
            raise NotACondition("a condition with too many parentheses")
        values = [self._both(depth)]
        while self._take("||"):
            values.append(self._both(depth))
        return True if True in values else None if None in values else False

    def _both(self, depth: int) -> bool | None:
        values = [self._single(depth)]
        while self._take("&&"):
            values.append(self._single(depth))
        return False if False in values else None if None in values else True

    def _single(self, depth: int) -> bool | None:
        negated = False
        while self._take("!"):
            negated = not negated
        if self._take("("):
            value = self._either(depth + 1)
            self._want(")")
        else:
            value = self._function()
        return value if value is None or not negated else not value

    def _function(self) -> bool | None:
        kind, name = self._pop()
        function = name.removeprefix("resource.")
        if kind != "name" or function not in _FUNCTIONS:
            raise NotACondition(f"{name!r} is no tag function")
        self._functions += 1
        if self._functions > MAX_FUNCTIONS:
            raise NotACondition(f"more than {MAX_FUNCTIONS} tag functions")
        self._want("(")
        arguments = [self._text()]
        for _ in range(_FUNCTIONS[function] - 1):
            self._want(",")
            arguments.append(self._text())
        self._want(")")
        by_id = function.endswith("Id")
        if not (_KEY_ID if by_id else _KEY).match(arguments[0]):
            raise NotACondition(f"{arguments[0]!r} is no {'tag key id' if by_id else 'tag key such as 123/env'}")
        bound = self._tags.ids if by_id else self._tags.named
        if bound is None:
            return None
        return arguments[0] in bound if len(arguments) == 1 else bound.get(arguments[0]) == arguments[1]

    def _text(self) -> str:
        kind, value = self._pop()
        if kind != "text":
            raise NotACondition(f"{value!r} should be quoted text")
        return value

    def _pop(self) -> tuple[str, str]:
        if self._next == len(self._tokens):
            raise NotACondition("the condition ends too early")
        self._next += 1
        return self._tokens[self._next - 1]

    def _take(self, operator: str) -> bool:
        if self._next < len(self._tokens) and self._tokens[self._next] == ("op", operator):
            self._next += 1
            return True
        return False

    def _want(self, operator: str) -> None:
        if not self._take(operator):
            raise NotACondition(f"{operator!r} is missing")
