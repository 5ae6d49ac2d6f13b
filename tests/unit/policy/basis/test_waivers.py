"""A waiver counts until its last day; ended and unreadable ones stop the plan, and all tell their owner."""

import datetime

import pytest

from rayfence.policy.basis.waivers import CONTROLS, State, counted, waiver_conflicts, waiver_warnings
from tests.unit.policy.platforms import TODAY, waiver


@pytest.mark.parametrize(
    ("expires", "state"),
    [
        ("2026-11-25", State.EXPIRED),
        ("2026-11-26", State.ENDING),
        ("2026-12-26", State.ENDING),
        ("2026-12-27", State.ACTIVE),
        ("soon", State.UNREADABLE),
        ("", State.UNREADABLE),
    ],
)
def test_the_last_day_still_counts(expires: str, state: State) -> None:
    item = counted(waiver("node-image", expires), TODAY)
    assert item.state is state
    assert item.active is (state in {State.ACTIVE, State.ENDING})


def test_ended_waivers_are_conflicts_that_name_field_and_owner() -> None:
    waivers = (waiver("node-image"), waiver("alerts", "2026-01-01"), waiver("flow-logs", "never"))
    ended, unreadable = waiver_conflicts(waivers, TODAY)
    assert ended.fields == ("waivers[1].expires",)
    assert "ended on 2026-01-01" in ended.problem
    assert any("ada@acme.com" in remedy for remedy in ended.remedies)
    assert "'never' is no date" in unreadable.problem


def test_near_ends_and_unused_waivers_are_told() -> None:
    near = (TODAY + datetime.timedelta(days=3)).isoformat()
    texts = list(waiver_warnings((waiver("alerts", near), waiver("node-image")), frozenset({"alerts"}), TODAY))
    assert texts[0].startswith("the waiver of alerts ends in 3 days")
    assert texts[1].startswith("the waiver of node-image is not needed")
    assert len(texts) == 2


def test_every_control_says_what_is_lost() -> None:
    assert all(CONTROLS.values())
