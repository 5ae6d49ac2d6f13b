"""Rules as a whole: silent on what is right, and never surprised by what is not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.spec.v1alpha1.rules.every import problems
from rayfence.spec.view import View
from tests.sim.platforms import changed, gke, kubernetes, paths
from tests.unit.spec.test_view import ANYTHING

BOTH = {"gke": gke(), "kubernetes": kubernetes()}


@pytest.mark.parametrize("target", BOTH)
def test_the_full_specs_break_none(target: str) -> None:
    assert list(problems(target, View(BOTH[target]))) == []


@given(st.sampled_from(["local", *BOTH]), ANYTHING)
def test_any_data_is_read(target: str, data: object) -> None:
    list(problems(target, View(data)))


@given(st.sampled_from(list(BOTH)), st.data())
def test_any_value_may_be_anything(target: str, data: st.DataObject) -> None:
    base = BOTH[target]
    places = [".".join(map(str, path)) for path, _ in paths(base) if path]
    chosen = data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=3, unique=True))
    try:
        spoiled = changed(base, *((path, data.draw(ANYTHING)) for path in chosen))
    except (AttributeError, TypeError, KeyError, IndexError):
        return  # an earlier change took away what a later one is about
    list(problems(target, View(spoiled)))
