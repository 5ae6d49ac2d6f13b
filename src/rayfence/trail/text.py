"""Untrusted text on its way into a record or onto a terminal.

Paths, subjects and headers are chosen by callers. Written raw, an escape sequence in a path would rewrite the screen
of whoever runs `trail tail`, a bidirectional override would make one name look like another, and a megabyte of it
would bury the trail.
"""

from typing import Final

#: Characters kept of a text by default; what was cut is counted, so two long texts never look like one short one.
TEXT_LIMIT: Final = 256


def clean(text: str, limit: int = TEXT_LIMIT) -> str:
    """`text` with every unprintable character visible as `\\xNN` or `\\uNNNN`, cut at `limit` characters.

    A backslash is doubled, so that an escaped control character and its literal spelling stay apart. Unprintable is
    what Unicode calls control, format (bidirectional overrides, zero-width), surrogate, separator or unassigned.
    """
    if len(text) <= limit and text.isprintable() and "\\" not in text:
        return text
    # A cut is made before escaping: a cut inside an escape would leave half of it.
    kept = "".join(_visible(character) for character in text[:limit])
    return kept if len(text) <= limit else f"{kept}…(+{len(text) - limit})"


def _visible(character: str) -> str:
    if character == "\\":
        return "\\\\"
    if character.isprintable():
        return character
    code = ord(character)
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def printable(text: str) -> str:
    """`text` for a terminal: like `clean`, but uncut and with backslashes left alone.

    For text that was cleaned when written.
    """
    return text if text.isprintable() else "".join(c if c.isprintable() else _visible(c) for c in text)
