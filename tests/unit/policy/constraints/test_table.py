"""The table is complete, and every criterion explains itself."""

import pytest

from rayfence.catalog.constraints import load_constraints
from rayfence.policy.constraints.table import criteria


def test_every_constraint_has_a_criterion_and_every_criterion_a_constraint() -> None:
    ids = {constraint.id for constraint in load_constraints()}
    assert set(criteria()) == ids and len(ids) == 88
    assert all(name == criterion.constraint for name, criterion in criteria().items())


@pytest.mark.parametrize("name", criteria())
def test_a_criterion_says_what_it_wants_and_what_helps(name: str) -> None:
    criterion = criteria()[name]
    assert criterion.demands[0].isupper() and criterion.demands.endswith(".")
    assert criterion.remedy and not criterion.remedy.endswith(".")
    assert criterion.fields or criterion.never
    assert not criterion.never or criterion.never.startswith("no spec can")


def test_the_table_can_not_be_changed() -> None:
    with pytest.raises(TypeError):
        criteria()["x"] = criteria()["gcp.resourceLocations"]  # type: ignore[index]
