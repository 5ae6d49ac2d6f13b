"""The text of a condition, made fit for the parser, or refused.

The parser's own patterns for string literals try exponentially many ways when a literal does not end (`"\\a\\a\\a…`),
and end a raw string that closes on a backslash in the wrong place. So literals are measured here first, in one pass.
Bounds length and nesting. Drops the comma before a closing bracket, which the language allows and the parser does not.

Pure. Source: the CEL language definition, "Syntax".
"""

import re
from collections.abc import Iterator
from typing import Final

from rayfence.errors import cut

#: Google takes conditions of at most 1000 characters.
LONGEST: Final = 4096
DEEPEST: Final = 40

#: What lies between literals: white space, comments, brackets, commas, and anything else a character at a time.
_BETWEEN: Final = re.compile(
    r"(?P<gap>[ \t\n\f\r]+|//[^\n]*)|(?P<open>[(\[{])|(?P<close>[)\]}])|(?P<comma>,)|(?P<other>.)"
)
#: A literal's beginning: prefix and quotes. Longest quotes first.
_QUOTES: Final = re.compile(r"(?P<prefix>[rRbB]{0,2})(?P<quotes>\"\"\"|'''|\"|')")
_PAIRS: Final = {")": "(", "]": "[", "}": "{"}


class BadCondition(ValueError):
    """The condition can't be read; the message says why."""


def tidy(text: str) -> str:
    """`text` as the parser can read it, of the same length. Raises BadCondition."""
    if len(text) > LONGEST:
        raise BadCondition(f"it has {len(text)} characters; Google takes 1000, rayfence reads {LONGEST}")
    if "${" in text:
        placeholder = text[text.index("${") :].partition("}")[0] + "}"
        raise BadCondition(
            f"it holds the placeholder {cut(placeholder, 60)}: the exported constraint is wanted, not its template"
        )
    out = list(text)
    opened: list[str] = []
    comma, before = -1, ""  # where the last comma stands, and what stood before it
    last = ""  # the last character that means something
    for start, mark in _tokens(text):
        if mark in "([{":
            opened.append(mark)
            if len(opened) > DEEPEST:
                raise BadCondition(f"its brackets are nested deeper than {DEEPEST}")
        elif mark in _PAIRS:
            if not opened or opened.pop() != _PAIRS[mark]:
                raise BadCondition(f"its brackets don't match at character {start + 1}")
            if last == "," and mark != ")" and before not in ("[", "{", ","):
                out[comma] = " "
        elif mark == ",":
            comma, before = start, last
        last = mark
    if opened:
        raise BadCondition(f"a bracket {opened[-1]} is never closed")
    return "".join(out)


def _tokens(text: str) -> Iterator[tuple[int, str]]:
    """Position and text of what means something; a literal is `"`, whatever is in it. Raises BadCondition."""
    position = 0
    word = False  # inside a name, where r and b are letters and no prefix
    while position < len(text):
        literal = None if word else _QUOTES.match(text, position)
        if literal is not None:
            yield position, '"'
            position = _literal_end(text, literal)
            continue
        found = _BETWEEN.match(text, position)
        character = text[position]
        if found is None:
            raise BadCondition(f"character {position + 1} can't be read")
        word = character.isalnum() or character == "_"
        if found["gap"] is None:
            yield position, found[0]
        position = found.end()


def _literal_end(text: str, begin: re.Match[str]) -> int:
    """Where the literal that `begin` opens ends. Raises BadCondition."""
    quotes, raw = begin["quotes"], "r" in begin["prefix"].lower()
    position = begin.end()
    while position < len(text):
        if text.startswith(quotes, position):
            return position + len(quotes)
        character = text[position]
        if character == "\n" and len(quotes) == 1:
            break
        if character == "\\":
            if raw and text.startswith(quotes[0], position + 1):
                raise BadCondition("a raw string with a backslash before a quote can't be read reliably")
            if not raw:
                position += 1
        position += 1
    raise BadCondition(f"the string that begins at character {begin.start() + 1} does not end")
