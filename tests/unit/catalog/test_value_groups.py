"""Groups of values of list constraints."""

import pytest

from rayfence.catalog.value_groups import load_value_groups, parse_value_groups
from rayfence.errors import CatalogError


@pytest.mark.parametrize(
    ("group", "value", "held"),
    [
        ("us-locations", "us-central1", True),
        ("us-locations", "us-central1-a", True),
        ("us-locations", "us-central1-ai1a", True),
        ("us-locations", "us", True),
        ("us-locations", "US", True),  # Cloud Storage writes locations in capitals
        ("us-locations", "europe-west4", False),
        ("us-locations", "global", None),
        ("us-locations", "us-west9", None),  # a region that may open later
        ("eu-locations", "europe-west2", False),  # London: Europe, not the European Union
        ("eu-locations", "europe-west6", False),
        ("europe-locations", "europe-west2", True),
        ("us-central1-locations", "us-central1", True),
        ("us-central1-locations", "us-central1-b", True),
        ("us-central1-locations", "us-east1-b", False),
        ("us-central1-locations", "us-west9", False),
        ("us-central1-locations", "us", False),
        ("us-central1-locations", "somewhere", None),
        ("low-carbon-locations", "europe-west1", None),
        ("INTERNAL", "INTERNAL_TCP_UDP", True),
        ("INTERNAL", "EXTERNAL_HTTP_HTTPS", False),
        ("INTERNAL", "A_NEW_TYPE", None),
        ("GOOGLE_CLOUD_ARMOR", "EXTERNAL_HTTP_HTTPS", None),
        ("ALL_HMAC_SIGNED_REQUESTS", "USER_ACCOUNT_HMAC_SIGNED_REQUESTS", True),
    ],
)
def test_groups(group: str, value: str, held: bool | None) -> None:
    """Source: Google's pages "Restricting resource locations", "Organization policy constraints for Load Balancing"."""
    assert load_value_groups().holds(group, value) is held


def test_regions_of_locations() -> None:
    groups = load_value_groups()
    assert groups.region_of("europe-west10-a") == "europe-west10"
    assert groups.region_of("europe-west10") == "europe-west10"
    assert groups.region_of("eu") == groups.region_of("us-west9-a") == ""


GOOD = (
    'as_of: "2026-11"\nlocation_groups: [us]\nregions: {us-east1: [us]}\nmulti_regions: {us: [us]}\n'
    "groups: {A: [X]}\nclosed: [A]\n"
)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("us-east1: [us]", "us-east1: [eu]", "unknown groups"),
        ("us-east1: [us]", "us-east1: [us, us]", "twice"),
        ("us-east1: [us]", "east: [us]", "look like"),
        ("closed: [A]", "closed: [B]", "unknown groups"),
        ("closed: [A]", "open: [A]", "unknown keys"),
        ('"2026-11"', "2026", "string"),
    ],
)
def test_refuses(old: str, new: str, said: str) -> None:
    assert parse_value_groups(GOOD, "g.yaml").holds("us-locations", "us-east1-a")
    with pytest.raises(CatalogError, match=said):
        parse_value_groups(GOOD.replace(old, new), "g.yaml")
