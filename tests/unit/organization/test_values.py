"""Membership of values in list constraints. Source: Google's page "Using constraints", list constraints."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.orgpolicy import ListValues
from rayfence.organization.values import Membership, Permission, membership, strange_prefix

ANCESTRY = {
    "projects/kms": ("folders/2", "organizations/1"),
    "projects/half": ("folders/2",),
    "projects/known": ("projects/77", "folders/3", "organizations/1"),
}


def verdict(candidate: str, allowed: tuple[str, ...] = (), denied: tuple[str, ...] = ()) -> str:
    return membership(ListValues(allowed=allowed, denied=denied), candidate, ANCESTRY, load_value_groups()).verdict


@pytest.mark.parametrize(
    ("candidate", "allowed", "denied", "said"),
    [
        ("us-central1", ("us-central1",), (), "yes"),
        ("us-central1", ("is:us-central1",), (), "yes"),
        ("us-central1-a", ("us-central1",), (), "no"),  # a bare region never implies its zones
        ("us-central1-a", ("in:us-central1-locations",), (), "yes"),
        ("us-central1-a", ("in:us-locations",), ("us-central1-a",), "no"),  # deny wins over allow
        ("us-central1", ("in:us-locations",), ("in:us-east1-locations",), "yes"),
        ("us-central1", ("in:moon-locations",), (), "unknown"),
        ("us-central1", ("in:moon-locations", "us-central1"), (), "yes"),
        ("us-central1", ("us-central1",), ("in:moon-locations",), "unknown"),
        ("us-central1", ("us-east1",), ("in:moon-locations",), "no"),
        ("us-central1", (), ("us-east1",), "yes"),  # only denials: the rest is allowed
        ("us-central1", (), (), "no"),
        ("us-central1", ("out:us-central1",), (), "unknown"),  # an unknown prefix is never ignored
        ("us-central1", (), ("out:us-central1",), "unknown"),
        ("https://idp.example.com", ("https://idp.example.com",), (), "yes"),
        ("projects/kms", ("under:folders/2",), (), "yes"),
        ("projects/kms", ("under:organizations/1",), (), "yes"),
        ("projects/kms", ("under:folders/9",), (), "no"),
        ("projects/half", ("under:folders/2",), (), "yes"),
        ("projects/half", ("under:folders/9",), (), "unknown"),
        ("projects/half", ("under:organizations/1",), (), "unknown"),
        ("projects/other", ("under:folders/2",), (), "unknown"),
        ("projects/kms", ("under:projects/kms",), (), "yes"),
        ("projects/kms", ("under:projects/else",), (), "no"),
        ("projects/kms", ("under:projects/77",), (), "unknown"),  # by number; kms's number is not known
        ("projects/known", ("under:projects/77",), (), "yes"),
        ("projects/known", ("under:projects/78",), (), "no"),
        ("projects/kms", ("projects/77",), (), "unknown"),
        ("projects/kms/regions/r/subnetworks/s", ("under:projects/kms",), (), "yes"),
        ("projects/kms/regions/r/subnetworks/s", ("projects/kms/regions/r/subnetworks/s",), (), "yes"),
        ("projects/kms/regions/r/subnetworks/s", ("projects/kms/regions/r/subnetworks/t",), (), "no"),
        ("us-central1", ("under:folders/2",), (), "no"),
        ("projects/kms", ("under:everything",), (), "unknown"),
        ("INTERNAL_TCP_UDP", ("in:INTERNAL",), (), "yes"),
        ("EXTERNAL_HTTP_HTTPS", ("in:INTERNAL",), (), "no"),
    ],
)
def test_membership(candidate: str, allowed: tuple[str, ...], denied: tuple[str, ...], said: str) -> None:
    assert verdict(candidate, allowed, denied) == said


def test_all_and_nothing() -> None:
    groups = load_value_groups()
    assert membership(ListValues(allow_all=True), "x", {}, groups).verdict is Permission.YES
    assert membership(ListValues(allow_all=True, denied=("x",)), "x", {}, groups).verdict is Permission.NO
    both = ListValues(allow_all=True, deny_all=True, allowed=("x",))
    assert membership(both, "x", {}, groups) == Membership(Permission.NO, "every value is denied")


ENTRIES = st.lists(
    st.sampled_from(
        ["a", "is:b", "in:us-locations", "in:moon", "under:folders/2", "new:x", "projects/kms", "us-east1"]
    ),
    max_size=4,
).map(tuple)
CANDIDATES = st.sampled_from(["a", "b", "us-east1", "us-east1-b", "projects/kms", "projects/half", "projects/12", "x"])
ORDER = {"no": 0, "unknown": 1, "yes": 2}


@given(ENTRIES, ENTRIES, ENTRIES, CANDIDATES)
def test_a_denial_more_never_permits_more(
    allowed: tuple[str, ...], denied: tuple[str, ...], more: tuple[str, ...], candidate: str
) -> None:
    if not allowed and not denied:
        return  # denials alone allow the rest, where before nothing was said
    assert ORDER[verdict(candidate, allowed, denied + more)] <= ORDER[verdict(candidate, allowed, denied)]


@given(ENTRIES, ENTRIES, CANDIDATES)
def test_the_order_of_entries_does_not_matter(
    allowed: tuple[str, ...], denied: tuple[str, ...], candidate: str
) -> None:
    assert verdict(candidate, allowed, denied) == verdict(candidate, allowed[::-1], denied[::-1])


def test_prefixes_that_google_has_not_are_told() -> None:
    assert strange_prefix(["us-central1", "in:us-locations", "is:a", "under:folders/1", "https://a"]) == ""
    assert strange_prefix(["in:us-locations", "foo:us", "bar:us"]) == "foo"
