"""The version floor, and that spec, machine and catalogue must mean the same Ray."""

from rayfence.catalog.ray_versions import load_ray_versions
from rayfence.policy.versions import version_conflicts


def told(wanted: str, installed: str | None) -> str:
    return " | ".join(item.problem for item in version_conflicts(wanted, installed, load_ray_versions()))


def test_a_supported_installed_version_has_nothing_against_it() -> None:
    assert told("2.60.0", "2.60.0") == ""


def test_below_the_floor_the_advisories_are_named() -> None:
    text = told("2.51.0", "2.51.0")
    assert "below the floor 2.56.0" in text
    assert "CVE-2025-62593" in text


def test_an_uncatalogued_version_is_refused_even_when_newer() -> None:
    assert "not catalogued" in told("2.99.0", "2.99.0")


def test_installed_and_wanted_must_agree() -> None:
    assert "Ray 2.59.0 is installed, the spec wants 2.60.0" in told("2.60.0", "2.59.0")
    assert "not installed" in told("2.60.0", None)
