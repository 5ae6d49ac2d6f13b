"""The model of what Google completes."""

import pytest

from rayfence.catalog.api_messages import load_api_messages
from rayfence.catalog.server_defaults import load_server_model, parse_server_model
from rayfence.errors import CatalogError


def test_every_default_names_a_field_that_exists() -> None:
    messages = load_api_messages()
    for message, defaults in load_server_model().defaults.items():
        for default in defaults:
            for path in (default.path, *default.unless):
                place = message
                for step in path:
                    assert step in messages.fields(place), f"{place} has no {step}"
                    place = messages.fields(place)[step].detail
            assert default.source


def test_every_implied_kind_is_a_kind() -> None:
    kinds = load_api_messages().kinds
    for implied in load_server_model().implied.values():
        assert implied.kind in kinds and implied.after in kinds
        for path in implied.when:
            assert path[0] in load_api_messages().fields(kinds[implied.after])
    for part in load_server_model().parts.values():
        found = load_api_messages().fields(kinds[part.whole])[part.name]
        assert found.detail == kinds[part.kind]


def test_nothing_uncertain_is_assumed() -> None:
    paths = {default.path for default in load_server_model().defaults["container.v1.NodePool"]}
    assert not any("workloadMetadataConfig" in path or "enableSecureBoot" in path for path in paths)


IMPLIED = "{kind: k, after: a, by: b, source: s}"
ROW = "{message: a.B, field: c, value: 1, source: s}"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("defaults: []", "missing"),
        ("defaults: []\nimplied: []\nparts: [{kind: k, in: a}]", "missing"),
        (f"defaults: [{ROW}, {ROW}]\nimplied: []\nparts: []", "two defaults"),
        ("defaults: [{message: a.B, field: c, value: 1}]\nimplied: []\nparts: []", "missing"),
        ("defaults: []\nimplied: [{kind: k, after: a, by: b, source: s, extra: 1}]\nparts: []", "unknown"),
        (
            f"defaults: []\nimplied: [{IMPLIED}, {IMPLIED}]\nparts: []",
            "twice",
        ),
    ],
)
def test_a_damaged_model_is_refused(text: str, said: str) -> None:
    with pytest.raises(CatalogError, match=said):
        parse_server_model(text, "server_defaults.yaml")


def test_mirrors_lead_from_a_field_that_exists_to_one_that_does() -> None:
    types, mirrors = load_api_messages(), load_server_model().mirrors
    assert len(mirrors) == 2 and [mirror.negated for mirror in mirrors] == [False, True]
    for mirror in mirrors:
        for path in (mirror.path, mirror.origin, mirror.when):
            message = mirror.message
            for step in path:
                message = types.fields(message)[step].detail
