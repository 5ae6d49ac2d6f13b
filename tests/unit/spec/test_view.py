"""Views of any data: nothing that is missing or of another type is an error."""

from hypothesis import given
from hypothesis import strategies as st

from rayfence.spec.view import Problem, View

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


def test_what_stands_there_is_read_with_its_path() -> None:
    view = View({"a": [{"b": "x", "n": 3, "t": True}]})
    (item,) = view.at("a").items()
    assert (item.at("b").text, item.at("n").number, item.at("t").true) == ("x", 3, True)
    assert item.at("b").problem("no") == Problem(("a", 0, "b"), "no")
    assert item.names() == ("b", "n", "t")
    assert item.at("b").given and not item.at("zzz").given


def test_a_boolean_is_no_number() -> None:
    assert View(True).number is None
    assert not View(1).true


@given(ANYTHING)
def test_anything_can_be_looked_at(value: object) -> None:
    below = View(value).at("a", "b")
    assert below.path == ("a", "b")
    assert len(list(View(value).items())) == (len(value) if isinstance(value, list) else 0)
    assert View(value).names() == (tuple(value) if isinstance(value, dict) else ())
