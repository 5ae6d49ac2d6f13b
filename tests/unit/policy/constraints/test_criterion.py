"""One broken field violates, one untold field is unknown, and nothing at all is what the caller says."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.criterion import Mark, irrelevant, weigh

NOTHING = irrelevant("nothing there")


@pytest.mark.parametrize(
    ("marks", "outcome", "fields"),
    [
        ([], Outcome.NOT_RELEVANT, ()),
        ([Mark("a")], Outcome.SATISFIED_BY, ("a",)),
        ([Mark("a"), Mark("b", missing="x")], Outcome.UNKNOWN, ("b",)),
        ([Mark("a", "bad"), Mark("b", missing="x"), Mark("c")], Outcome.VIOLATED, ("a",)),
        ([Mark("a"), Mark("a")], Outcome.SATISFIED_BY, ("a",)),
    ],
)
def test_the_worst_mark_decides(marks: list[Mark], outcome: Outcome, fields: tuple[str, ...]) -> None:
    found = weigh(marks, "good", NOTHING)
    assert (found.outcome, found.fields) == (outcome, fields)


def test_many_problems_are_counted_and_all_fields_named() -> None:
    found = weigh([Mark(f"f{number}", f"p{number}") for number in range(9)], "good", NOTHING)
    assert found.reason == "p0; p1; p2; p3; and 5 more" and len(found.fields) == 9
