import re

from rayfence.model.routes import Surface
from rayfence.render.envoy.access_log import access_log, caller_filter
from rayfence.render.envoy.hygiene import SPOOFABLE
from tests.unit.render.envoy.example import SETTINGS, at, objects

KEYS = "ts id grant surface route method path code details flags ms upstream_ms bytes peer intent"


def line(surface: Surface | None = None) -> dict[str, object]:
    """The format of a line."""
    found = at(access_log(SETTINGS, surface), "typed_config", "log_format", "json_format")
    assert isinstance(found, dict)
    return found


def test_the_keys_are_those_the_trail_reads() -> None:
    assert set(line()) == set(KEYS.split())


def test_the_subject_comes_from_the_verified_token_only() -> None:
    assert line()["grant"] == "%FILTER_STATE(rayfence.grant:PLAIN)%"
    kept = objects(caller_filter(), "on_request_headers")
    assert [at(one, "object_key") for one in kept] == ["rayfence.grant"]
    assert at(kept[0], "format_string", "text_format_source", "inline_string") == "%REQUEST_HEADER(x-rayfence-grant)%"
    # stripped on arrival: nobody but jwt_authn, behind it, can have set it
    assert any(re.fullmatch(pattern, "x-rayfence-grant") for pattern in SPOOFABLE)


def test_no_query_is_logged() -> None:
    assert line()["path"] == "%PATH(NQ)%"
    assert "QUERY" not in str(line())


def test_a_listener_of_one_surface_says_so() -> None:
    assert line(Surface.RAY_CLIENT)["surface"] == "ray-client"
