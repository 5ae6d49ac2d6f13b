import re

import pytest

from rayfence.model.routes import Surface
from rayfence.render.envoy.hygiene import (
    NEVER_TO_CLIENT,
    NEVER_TO_RAY,
    NEVER_TO_SERVE,
    SPOOFABLE,
    answer_headers,
    fetch_metadata,
    identity_filter,
    on_arrival,
    upstream_mutations,
)
from tests.unit.render.envoy.example import at, objects


def removed(patterns: tuple[str, ...], name: str) -> bool:
    """Whether one of the patterns takes the header away, as RE2 would."""
    return any(re.fullmatch(pattern, name) for pattern in patterns)


@pytest.mark.parametrize(
    "name",
    [
        "x-rayfence-payload",
        "x-envoy-original-path",
        "x-forwarded-for",
        "forwarded",
        "x-request-id",
        "x-real-ip",
        "x-auth-user",
        "remote-user",
        "x-ray-authorization",
        "proxy-authorization",
        "x-http-method-override",
        "x-original-url",
        "x-rewrite-url",
        "true-client-ip",
        "x-goog-authenticated-user-email",
        "via",
    ],
)
def test_spoofed_headers_are_gone_on_arrival(name: str) -> None:
    assert removed(SPOOFABLE, name)


@pytest.mark.parametrize(
    "name", ["authorization", "cookie", "origin", "content-length", "x-api-key", "client_id", "te"]
)
def test_what_filters_and_applications_need_stays_on_arrival(name: str) -> None:
    assert not removed(SPOOFABLE, name)


@pytest.mark.parametrize("name", ["authorization", "cookie", "x-anything", "x-real", "x-re", "referer", "sec-ch-ua"])
def test_ray_never_sees_it(name: str) -> None:
    assert removed(NEVER_TO_RAY, name)


@pytest.mark.parametrize("name", [":authority", ":path", "host", "x-request-id", "content-type", "sec-websocket-key"])
def test_ray_needs_it(name: str) -> None:
    assert not removed(NEVER_TO_RAY, name)


def test_no_credential_of_the_gateway_reaches_serve() -> None:
    assert all(removed(NEVER_TO_SERVE, name) for name in ("authorization", "cookie", "x-rayfence-payload"))
    assert not removed(NEVER_TO_SERVE, ":authority")


def test_patterns_become_one_expression() -> None:
    assert at(on_arrival(), "typed_config", "mutations", 0, "remove_on_match")
    mutations = objects(upstream_mutations(["a", "b"]), "mutations", "request_mutations")
    assert at(mutations[0], "remove_on_match", "key_matcher", "safe_regex", "regex") == "(?:a)|(?:b)"


def test_only_reads_look_like_a_browsers() -> None:
    assert "request_headers_to_add" in fetch_metadata(reads=True)
    assert fetch_metadata(reads=False) == {"request_headers_to_remove": ["sec-fetch-site"]}
    assert removed(NEVER_TO_RAY, "sec-fetch-mode") and removed(NEVER_TO_RAY, "sec-fetch-storage-access")
    assert not removed(NEVER_TO_RAY, "sec-fetch-site")


def test_the_service_is_told_by_us_alone() -> None:
    told = objects(identity_filter(Surface.RAY_CLIENT), "mutations", "request_mutations")
    names = {at(one, "append", "header", "key"): at(one, "append", "append_action") for one in told}
    assert set(names) == {"x-rayfence-route", "x-rayfence-surface", "x-forwarded-for"}
    assert set(names.values()) == {"OVERWRITE_IF_EXISTS_OR_ADD"}
    assert at(told[1], "append", "header", "value") == "ray-client"


def header_names(surface: Surface, *, public_host: bool = False) -> dict[str, str]:
    """Added headers by name."""
    added = answer_headers(surface, public_host=public_host)
    return {str(at(one, "header", "key")): str(at(one, "header", "value")) for one in added}


def test_no_page_can_be_framed_and_only_public_hosts_pin_tls() -> None:
    for surface in (Surface.API, Surface.DASHBOARD, Surface.LOGIN):
        assert "frame-ancestors 'none'" in header_names(surface)["content-security-policy"]
        assert "strict-transport-security" not in header_names(surface)
    assert "strict-transport-security" in header_names(Surface.API, public_host=True)


def test_referrers_stay_on_the_surface() -> None:
    assert header_names(Surface.DASHBOARD)["referrer-policy"] == "same-origin"
    assert "set-cookie" in NEVER_TO_CLIENT
