"""Templates: what they match, and that Envoy's expression and ours are one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.paths import match_template, parse_template


@pytest.mark.parametrize(
    ("template", "path", "values"),
    [
        ("/", "/", {}),
        ("/api/jobs/", "/api/jobs/", {}),
        ("/api/jobs/{submission_id}", "/api/jobs/a-b_1", {"submission_id": "a-b_1"}),
        ("/nodes/{node_id}", "/nodes/a.b", {"node_id": "a.b"}),
        ("/api/packages/gcs/{package_name}", "/api/packages/gcs/a-1+cpu.whl", {"package_name": "a-1+cpu.whl"}),
        ("/static/{rest...}", "/static/", {"rest": ""}),
        ("/static/{rest...}", "/static/js/a b/%20", {"rest": "js/a b/%20"}),
        ("/a/{x}/b/{y}", "/a/1/b/2", {"x": "1", "y": "2"}),
    ],
)
def test_matches(template: str, path: str, values: dict[str, str]) -> None:
    assert match_template(parse_template(template), path) == values


@pytest.mark.parametrize(
    ("template", "path"),
    [
        ("/api/jobs/", "/api/jobs"),
        ("/api/jobs/", "/API/jobs/"),
        ("/api/jobs/{submission_id}", "/api/jobs/"),
        ("/api/jobs/{submission_id}", "/api/jobs/a.b"),
        ("/api/jobs/{submission_id}", "/api/jobs/a/b"),
        ("/api/jobs/{submission_id}", "/api/jobs/a%20"),
        ("/api/jobs/{submission_id}", "/api/jobs/ä"),
        ("/api/jobs/{submission_id}", "/api/jobs/a\n"),
        ("/nodes/{node_id}", "/nodes/.."),
        ("/static/{rest...}", "/static"),
        ("/static/{rest...}", "/static/../test/dump"),
        ("/a.b", "/axb"),
    ],
)
def test_does_not_match(template: str, path: str) -> None:
    assert match_template(parse_template(template), path) is None


@pytest.mark.parametrize(
    "text",
    ["", "a", "/a//b", "/a/../b", "/./a", "/{x}/{x}", "/{rest...}/a", "/{X}", "/a{x}", "/a b", "/%41", "/{x..}", "/a*"],
)
def test_refuses_what_is_no_template(text: str) -> None:
    with pytest.raises(ValueError, match="path"):
        parse_template(text)


def test_kinds() -> None:
    assert parse_template("/api/jobs/").literal
    assert parse_template("/static/{rest...}").prefix == "/static/"
    mixed = parse_template("/x/{name}/{rest...}")
    assert not mixed.literal and mixed.prefix == ""
    assert parse_template("/api/jobs/{submission_id}/logs").expression == "/api/jobs/[A-Za-z0-9_-]+/logs"


_SEGMENTS = st.sampled_from(["a", "api", "{x}", "{submission_id}", "a.b", "-"])
_PATHS = st.text(st.sampled_from("ab/.{}%-_~ \n"), max_size=12).map(lambda text: "/" + text)


@given(st.lists(_SEGMENTS, min_size=1, max_size=4, unique=True), _PATHS)
def test_expression_decides_as_the_matcher_does(segments: list[str], path: str) -> None:
    template = parse_template("/" + "/".join(segments))
    dotted = {".", ".."} & set(path.split("/"))
    matched = re.fullmatch(template.expression, path, re.DOTALL) is not None
    assert (match_template(template, path) is not None) == (matched and not dotted)


@given(st.lists(_SEGMENTS, min_size=1, max_size=4, unique=True), st.booleans())
def test_samples_match_their_own_template(segments: list[str], rest: bool) -> None:
    template = parse_template("/" + "/".join([*segments, "{rest...}"] if rest else segments))
    assert template.samples
    assert all(match_template(template, sample) is not None for sample in template.samples)
