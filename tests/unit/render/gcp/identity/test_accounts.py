"""Accounts and their names."""

from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.gcp.identity.accounts import account_id, account_resource, member_resource
from tests.unit.render.gcp.settings import STANDARD


@given(st.lists(st.text("abc-", min_size=1, max_size=30), min_size=1, max_size=3))
def test_names_fit(parts: list[str]) -> None:
    assert 6 <= len(account_id(*parts)) <= 30


def test_names_that_fit_are_kept_and_others_told_apart() -> None:
    assert account_id("ray", "vision") == "ray-vision"
    assert account_id("a" * 40) != account_id("a" * 41)
    assert account_id("a") != account_id("b")


def test_an_account_has_no_right_of_its_own() -> None:
    made = account_resource(STANDARD, "ray-x", "for tests")
    assert made.attributes["account_id"] == "ray-x" and made.block == "google_service_account"
    assert made.body["name"] == "projects/acme-ml/serviceAccounts/ray-x@acme-ml.iam.gserviceaccount.com"


def test_a_role_on_the_project() -> None:
    made = member_resource(STANDARD, "x", "x", "roles/y", "serviceAccount:z")
    assert made.body == {"bindings": [{"role": "roles/y", "members": ["serviceAccount:z"]}]}
