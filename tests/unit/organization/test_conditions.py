"""Conditions on tags. Source: API reference of `PolicyRule.condition`; Google's page on policies with tags."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.organization.conditions import NotACondition, TagBindings, holds, tag_bindings

PROD = tag_bindings(["1/env=prod", "tagKeys/7=tagValues/8"])


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("resource.matchTag('1/env', 'prod')", True),
        ('resource.matchTag("1/env","prod")', True),
        ("resource.matchTag('1/env', 'dev')", False),
        ("resource.matchTag('2/env', 'prod')", False),
        ("resource.hasTagKey('1/env')", True),
        ("resource.hasTagKey('1/team')", False),
        ("resource.matchTagId('tagKeys/7', 'tagValues/8')", True),
        ("resource.hasTagKeyId('tagKeys/9')", False),
        ("!resource.hasTagKey('1/team')", True),
        ("!!resource.hasTagKey('1/team')", False),
        ("resource.hasTagKey('1/env') && resource.hasTagKey('1/team')", False),
        ("resource.hasTagKey('1/env') || resource.hasTagKey('1/team')", True),
        # && binds tighter than ||, as in CEL
        ("resource.hasTagKey('1/env') || resource.hasTagKey('1/a') && resource.hasTagKey('1/b')", True),
        ("(resource.hasTagKey('1/env') || resource.hasTagKey('1/a')) && resource.hasTagKey('1/b')", False),
    ],
)
def test_decides(condition: str, verdict: bool) -> None:
    assert holds(condition, PROD) is verdict


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("resource.hasTagKey('1/env')", None),
        ("!resource.hasTagKey('1/env')", None),
        ("resource.hasTagKey('1/env') || resource.hasTagKeyId('tagKeys/1')", True),
        ("resource.hasTagKey('1/env') && resource.hasTagKeyId('tagKeys/2')", False),
        ("resource.hasTagKey('1/env') && resource.hasTagKeyId('tagKeys/1')", None),
    ],
)
def test_what_is_unknown_stays_unknown_where_it_matters(condition: str, verdict: bool | None) -> None:
    assert holds(condition, tag_bindings(["tagKeys/1=tagValues/1"])) is verdict


def test_an_empty_list_says_that_there_are_no_tags() -> None:
    assert holds("resource.hasTagKey('1/env')", tag_bindings([])) is False
    assert holds("resource.hasTagKey('1/env')", tag_bindings(None)) is None


@pytest.mark.parametrize(
    "condition",
    [
        "",
        "true",
        "resource.name == 'x'",
        "resource.matchTag('1/env')",
        "resource.matchTag('env', 'prod')",
        "resource.matchTagId('1/env', 'prod')",
        "resource.hasTagKey('1/env', 'prod')",
        "resource.hasTagKey('1/env'",
        "resource.hasTagKey('1/env') &&",
        "resource.hasTagKey('1/env') resource.hasTagKey('1/env')",
        "resource.hasTagKey('1/e\\'nv')",
        "(" * 30 + "resource.hasTagKey('1/env')" + ")" * 30,
        " || ".join(["resource.hasTagKey('1/env')"] * 11),
        "!" * 20_000,
    ],
)
def test_refuses_what_google_would(condition: str) -> None:
    with pytest.raises(NotACondition):
        holds(condition, PROD)


@pytest.mark.parametrize("tags", [["env"], ["1/env="], ["env=prod"], ["1/env=a", "1/env=b"]])
def test_bindings_must_be_bindings(tags: list[str]) -> None:
    with pytest.raises(NotACondition):
        tag_bindings(tags)


@given(st.text(alphabet="resource.matchTagIdKey'\"/&|!(), 1env", max_size=80))
def test_any_text_is_decided_or_refused(text: str) -> None:
    with contextlib.suppress(NotACondition):
        assert holds(text, PROD) in {True, False, None}


ATOMS = st.sampled_from(["1/a", "1/b", "1/c"]).map(lambda key: f"resource.hasTagKey('{key}')")
TREES = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} && {pair[1]})"),
        st.tuples(inner, inner).map(lambda pair: f"({pair[0]} || {pair[1]})"),
        inner.map(lambda text: f"!({text})"),
    ),
    max_leaves=6,
)


@given(TREES, st.sets(st.sampled_from(["1/a", "1/b", "1/c"])))
def test_agrees_with_python(condition: str, keys: set[str]) -> None:
    text = condition.replace("&&", " and ").replace("||", " or ").replace("!", " not ")
    for key in ("1/a", "1/b", "1/c"):
        text = text.replace(f"resource.hasTagKey('{key}')", str(key in keys))
    try:
        verdict = holds(condition, TagBindings(dict.fromkeys(keys, "x"), {}))
    except NotACondition as error:
        assert "parentheses" in str(error)
        return
    assert verdict is eval(text)  # noqa: S307 - True, False, and, or, not alone
    assert holds(condition, TagBindings()) is None
