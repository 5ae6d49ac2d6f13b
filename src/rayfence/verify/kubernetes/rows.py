"""One row of evidence on a cluster: the only place where an attack and its control become a verdict. Pure."""

from collections.abc import Callable, Iterable
from typing import Final

from rayfence.errors import cut
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.verdict import Verdict

#: Words of a server or of a pod, in a row.
_TEXT: Final = 400


@dataclass(frozen=True, slots=True)
class Showing:
    """How something that was tried ended. `succeeded` None: it can't be told. `words`: what was seen."""

    succeeded: bool | None
    words: str


@dataclass(frozen=True, slots=True)
class Works:
    """Whether the control showed what it must, and in words what it showed."""

    yes: bool
    words: str


@dataclass(frozen=True, slots=True)
class Title:
    """What a row is about. `expected`: how a cluster that holds behaves."""

    attack: str
    group: str
    title: str
    expected: str
    source: str = ""


@dataclass(frozen=True, slots=True)
class Remedy:
    """The object to mend, `NetworkPolicy vision/default-deny`, and the field, of the spec where that is known."""

    object: str
    field: str = ""


def verdict_of(attack: Showing, control: Works) -> Verdict:
    """A hole is a hole, whether or not the control worked; nothing is shown by a refusal without it."""
    if attack.succeeded:
        return Verdict.FAIL
    return Verdict.PASS if attack.succeeded is False and control.yes else Verdict.UNKNOWN


def row(title: Title, attack: Showing, control: Works, remedy: Remedy | None = None) -> Evidence:
    """The evidence; `remedy` is told where the attack succeeded."""
    verdict = verdict_of(attack, control)
    told = remedy if remedy is not None and verdict is Verdict.FAIL else Remedy("")
    return Evidence(
        attack=title.attack,
        group=title.group,
        title=title.title,
        verdict=verdict,
        expected=title.expected,
        seen=cut(attack.words, _TEXT),
        control=cut(control.words, _TEXT),
        source=title.source,
        fix=told.object,
        field=told.field,
    )


def not_applicable(title: Title, why: str) -> Evidence:
    """What the spec does not have."""
    return Evidence(
        title.attack, title.group, title.title, Verdict.NOT_APPLICABLE, title.expected, why, "not tried", title.source
    )


def unknown(title: Title, why: str) -> Evidence:
    """What could not be tried."""
    return row(title, Showing(None, why), Works(yes=False, words="not tried"))


def listed(words: Iterable[str], limit: int = 6) -> str:
    """Some of them, and how many more."""
    found = list(words)
    more = f" and {len(found) - limit} more" if len(found) > limit else ""
    return ", ".join(found[:limit]) + more


#: Whether an attack of this id was asked for.
Chosen = Callable[[str], bool]
