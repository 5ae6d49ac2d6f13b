"""Lifetimes that only make sense in order."""

from collections.abc import Iterator

from rayfence.spec.view import Problem, View

_DEFAULT, _DEFAULT_LONGEST = 60, 12 * 60


def tokens(document: View) -> Iterator[Problem]:
    """What a token lives by default is not above the longest that may be asked for."""
    view = document.at("identity", "tokens")
    given, longest = view.at("tokenMinutes"), view.at("maxTokenMinutes")
    minutes = given.number if given.given else _DEFAULT
    most = longest.number if longest.given else _DEFAULT_LONGEST
    if minutes is not None and most is not None and minutes > most:
        where = given if given.given else longest
        yield where.problem(f"tokenMinutes ({minutes}) is above maxTokenMinutes ({most})")
