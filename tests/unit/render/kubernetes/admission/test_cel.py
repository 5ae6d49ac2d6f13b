"""Twin of rayfence.render.kubernetes.admission.cel: nothing gets out of a literal, bounds are exact."""

import celpy
import pytest
import re2  # type: ignore[import-untyped]
from celpy.adapter import json_to_cel
from hypothesis import given, settings
from hypothesis import strategies as st

from rayfence.render.kubernetes.admission.cel import (
    absent_or,
    all_of,
    at_least,
    every,
    image_pattern,
    text,
    texts,
    unset_or_false,
)
from tests.unit.render.kubernetes.resolutions import DIGEST

_ENVIRONMENT = celpy.Environment()
VERSIONS = st.tuples(st.integers(0, 120), st.integers(0, 120), st.integers(0, 120))


def _evaluate(expression: str, **activation: object) -> object:
    program = _ENVIRONMENT.program(_ENVIRONMENT.compile(expression))
    return program.evaluate({name: json_to_cel(value) for name, value in activation.items()})  # type: ignore[arg-type]


@settings(max_examples=150, deadline=None)
@given(st.text(st.characters(codec="utf-8")))
def test_any_text_is_one_literal_and_comes_back(value: str) -> None:
    literal = text(value)
    assert literal.isascii()
    assert literal.isprintable()
    assert _evaluate(f"x == {literal}", x=value)


@pytest.mark.parametrize(
    "value", ['" || true || "', "\\", '\\"', "'", "\n", "\x00", "\u2028", "a\x1fb", "🙂", "${x}", '"""']
)
def test_hostile_text_stays_text(value: str) -> None:
    assert _evaluate(f"{text(value)} == x", x=value)
    assert not _evaluate(f'{text(value)} == "other"')


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(ValueError, match="surrogate"):
        text("\ud800")


def test_lists_and_optional_fields() -> None:
    assert texts(()) == "[]"
    assert _evaluate(f"size({texts(['a', 'b'])}) == 2")
    assert all_of(()) == "true"
    assert all_of(("a", "b || c")) == "(a) && (b || c)"
    for value, expected in (({}, True), ({"f": False}, True), ({"f": True}, False)):
        assert _evaluate(unset_or_false("x.f"), x=value) == expected
    for items, expected in (({}, True), ({"l": [1, 2]}, True), ({"l": [1, 9]}, False)):
        assert _evaluate(every("x.l", "i", "i < 5"), x=items) == expected
    assert _evaluate(absent_or("x.f", "x.f == 1"), x={"f": 1})


@settings(max_examples=400, deadline=None)
@given(VERSIONS, VERSIONS)
def test_the_version_expression_is_the_order_of_versions(
    floor: tuple[int, int, int], version: tuple[int, int, int]
) -> None:
    text_form = ".".join(map(str, version))
    assert bool(re2.search(at_least(floor), text_form)) == (version >= floor)


@pytest.mark.parametrize(
    "version", ["", "2", "2.60", "2.60.0rc1", "v2.60.0", "2.60.0 ", " 2.60.0", "3.0.0.dev0", "2.060.0", "2.60.0\n"]
)
def test_what_is_no_release_is_below_every_floor(version: str) -> None:
    assert not re2.search(at_least((2, 52, 0)), version)


@pytest.mark.parametrize(
    ("image", "allowed"),
    [
        (f"pkg.dev/p/ray/ray@{DIGEST}", True),
        (f"pkg.dev/p/ray/ray:2.60.0@{DIGEST}", True),
        (f"pkg.dev/p/ray/a/b-c_d.e@{DIGEST}", True),
        ("pkg.dev/p/ray/ray:2.60.0", False),
        (f"pkg.dev/p/ray-of-mallory/ray@{DIGEST}", False),
        (f"pkg.dev/p/ray/../mallory/ray@{DIGEST}", False),
        (f"pkg.dev/p/ray@{DIGEST}", False),
        (f"evil.example/pkg.dev/p/ray/ray@{DIGEST}", False),
        (f"pkgxdev/p/ray/ray@{DIGEST}", False),
        (f"pkg.dev/p/ray/ray@{DIGEST}0", False),
        (f"pkg.dev/p/ray/ray@{DIGEST}\n", False),
        (f"PKG.DEV/p/ray/ray@{DIGEST}", False),
        ("pkg.dev/p/ray/ray@sha256:abc", False),
        ("", False),
    ],
)
def test_images_are_below_a_prefix_and_by_digest(image: str, *, allowed: bool) -> None:
    for prefix in ("pkg.dev/p/ray", "pkg.dev/p/ray/"):
        assert bool(re2.search(image_pattern([prefix, "other.example/x"]), image)) == allowed


@pytest.mark.parametrize("registries", [[], [""], ["/"]])
def test_no_registry_allows_nothing(registries: list[str]) -> None:
    assert not re2.search(image_pattern(registries), f"pkg.dev/p/ray@{DIGEST}")
    assert not re2.search(image_pattern(registries), "")


@settings(max_examples=100, deadline=None)
@given(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))
def test_a_registry_of_any_text_is_only_itself(registry: str, image: str) -> None:
    pattern = image_pattern([registry])
    found = bool(re2.search(pattern, image))
    assert not found or image.startswith(registry.rstrip("/") + "/")
