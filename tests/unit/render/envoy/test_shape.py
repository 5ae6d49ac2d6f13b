import json
import re

from hypothesis import given
from hypothesis import strategies as st

from rayfence.render.envoy.shape import discovery, one_of, seconds, to_text, typed, watched
from tests.unit.render.envoy.example import at


def test_a_message_carries_its_type() -> None:
    assert typed("envoy.x.v3.Y", name="n") == {"@type": "type.googleapis.com/envoy.x.v3.Y", "name": "n"}


def test_a_source_watches_the_folder_and_waits_for_its_file() -> None:
    source = watched("/s/envoy/rds.yaml")
    assert at(source, "path_config_source", "watched_directory", "path") == "/s/envoy"
    assert source["initial_fetch_timeout"] == "0s"


def test_the_version_is_a_digest_of_the_content() -> None:
    first, same, other = discovery([{"a": 1}]), discovery([{"a": 1}]), discovery([{"a": 2}])
    assert first["version_info"] == same["version_info"] != other["version_info"]


def test_durations() -> None:
    assert [seconds(0), seconds(60), seconds(43200), seconds(5_000_000)] == ["0s", "60s", "43200s", "5000000s"]


@given(st.sampled_from(["localhost", "127.0.0.1", "[::1]", "https://localhost:8443"]), st.text(max_size=30))
def test_one_of_matches_its_values_and_nothing_else(value: str, other: str) -> None:
    matcher = re.compile(str(at(one_of([value, "second"]), "safe_regex", "regex")))
    assert matcher.fullmatch(value)
    assert bool(matcher.fullmatch(other)) == (other in {value, "second"})


def test_one_of_without_case() -> None:
    assert re.fullmatch(str(at(one_of(["https://a.b"], ignore_case=True), "safe_regex", "regex")), "HTTPS://A.B")


def test_the_file_form_is_stable_json() -> None:
    assert json.loads(to_text({"b": 1, "a": "\"'"})) == {"a": "\"'", "b": 1}
    assert to_text({"b": 1, "a": 2}) == to_text({"a": 2, "b": 1})
