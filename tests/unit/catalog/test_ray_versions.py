"""Ray versions and their advisories."""

import pytest

from rayfence.catalog.ray_versions import load_ray_versions, parse_ray_versions, version_key
from rayfence.errors import CatalogError


def test_the_supported_version_has_no_known_hole() -> None:
    versions = load_ray_versions()
    assert versions.supported == ("2.60.0",)
    assert versions.holes("2.60.0") == ()
    assert not versions.below_floor("2.60.0")


def test_old_versions_name_their_holes() -> None:
    versions = load_ray_versions()
    assert versions.below_floor("2.55.9")
    assert not versions.below_floor("2.56.0")
    assert [advisory.id for advisory in versions.holes("2.55.0")] == ["CVE-2026-57516"]
    assert "CVE-2025-62593" in [advisory.id for advisory in versions.holes("2.51.9")]


def test_versions_are_ordered_by_number() -> None:
    assert version_key("2.9.0") < version_key("2.10.0")
    for wrong in ("2.60", "2.60.0rc1", "3.0.0.dev0", "", "2.60.0 ", "v2.60.0"):
        with pytest.raises(ValueError, match="release version"):
            version_key(wrong)


GOOD = 'floor: "2.0.0"\nsupported: ["2.1.0"]\nadvisories: [{id: A, title: t, fixed_in: "2.0.0"}]'


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('floor: "2.0.0"', "floor: 2.0", "string"),
        ('floor: "2.0.0"', 'floor: "2.2.0"', "below the floor"),
        ('fixed_in: "2.0.0"', 'fixed_in: "2.2.0"', "known hole"),
        ("title: t", "name: t", "unknown"),
        ("{id: A, title: t", "{id: A, title: t}, {id: A, title: u", "twice"),
        ('["2.1.0"]', '["2.1"]', "release version"),
    ],
)
def test_refuses(old: str, new: str, said: str) -> None:
    assert parse_ray_versions(GOOD, "v.yaml").floor == "2.0.0"
    with pytest.raises(CatalogError, match=said):
        parse_ray_versions(GOOD.replace(old, new), "v.yaml")
