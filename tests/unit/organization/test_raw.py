"""Raw policies."""

from rayfence.organization.raw import MAX_PROBLEMS, RawPolicy, RawRule, capped


def test_policies_are_compared_by_what_they_set() -> None:
    one = RawPolicy("a.b", "folders/1", "f:1", (RawRule(enforce=True),))
    assert one.same_as(RawPolicy("a.b", "folders/2", "g:2", (RawRule(enforce=True),)))
    assert not one.same_as(RawPolicy("a.b", "folders/1", "f:1", (RawRule(enforce=False),)))
    assert not one.same_as(RawPolicy("a.b", "folders/1", "f:1", (RawRule(enforce=True),), problem="x"))


def test_problems_end_somewhere() -> None:
    assert capped(["a", "b"]) == ("a", "b")
    many = capped(["x"] * (MAX_PROBLEMS + 5))
    assert len(many) == MAX_PROBLEMS + 1
    assert many[-1] == "and 5 more problems"
