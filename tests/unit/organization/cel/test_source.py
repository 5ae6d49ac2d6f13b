"""Conditions as text: what is refused before the parser sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.organization.cel.source import LONGEST, BadCondition, tidy


@pytest.mark.parametrize(
    ("text", "tidied"),
    [
        ("a in ['x', 'y',]", "a in ['x', 'y' ]"),
        ("a in ['x', // last, one\n 'y' , ]", "a in ['x', // last, one\n 'y'   ]"),
        ("{'a': 1,}", "{'a': 1 }"),
        ("a in [',]', \"]\", ',',]", "a in [',]', \"]\", ',' ]"),
        ("r'\\d+' == b'x'", "r'\\d+' == b'x'"),
        ("'''a\n'b''' == \"\"\"c\"d\"\"\"", "'''a\n'b''' == \"\"\"c\"d\"\"\""),
        ("bar'x'", "bar'x'"),
        ("'it\\'s'", "'it\\'s'"),
    ],
)
def test_good_text_passes_and_keeps_its_places(text: str, tidied: str) -> None:
    assert tidy(text) == tidied


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x" * (LONGEST + 1), "characters"),
        ("a == '${b}'", r"placeholder \$\{b\}"),
        ("'abc", "does not end"),
        ("'abc\n'", "does not end"),
        ('"""abc"', "does not end"),
        ("'a\\'", "does not end"),
        ("'" + "\\a" * 1000, "does not end"),
        ("r'a\\'", "raw string"),
        ("(a]", "don't match"),
        ("a)", "don't match"),
        ("(a", "never closed"),
        ("(" * 41 + ")" * 41, "nested"),
    ],
)
def test_bad_text_is_refused(text: str, said: str) -> None:
    with pytest.raises(BadCondition, match=said):
        tidy(text)


@pytest.mark.parametrize("text", ["[,]", "[1,,]", "f(a,)", "{,}"])
def test_commas_that_the_language_has_not_stay_for_the_parser_to_refuse(text: str) -> None:
    assert "," in tidy(text)


@given(st.text(max_size=200) | st.text("'\"\\rb([{}]),/\n ${}a", max_size=200))
def test_any_text_is_tidied_or_refused(text: str) -> None:
    try:
        assert len(tidy(text)) == len(text)
    except BadCondition:
        return
