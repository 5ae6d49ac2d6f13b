"""Normalisation, each line seen on Envoy 1.40."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.access.paths import normalize_path, split_target


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/", "/"),
        ("/api/jobs/", "/api/jobs/"),
        ("/api/jobs/?x=/../y", "/api/jobs/"),
        ("/static/../test/dump", "/test/dump"),
        ("/static/%2e%2E/test/dump", "/test/dump"),
        ("/static/.%2e/test/dump", "/test/dump"),
        ("/a/./b/.", "/a/b/"),
        ("/a/..", "/"),
        ("/../../a", "/a"),
        ("/..", "/"),
        ("//api//jobs//", "/api/jobs/"),
        ("/a//../b", "/a/b"),
        ("//", "//"),
        ("///", "//"),
        ("/a\\..\\b", "/b"),
        ("/%41pi", "/Api"),
        ("/%7e", "/~"),
        ("/%252e%252e/x", "/%252e%252e/x"),
        ("/a%20b", "/a%20b"),
        ("/%zz", "/%zz"),
        ("/...", "/..."),
        ("/..;x=1/a", "/a"),
        ("/b/..;/a", "/a"),
        ("/b/.;v/a", "/b/a"),
        ("/b/..;%00/a", "/a"),
        ("/b/%2e%2e;/a", "/b/..;/a"),
        ("/a;x=1/b", "/a;x=1/b"),
        ("/API/jobs/", "/API/jobs/"),
    ],
)
def test_normalises(target: str, path: str) -> None:
    assert normalize_path(target) == path


@pytest.mark.parametrize(
    "target",
    [
        *("", "api", "*", "/a%2fb", "/a%2Fb", "/a%5cb", "/a%5C", "/..%2f", "/a#b", "/a?x#y", "/%00", "/a%00b"),
        *("/a b", "/a\tb", "/a\x00", "/ä", "/a\x7f", "/a\n"),
    ],
)
def test_refuses(target: str) -> None:
    assert normalize_path(target) is None


def test_an_escaped_slash_in_the_query_is_no_path() -> None:
    assert normalize_path("/a?x=%2f") == "/a"
    assert split_target("/a?b?c") == ("/a", "b?c")


PIECES = st.lists(st.sampled_from(["/", ".", "..", "%2e", "%2E", "a", ";", "\\", "%41", "%25", "?", "x"]), max_size=12)


@given(PIECES)
def test_no_dot_segment_and_no_doubled_slash_survives(pieces: list[str]) -> None:
    path = normalize_path("/" + "".join(pieces))
    assert path is not None and path.startswith("/")
    assert not {".", ".."} & set(path.split("/"))
    assert path == "//" or "//" not in path


@given(PIECES)
def test_a_normalised_path_without_escapes_stays(pieces: list[str]) -> None:
    path = normalize_path("/" + "".join(pieces))
    assert path is not None
    if "%" not in path and ";" not in path:
        assert normalize_path(path) == path
