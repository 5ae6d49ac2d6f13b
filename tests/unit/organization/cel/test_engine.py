"""Conditions on messages: the language's semantics, and the bound on the work."""

from datetime import timedelta
from typing import Any

import pytest

from rayfence.catalog.api_messages import ApiMessages
from rayfence.organization.cel.engine import Condition, Meter, Spent, Undecided, to_cel, weight
from rayfence.organization.cel.source import BadCondition
from rayfence.organization.messages import Message

TYPES = ApiMessages(
    {},
    {
        "a.Top": {
            "name": "string",
            "size": "int",
            "on": "bool?",
            "age": "duration",
            "made": "timestamp",
            "mode": "enum=NONE",
            "tags": "[]string",
            "labels": "{}string",
            "inner": "a.Top",
            "inners": "[]a.Top",
            "wrapped": "null|bool",
        }
    },
)
BODY: dict[str, Any] = {
    "name": "n",
    "size": "5",
    "on": False,
    "age": "3600s",
    "made": "2026-01-02T00:00:00Z",
    "tags": ["a", "b"],
    "labels": {"k": "v"},
    "inners": [{"name": "x"}, {"name": "y", "size": 9}],
}


def holds(text: str, body: dict[str, Any] | None = None, steps: int = 10_000) -> bool:
    return Condition(text).holds(Message(TYPES, "a.Top", BODY if body is None else body, "", {}), Meter(steps))


@pytest.mark.parametrize(
    "text",
    [
        "resource.name == 'n' && resource.size > 4",
        "resource.inner.inner.name == ''",
        "!has(resource.inner) && has(resource.on) && !resource.on",
        "has(resource.labels.k) && !has(resource.labels.other)",
        "resource.labels['k'] == 'v' && 'k' in resource.labels",
        "resource.mode == 'NONE' && !has(resource.mode)",
        "resource.age >= duration('1h') && resource.age < duration('3601s')",
        "resource.made > timestamp('2026-01-01T00:00:00Z') && resource.made.getFullYear() == 2026",
        "resource.tags.exists(t, t == 'b') && resource.tags.all(t, size(t) == 1)",
        "resource.inners.exists(i, i.size == 9 && i.name.startsWith('y'))",
        "resource.inners.filter(i, i.size > 0).size() == 1",
        "resource.inners.map(i, i.name) == ['x', 'y']",
        "resource.inners.exists_one(i, i.name == 'x')",
        "resource.name in ['m', 'n',]",
        "resource.wrapped == null",
        "(resource.size > 3 ? 'big' : 'small') == 'big'",
        "resource.name.matches('^[a-z]$') && resource.name.contains('n') && resource.name.endsWith('n')",
        "size(resource.tags) == 2 && resource.tags[1] == 'b'",
        "resource.nosuch == 1 || true",
        "int('7') + resource.size == 12",
    ],
)
def test_true(text: str) -> None:
    assert holds(text)
    assert not holds(f"!({text})")


@pytest.mark.parametrize(
    "text",
    [
        "resource.nosuch == 1",
        "has(resource.nosuch)",
        "has(resource.nosuch.deeper)",
        "has(resource.inner.nosuch)",
        "has(resource)",
        "has(resource.name.x)",
        "resource.name.x == 1",
        "resource.labels.other == 'v'",
        "resource.size",
        "resource.size == 'five' || resource.size == 'six'",
        "resource.tags[7] == 'x'",
        "resource['name'] == 'n'",
        "resource.tags.exists(t, t > 3)",
        "1 / 0 == 1",
        "int('x') == 1",
        "resource.inners.map(i, i.nosuch) == []",
    ],
)
def test_undecided(text: str) -> None:
    with pytest.raises(Undecided):
        holds(text)


def test_the_reason_is_without_the_engines_internals() -> None:
    with pytest.raises(Undecided) as caught:
        holds("resource.name + true == 'x'")
    assert "class" not in str(caught.value) and "Token" not in str(caught.value)
    assert "(string, bool)" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("resource.name ==", "parsed"),
        ("", "parsed"),
        ("f(resource)", "f\\(\\)"),
        ("resource.name.reverse() == ''", "reverse"),
        ("resource.tags.min() == ''", "min"),
        ("resource.tags.exists(t) ", "wants a variable"),
        ("resource.tags.exists(a.b, true)", "wants a variable"),
        ("resource.tags.exists(a, b, true)", "wants a variable"),
        ("self.name == ''", "self"),
        (".resource.name == ''", "root scope"),
        ("a.Top{name: 'x'} == resource", "constructs"),
    ],
)
def test_refused_before_it_runs(text: str, said: str) -> None:
    with pytest.raises(BadCondition, match=said):
        Condition(text)


def test_a_variable_is_known_only_inside_its_macro() -> None:
    with pytest.raises(Undecided, match="undeclared"):
        holds("resource.tags.exists(t, t == 'zz') || t == 'a'")


def test_work_is_bounded_by_steps() -> None:
    text = "resource.tags.all(a, resource.tags.all(b, a != 'c'))"
    assert holds(text)
    with pytest.raises(Spent):
        holds(text, steps=20)


@pytest.mark.parametrize(
    "text", ["['a']" + ".map(x, [x, x])" * 60 + " == []", "['ab']" + ".map(x, x + x)" * 60 + " == []"]
)
def test_values_that_double_run_out_of_steps(text: str) -> None:
    with pytest.raises(Spent):
        holds(text)


def test_a_chain_too_long_for_the_interpreter_is_undecided() -> None:
    with pytest.raises(Undecided, match="deep"):
        holds("true" + "&&true" * 670)


def test_weight_counts_what_is_shared_each_time_and_stops() -> None:
    twice: list[Any] = ["x" * 160]
    for _ in range(80):
        twice = [twice, twice]
    assert 1000 < weight(twice, 1000) < 2000
    assert weight({"a": ["x" * 160]}, 1000) == 12


def test_conversion() -> None:
    assert repr(to_cel([True, 1, "a", None])) == "ListType([BoolType(True), IntType(1), StringType('a'), None])"
    assert to_cel(timedelta(seconds=5)) == to_cel(timedelta(seconds=5))
    assert repr(to_cel({"k": 1.5})) == "MapType({StringType('k'): DoubleType(1.5)})"
