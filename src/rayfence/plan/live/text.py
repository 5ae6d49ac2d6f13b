"""Drift as text for people, and as JSON for programs. Pure; colours and widths are the terminal's.

A line of text never holds a line break or a control character of the cluster's: names and values of other people's
making are written as JSON strings.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from itertools import groupby
from typing import Final

from rayfence.errors import FOREIGN_TEXT_LIMIT
from rayfence.model.frozen import dataclass
from rayfence.model.live import Drift, FieldChange, FieldState, ObjectDrift, ObjectState, Writer

_SUMMARY: Final[Mapping[ObjectState, str]] = {
    ObjectState.MISSING: "missing",
    ObjectState.CHANGED: "changed",
    ObjectState.EXTRA: "no longer in the spec",
    ObjectState.UNKNOWN: "could not be read",
}
_NOTHING: Final = "(nothing)"


@dataclass(frozen=True, slots=True)
class Line:
    """One line for a terminal. `depth`: 0 a group, 1 an object, 2 a field, 3 what is said of it; `alarm`: a guard."""

    depth: int
    text: str
    alarm: bool = False


def drift_lines(drift: Drift) -> Iterator[Line]:
    """By group and object: what we want, what is there, who wrote it last, and what it belongs to. Summary last."""
    for group, members in groupby(drift.objects, key=lambda item: item.group):
        yield Line(0, group)
        for item in members:
            yield from _object(item)
    yield Line(0, summary(drift), bool(drift.security))


def summary(drift: Drift) -> str:
    """One sentence: how many objects differ and how, and how many of them are guards."""
    if not drift.objects:
        return f"No drift: {drift.compared} objects are as specified."
    counted = [f"{len(drift.of(state))} {words}" for state, words in _SUMMARY.items() if drift.of(state)]
    guards = len(drift.security)
    more = f"; {guards} of them weaken{'s' * (guards == 1)} a guard or a right" if guards else ""
    return f"{drift.compared} objects compared: {', '.join(counted)}{more}."


def drift_json(drift: Drift) -> dict[str, object]:
    """`{compared, counts, security, objects}`; each object with its reference and its changes."""
    return {
        "compared": drift.compared,
        "counts": {str(state): len(drift.of(state)) for state in ObjectState},
        "security": len(drift.security),
        "objects": [{"reference": item.reference, **asdict(item)} for item in drift.objects],
    }


def _object(item: ObjectDrift) -> Iterator[Line]:
    words = {
        ObjectState.MISSING: "is missing",
        ObjectState.CHANGED: "differs",
        ObjectState.EXTRA: "is no longer in the spec",
        ObjectState.UNKNOWN: "could not be read",
    }
    belongs = f" [{item.belongs}]" if item.belongs else ""
    yield Line(1, f"{_clean(item.reference)} {words[item.state]}{belongs}", item.security)
    if item.note:
        yield Line(2, _clean(item.note), item.state is ObjectState.UNKNOWN)
    if item.state is ObjectState.EXTRA and item.by is not None:
        yield Line(2, f"written last by {_who(item.by)}")
    for change in item.changes:
        yield from _change(change)


def _change(change: FieldChange) -> Iterator[Line]:
    want, have = _shown(change.want), _shown(change.have)
    words = {
        FieldState.CHANGED: f"is {have}, should be {want}",
        FieldState.MISSING: f"is missing, should be {want}",
        FieldState.ADDED: f"was added: {have}",
        FieldState.FOREIGN: f"was put beside ours: {have}",
        FieldState.LEFT: f"is left of an earlier apply: {have}",
        FieldState.REORDERED: f"is in the order {have}, should be {want}",
    }
    yield Line(2, f"{_clean(change.path)} {words[change.state]}", change.security)
    said = [f"by {_who(change.by)}"] if change.by is not None else ["who did it is not recorded"]
    if change.belongs:
        said.append(_clean(change.belongs))
    yield Line(3, "; ".join(said))


def _who(writer: Writer) -> str:
    return _clean(str(writer))


def _shown(value: object) -> str:
    """A JSON value in one line, cut at the limit for foreign text."""
    if value is None:
        return _NOTHING
    text = json.dumps(value, ensure_ascii=True, sort_keys=True, default=str)
    return text if len(text) <= FOREIGN_TEXT_LIMIT else f"{text[: FOREIGN_TEXT_LIMIT - 1]}…"


def _clean(text: str) -> str:
    """Printable as it stands: control characters are written out, so that no name can move the cursor."""
    return "".join(character if character.isprintable() else f"\\u{ord(character):04x}" for character in text)
