"""The settings that Envoy and the service share."""

from rayfence.catalog.matching import find_route
from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import GatewaySettings
from rayfence.render.local.layout import Layout
from rayfence.render.local.settings import gateway_settings
from tests.unit.policy.test_resolve import resolved

SPEC = """
apiVersion: rayfence.dev/v1alpha1
kind: Platform
metadata: {name: ml}
target: {local: {gateway: {apiHosts: [a.test]}}}
"""


def settings() -> GatewaySettings:
    resolution = resolved(spec=SPEC)
    return gateway_settings(resolution, Layout(resolution.host.places))


def test_each_surface_has_an_audience_and_a_host_of_its_own() -> None:
    seen = settings()
    assert len({seen.audiences.api, seen.audiences.dashboard, seen.audiences.login}) == 3
    assert seen.hosts.api == ("localhost", "127.0.0.1", "[::1]", "a.test")
    assert (seen.hosts.dashboard, seen.hosts.login) == ("dashboard.ml.localhost", "login.ml.localhost")


def test_the_trails_heads_lie_apart_from_the_trail() -> None:
    assert not settings().trail_heads_dir.startswith("/state/")


def test_the_file_form_reads_back() -> None:
    assert GatewaySettings.from_json(settings().to_json()) == settings()


def test_the_published_prefix_of_serve_is_the_catalogues() -> None:
    assert find_route(load_routes("2.60.0"), "serve.data").path.startswith(settings().serve_prefix)
