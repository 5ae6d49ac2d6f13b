"""Lifetimes in order."""

from rayfence.spec.v1alpha1.rules.limits import tokens
from rayfence.spec.view import View


def told(**given: int) -> list[tuple[str | int, ...]]:
    return [problem.path for problem in tokens(View({"identity": {"tokens": given}}))]


def test_what_is_given_by_default_is_not_above_the_longest() -> None:
    assert told(tokenMinutes=90, maxTokenMinutes=60) == [("identity", "tokens", "tokenMinutes")]
    assert told(maxTokenMinutes=30) == [("identity", "tokens", "maxTokenMinutes")]
    assert told(tokenMinutes=800) == [("identity", "tokens", "tokenMinutes")]
    assert told() == told(tokenMinutes=60, maxTokenMinutes=60) == []
