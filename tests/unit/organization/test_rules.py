"""Rules together: conditions, union, deny wins."""

import pytest

from rayfence.model.orgpolicy import ListValues
from rayfence.organization.conditions import TagBindings, tag_bindings
from rayfence.organization.raw import RawPolicy, RawRule
from rayfence.organization.rules import Undecided, boolean_outcome, list_outcome, meaning, merge

DEV = "resource.matchTag('1/env', 'dev')"
IN_DEV = tag_bindings(["1/env=dev"])
IN_PROD = tag_bindings(["1/env=prod"])


def policy(*rules: RawRule) -> RawPolicy:
    return RawPolicy("a.b", "organizations/1", "f:1", rules)


def test_conditional_rules_come_first_and_the_unconditional_is_the_fallback() -> None:
    """Source: API reference, `PolicySpec.rules`: rules whose condition holds take precedence."""
    it = policy(RawRule(enforce=False, condition=DEV), RawRule(enforce=True))
    assert boolean_outcome(it, IN_DEV) == (False, {})
    assert boolean_outcome(it, IN_PROD) == (True, {})
    with pytest.raises(Undecided, match="tags are not known"):
        boolean_outcome(it, TagBindings())


def test_an_unknown_condition_that_changes_nothing_does_no_harm() -> None:
    it = policy(RawRule(enforce=True, condition=DEV), RawRule(enforce=True))
    assert boolean_outcome(it, TagBindings()) == (True, {})


@pytest.mark.parametrize(
    "rules",
    [
        (RawRule(enforce=True), RawRule(enforce=False)),
        (RawRule(enforce=True, condition="!resource.hasTagKey('1/env')"),),
        (RawRule(enforce=True, condition="resource.type == 'x'"), RawRule(enforce=False)),
        (RawRule(enforce=True, parameters={"a": 1}), RawRule(enforce=True, parameters={"a": 2})),
    ],
)
def test_contradictions_and_gaps_are_undecided(rules: tuple[RawRule, ...]) -> None:
    with pytest.raises(Undecided):
        boolean_outcome(policy(*rules), IN_DEV)


def test_parameters_come_from_the_rule_that_applies() -> None:
    it = policy(RawRule(enforce=True, condition=DEV, parameters={"a": 1}), RawRule(enforce=True, parameters={"a": 2}))
    assert boolean_outcome(it, IN_DEV) == (True, {"a": 1})
    assert boolean_outcome(it, IN_PROD) == (True, {"a": 2})


def test_lists_are_united_and_deny_wins() -> None:
    """Source: Google's page "Understanding hierarchy evaluation", reconciling conflicts: DENY takes precedence."""
    child, parent = policy(RawRule(denied=("y",))), policy(RawRule(allowed=("z", "x", "y")))
    assert list_outcome([child, parent], TagBindings()) == ListValues(allowed=("x", "y", "z"), denied=("y",))
    assert meaning(merge([RawRule(allow_all=True), RawRule(deny_all=True)])) == ListValues(deny_all=True)


def test_where_the_documentation_is_silent_nothing_is_decided() -> None:
    exception = policy(RawRule(allow_all=True, condition=DEV), RawRule(deny_all=True))
    with pytest.raises(Undecided, match="not documented"):
        list_outcome([exception], IN_DEV)
    assert list_outcome([exception], IN_PROD) == ListValues(deny_all=True)
    with pytest.raises(Undecided, match="none of its rules"):
        list_outcome([policy(RawRule(allowed=("x",), condition=DEV))], IN_PROD)
    with pytest.raises(Undecided, match="tags"):
        list_outcome([exception], TagBindings())


def test_rules_with_a_condition_each_are_decided() -> None:
    it = policy(RawRule(allow_all=True, condition=DEV), RawRule(allowed=("x",), condition=f"!{DEV}"))
    assert list_outcome([it], IN_DEV) == ListValues(allow_all=True)
    assert list_outcome([it], IN_PROD) == ListValues(allowed=("x",))


@pytest.mark.parametrize(
    ("values", "same"),
    [
        (ListValues(), ListValues(deny_all=True)),
        (ListValues(allow_all=True, allowed=("x",)), ListValues(allow_all=True)),
        (ListValues(denied=("x",)), ListValues(allow_all=True, denied=("x",))),
        (ListValues(allowed=("x",), denied=("y",)), ListValues(allowed=("x",), denied=("y",))),
    ],
)
def test_one_spelling_of_each_meaning(values: ListValues, same: ListValues) -> None:
    assert meaning(values) == same
