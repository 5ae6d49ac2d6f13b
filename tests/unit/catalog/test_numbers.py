import pytest

from rayfence.catalog.numbers import as_count, as_number
from rayfence.errors import CatalogError


@pytest.mark.parametrize("value", [True, -1, "1", None, float("nan"), float("inf")])
def test_what_is_no_number(value: object) -> None:
    with pytest.raises(CatalogError):
        as_number(value, "here")


@pytest.mark.parametrize("value", [True, -1, "1", None, 1.0])
def test_what_is_no_count(value: object) -> None:
    with pytest.raises(CatalogError):
        as_count(value, "here")


def test_numbers_pass() -> None:
    assert as_number(3, "") == 3.0 and as_number(0.5, "") == 0.5 and as_count(3, "") == 3
