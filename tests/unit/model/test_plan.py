"""What of a plan is pending."""

from rayfence.model.plan import Action, Change, Plan

PLAN = Plan(
    "t",
    "digest",
    (
        Change("file", "a", Action.KEEP, ""),
        Change("file", "b", Action.UPDATE, ""),
        Change("process", "c", Action.START, ""),
    ),
)


def test_kept_things_are_not_pending() -> None:
    assert [change.name for change in PLAN.pending] == ["b", "c"]


def test_touches_names_by_kind() -> None:
    assert PLAN.touches("file") == {"b"}
    assert PLAN.touches("secret") == frozenset()
