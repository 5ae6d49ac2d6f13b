"""Twin of rayfence.render.envoy.compact: the same values for any YAML reader, and much shorter for tables."""

import json

import yaml
from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.envoy.compact import compact
from rayfence.render.envoy.routes import routes_resource
from tests.unit.render.envoy.example import CATALOG, SETTINGS

#: What Envoy's configuration is made of; text that a YAML reader could take for something else is among it.
TEXTS = st.text(alphabet=st.sampled_from("abyn&*#:{}[],\"\\' %-1.\n"), max_size=70)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(-9, 9), TEXTS, st.just("x" * 60)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(TEXTS, inner, max_size=4)),
    max_leaves=40,
)


def _deep(value: object) -> object:
    """As deep in a document as a route is."""
    return {"a": [{"b": [{"c": [value, value, {"d": value}]}]}]}


@given(VALUES)
def test_a_reader_gets_the_same_value(value: object) -> None:
    for whole in (value, _deep(value)):
        assert yaml.safe_load(compact(whole)) == whole


def test_a_table_shrinks_and_says_the_same() -> None:
    table = routes_resource(SETTINGS, CATALOG)
    text = compact(table)
    assert yaml.safe_load(text) == table
    assert 5 * len(text) < len(json.dumps(table))
    assert text == compact(routes_resource(SETTINGS, CATALOG))


def test_routes_stand_one_a_line() -> None:
    """Two versions of a table can be compared line by line."""
    lines = compact(routes_resource(SETTINGS, CATALOG)).splitlines()
    assert len([line for line in lines if line.startswith('{"') and '"match"' in line]) > 100
