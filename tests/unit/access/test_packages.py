"""Packages: nobody names another's."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.packages import PackageRefused, map_package, map_runtime_env, owner_namespace

KEY = b"k" * 32
BOB, EVE = owner_namespace(KEY, "bob"), owner_namespace(KEY, "eve")


def test_namespaces_are_of_the_subject_and_the_key() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", BOB)
    assert BOB == owner_namespace(KEY, "bob") != EVE
    assert owner_namespace(b"x" * 32, "bob") != BOB


@pytest.mark.parametrize(
    ("name", "mapped"),
    [
        ("_ray_pkg_0123abcd.zip", f"_ray_pkg_rf{BOB}_0123abcd.zip"),
        ("_ray_pkg_0123abcd.tar.gz", f"_ray_pkg_rf{BOB}_0123abcd.tar.gz"),
        (f"_ray_pkg_rf{EVE}_01.zip", f"_ray_pkg_rf{BOB}_rf{EVE}_01.zip"),
        ("foo-1.0-py3-none-any.whl", f"foo-1.0-0rf{BOB}-py3-none-any.whl"),
        ("foo-1.0+cpu-7-py3-none-any.whl", f"foo-1.0+cpu-0rf{BOB}.7-py3-none-any.whl"),
        (f"foo-1.0-0rf{EVE}-py3-none-any.whl", f"foo-1.0-0rf{BOB}.0rf{EVE}-py3-none-any.whl"),
    ],
)
def test_names_move_into_the_owners_namespace(name: str, mapped: str) -> None:
    assert map_package(BOB, name) == mapped


@pytest.mark.parametrize(
    "name",
    [
        *("", "x.zip", "_ray_pkg_.zip", "_ray_pkg_a b.zip", "_ray_pkg_a/b.zip", "../_ray_pkg_a.zip", "_ray_pkg_a.exe"),
        *("_ray_pkg_a.zip\n", "_RAY_PKG_a.zip", "_ray_pkg_a.b.zip", "_ray_pkg_a.zip?x", "_ray_pkg_%61.zip"),
        *("foo.whl", "foo-1.0.whl", "foo-1.0-x-py3-none-any.whl", "a-b-c-d-e-f-g.whl", "foo-1.0-py3-none-any.WHL"),
    ],
)
def test_other_names_are_refused(name: str) -> None:
    with pytest.raises(PackageRefused):
        map_package(BOB, name)


def test_uris_are_found_wherever_they_are() -> None:
    env = {
        "working_dir": "gcs://_ray_pkg_a1.zip",
        "py_modules": ["gcs://_ray_pkg_b2.zip", "https://example.com/x.zip", "s3://bucket/y.zip"],
        "env_vars": {"A": "gcsfs", "B": "https://x/gcs://_ray_pkg_c.zip"},
        "nested": [[{"deep": {"gcs://_ray_pkg_k.zip": "gcs://foo-1.0-py3-none-any.whl"}}]],
        "eager_install": True,
        "n": None,
        "pip": ["gcsfs==2024.1", "gcs"],
    }
    assert map_runtime_env(BOB, env) == {
        "working_dir": f"gcs://_ray_pkg_rf{BOB}_a1.zip",
        "py_modules": [f"gcs://_ray_pkg_rf{BOB}_b2.zip", "https://example.com/x.zip", "s3://bucket/y.zip"],
        "env_vars": {"A": "gcsfs", "B": "https://x/gcs://_ray_pkg_c.zip"},
        "nested": [
            [{"deep": {f"gcs://_ray_pkg_rf{BOB}_k.zip": f"gcs://foo-1.0-0rf{BOB}-py3-none-any.whl"}}],
        ],
        "eager_install": True,
        "n": None,
        "pip": ["gcsfs==2024.1", "gcs"],
    }


@pytest.mark.parametrize(
    "uri",
    [
        f"GCS://_ray_pkg_rf{EVE}_a.zip",
        f"Gcs://_ray_pkg_rf{EVE}_a.zip",
        f" gcs://_ray_pkg_rf{EVE}_a.zip",
        f"\x00gcs://_ray_pkg_rf{EVE}_a.zip",
        f"g\ncs://_ray_pkg_rf{EVE}_a.zip",
        f"gcs:\t//_ray_pkg_rf{EVE}_a.zip",
        f"gcs:_ray_pkg_rf{EVE}_a.zip",
        f"gcs:/_ray_pkg_rf{EVE}_a.zip",
        f"gcs:///_ray_pkg_rf{EVE}_a.zip",
        f"gcs://x/../_ray_pkg_rf{EVE}_a.zip",
        f"gcs://_ray_pkg_rf{EVE}_a.zip#x",
        f"gcs://_ray_pkg_rf{EVE}_a.zip?x",
        f"gcs://u@_ray_pkg_rf{EVE}_a.zip",
        "gcs://[",
        "gcs://",
    ],
)
def test_odd_spellings_are_refused(uri: str) -> None:
    with pytest.raises(PackageRefused):
        map_runtime_env(BOB, {"working_dir": uri})


@pytest.mark.parametrize("scheme", ["https", "s3", "file", "HTTPS", "gs"])
def test_remote_wheels_do_not_take_a_namespaced_wheels_place(scheme: str) -> None:
    with pytest.raises(PackageRefused, match="reserved"):
        map_runtime_env(BOB, [f"{scheme}://evil/foo-1.0-0rf{EVE}-py3-none-any.whl"])


NAMES = st.from_regex(r"_ray_pkg_[A-Za-z0-9_]{1,20}\.(zip|jar|tar\.gz)", fullmatch=True) | st.from_regex(
    r"[a-z]{1,5}-[0-9.]{1,4}(-[0-9][a-z0-9.]{0,18})?-py3-none-any\.whl", fullmatch=True
)


@given(NAMES, NAMES)
def test_mapping_never_collides(first: str, second: str) -> None:
    assert map_package(BOB, first) != map_package(EVE, second)
    assert (map_package(BOB, first) == map_package(BOB, second)) == (first == second)


@given(NAMES)
def test_what_is_shown_of_ones_own_can_be_sent_again(name: str) -> None:
    mapped = map_package(BOB, name)
    assert map_package(BOB, mapped) == mapped
    assert map_runtime_env(BOB, {"working_dir": f"gcs://{mapped}"}) == {"working_dir": f"gcs://{mapped}"}


@given(NAMES)
def test_a_shown_name_of_anothers_is_no_name_of_theirs(name: str) -> None:
    """Serve shows operators each other's deployments: who sends such a name again gets one of their own."""
    eves = map_package(EVE, name)
    assert map_package(BOB, eves) not in (eves, name)
    assert map_package(BOB, map_package(BOB, eves)) == map_package(BOB, eves)
    assert f"rf{BOB}" in map_package(BOB, eves)


@pytest.mark.parametrize(
    ("name", "mapped"),
    [
        (f"_ray_pkg_rf{BOB}_.zip", f"_ray_pkg_rf{BOB}_rf{BOB}_.zip"),
        (f"_ray_pkg_rf{BOB}.zip", f"_ray_pkg_rf{BOB}_rf{BOB}.zip"),
        (f"_ray_pkg_xrf{BOB}_1.zip", f"_ray_pkg_rf{BOB}_xrf{BOB}_1.zip"),
        (f"_ray_pkg_rf{EVE}_rf{BOB}_1.zip", f"_ray_pkg_rf{BOB}_rf{EVE}_rf{BOB}_1.zip"),
        (f"foo-1.0-0rf{EVE}.0rf{BOB}-py3-none-any.whl", f"foo-1.0-0rf{BOB}.0rf{EVE}.0rf{BOB}-py3-none-any.whl"),
        (f"foo-1.0-0rf{BOB}1-py3-none-any.whl", f"foo-1.0-0rf{BOB}.0rf{BOB}1-py3-none-any.whl"),
        (f"foo-1.0-1.0rf{BOB}-py3-none-any.whl", f"foo-1.0-0rf{BOB}.1.0rf{BOB}-py3-none-any.whl"),
    ],
)
def test_only_the_form_that_mapping_gives_counts_as_mapped(name: str, mapped: str) -> None:
    assert map_package(BOB, name) == mapped


@given(st.text(max_size=40).map(lambda text: "gcs://" + text) | st.text(max_size=20))
def test_every_uri_that_ray_would_load_is_ours_or_refused(text: str) -> None:
    try:
        mapped = map_runtime_env(BOB, text)
    except PackageRefused:
        return
    assert isinstance(mapped, str)
    if mapped.strip().lower().startswith("gcs:"):
        assert f"rf{BOB}" in mapped
    else:
        assert mapped == text
