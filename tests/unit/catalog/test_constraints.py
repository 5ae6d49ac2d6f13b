"""The catalogue of Google's constraints."""

import pytest

from rayfence.catalog.constraints import (
    load_constraints,
    load_example_constraints,
    load_known_constraints,
    parse_constraints,
    parse_examples,
)
from rayfence.errors import CatalogError


def test_all_rows_are_there() -> None:
    rows = load_constraints()
    assert len(rows) == 88
    assert sum(row.article for row in rows) == 8
    assert sum(row.id.startswith("container.managed.") for row in rows) == 15
    assert {row.kind: sum(other.kind == row.kind for other in rows) for row in rows} == {
        "boolean": 30,
        "list": 30,
        "managed": 28,
    }
    assert all(row.sources for row in rows)


def test_what_google_enforces_by_default() -> None:
    """Source: Google's page "Understanding hierarchy evaluation", list of constraints with a restrictive default."""
    assert [row.id for row in load_known_constraints() if row.enforced_by_default] == [
        "compute.managed.blockPreviewFeatures",
        "iam.managed.disableServiceAccountApiKeyCreation",
        "iam.disableCrossProjectServiceAccountUsage",
        "iam.allowServiceAccountCredentialLifetimeExtension",
        "compute.sharedReservationsOwnerProjects",
        "cloudbuild.disableCreateDefaultServiceAccount",
        "cloudbuild.useBuildServiceAccount",
        "cloudbuild.useComputeServiceAccount",
    ]


def test_a_row_says_what_it_governs() -> None:
    row = next(row for row in load_constraints() if row.id == "compute.restrictNonConfidentialComputing")
    assert (row.kind, row.form, row.article, row.enforced_by_default) == ("list", "deny", True, False)
    assert row.equivalent == "compute.managed.restrictNonConfidentialComputing"
    assert "confidentialNodes.enabled" in row.api
    assert row.prefixes == ("is",)


def test_twenty_three_rows_point_at_fields_of_the_cluster() -> None:
    assert sum(bool(row.api) for row in load_constraints()) == 23


def test_examples_of_custom_constraints() -> None:
    rows = load_example_constraints()
    assert len(rows) == 40
    assert sum(row.kinds[0].startswith("container.googleapis.com/") for row in rows) == 22
    assert all(row.denies and row.condition for row in rows)


GOOD = (
    "sources: {S: page}\nelsewhere: []\nconstraints:\n"
    "- {id: a.b, kind: list, form: deny, default: allow, prefixes: [in], article: true, sources: [S]}\n"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("id: a.b", "id: constraints/a.b", "not SERVICE.NAME"),
        ("id: a.b", "id: a.managed.b", "disagree"),
        ("kind: list", "kind: custom", "unknown"),
        ("form: deny", "form: boolean", "unknown"),
        ("default: allow", "default: maybe", "neither"),
        ("prefixes: [in]", "prefixes: [of]", "unknown prefix"),
        ("article: true", "article: yes please", "true or false"),
        ("sources: [S]", "sources: [T]", "unknown source"),
        ("sources: [S]", "sources: []", "missing"),
        ("article: true", "colour: red", "unknown keys"),
        ("elsewhere: []", "elsewhere: [{id: a.b, kind: list, default: deny, sources: [S]}]", "twice"),
        ("prefixes: [in]", "prefixes: in", "list"),
    ],
)
def test_refuses(old: str, new: str, said: str) -> None:
    assert parse_constraints(GOOD, "c.yaml")[0].id == "a.b"
    with pytest.raises(CatalogError, match=said):
        parse_constraints(GOOD.replace(old, new), "c.yaml")


EXAMPLE = "constraints: [{id: custom.a, kind: x/Y, action: DENY, methods: [CREATE], condition: 'true'}]"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [("DENY", "WARN", "neither"), ("'true'", "true", "string"), ("kind: x/Y, ", "", "missing")],
)
def test_refuses_examples(old: str, new: str, said: str) -> None:
    assert parse_examples(EXAMPLE, "e.yaml")[0].kinds == ("x/Y",)
    with pytest.raises(CatalogError, match=said):
        parse_examples(EXAMPLE.replace(old, new), "e.yaml")
