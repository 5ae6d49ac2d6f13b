from rayfence.model.routes import Surface
from rayfence.render.envoy.access_log import access_log
from tests.unit.render.envoy.example import SETTINGS, at

KEYS = "ts id sub jti surface route method path code details flags ms upstream_ms bytes peer intent"


def line(surface: Surface | None = None) -> dict[str, object]:
    """The format of a line."""
    found = at(access_log(SETTINGS, surface), "typed_config", "log_format", "json_format")
    assert isinstance(found, dict)
    return found


def test_the_keys_are_those_the_trail_reads() -> None:
    assert set(line()) == set(KEYS.split())


def test_the_subject_comes_from_the_verified_token_only() -> None:
    assert str(line()["sub"]).startswith("%DYNAMIC_METADATA(envoy.filters.http.jwt_authn:jwt:")


def test_no_query_is_logged() -> None:
    assert line()["path"] == "%PATH(NQ)%"
    assert "QUERY" not in str(line())


def test_a_listener_of_one_surface_says_so() -> None:
    assert line(Surface.RAY_CLIENT)["surface"] == "ray-client"
