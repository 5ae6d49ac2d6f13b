"""What is read from any status."""

import datetime

import pytest

from rayfence.errors import FOREIGN_TEXT_LIMIT
from rayfence.model.live import Phase
from rayfence.plan.live.ready.status import (
    age,
    at,
    conditions,
    failed,
    is_stale,
    items,
    moment,
    number,
    ready,
    said,
    text,
    waiting,
    written,
)
from tests.unit.plan.live.ready.live_objects import NOW, WRITTEN, condition, live


def test_paths_that_break_off_give_nothing() -> None:
    value = {"a": {"b": [{"c": 1}, "x"], "n": 3}}
    assert at(value, "a", "n") == 3 and at(value, "a", "x", "y") is None and at(None, "a") is None
    assert text(value, "a", "x") == "" and number(value, "a", "b") == 0 and items(value, "a", "b") == [{"c": 1}]
    assert items(value, "a") == []


def test_conditions_may_hold_or_not_or_be_unknown() -> None:
    found = conditions(
        live(
            "A",
            status={"conditions": [condition("X", "True"), condition("Y", "False", observed=1), condition("Z", "?")]},
        )
    )
    assert [item.holds for item in found.values()] == [True, False, None]
    assert [item.observed for item in found.values()] == [None, 1, None]
    assert conditions({"conditions": [condition("X", "True")]}, "conditions")["X"].holds


@pytest.mark.parametrize(("observed", "stale"), [(1, True), (2, False), (3, False), (None, True)])
def test_a_status_of_an_older_spec_is_stale(observed: int | None, stale: bool) -> None:
    assert is_stale(live("A", status={"observedGeneration": observed})) is stale


def test_foreign_text_is_one_line_and_cut() -> None:
    assert said("a\n\tb\x1b[31m  c ") == "a b [31m c"
    assert len(said("x" * 5000)) == FOREIGN_TEXT_LIMIT and said("x" * 5000).endswith("…")


def test_times() -> None:
    assert moment("2026-11-26T06:00:00Z") == datetime.datetime(2026, 11, 26, 6, tzinfo=datetime.UTC)
    assert moment("2026-11-26T06:00:00.123456Z") is not None
    assert moment("yesterday") is None and moment("2026-11-26T06:00:00") is None and moment("") is None
    assert age(live("A"), NOW) == 4200 and age({}, NOW) is None


def test_a_written_status_is_no_written_object() -> None:
    assert written(live("A")) == moment(WRITTEN)
    assert written({}) is None


def test_three_words_for_how_far_a_thing_is() -> None:
    assert ready("x").phase is Phase.READY and waiting("x", "y").next_step == "y"
    assert failed("x", "y").phase is Phase.FAILED and failed("x", "y", transient=True).transient
