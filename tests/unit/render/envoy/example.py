"""One instance's settings and the shipped catalogue, for the tests of this folder."""

from rayfence.catalog.routes import load_routes
from rayfence.model.gateway import Audiences, GatewaySettings, Hosts, Limits

CATALOG = load_routes("2.60.0")

SETTINGS = GatewaySettings(
    instance="demo",
    issuer="rayfence:demo",
    audiences=Audiences("demo:api", "demo:dashboard", "demo:login"),
    hosts=Hosts(("localhost", "127.0.0.1", "[::1]"), "dashboard.demo.localhost", "login.demo.localhost"),
    bind_address="127.0.0.1",
    port=8443,
    ray_client_port=8449,
    limits=Limits(),
    ray_version="2.60.0",
    ray_dashboard_port=8265,
    ray_client_upstream_port=10001,
    serve_port=8000,
    serve_prefix="/serve/",
    envoy_dir="/s/envoy",
    envoy_admin_socket="/r/envoy.sock",
    envoy_concurrency=2,
    server_certificate="/s/envoy/server.crt",
    server_key="/s/envoy/server.key",
    ray_client_certificate="/s/envoy/ray-client.crt",
    ray_client_key="/s/envoy/ray-client.key",
    node_ca="/s/certificates/node/ca.pem",
    ray_token_sds="/s/envoy/ray-token.yaml",
    jwks="/s/envoy/jwks.json",
    access_log="/s/logs/access.jsonl",
    service_socket="/r/service.sock",
    signing_keys="/s/secrets/signing",
    stamp_keys="/s/secrets/stamp",
    ray_token="/s/secrets/ray-token",
    operator_key="/s/secrets/operator-key",
    operator_subject="root",
    users="/s/users.json",
    trail_dir="/s/trail",
    trail_heads_dir="/h",
)


def at(value: object, *path: str | int) -> object:
    """What lies at a path of keys and positions inside a rendered value."""
    for step in path:
        if isinstance(value, dict):
            value = value[step]
        else:
            assert isinstance(value, list)
            assert isinstance(step, int)
            value = value[step]
    return value


def objects(value: object, *path: str | int) -> list[dict[str, object]]:
    """A list of objects at a path."""
    found = at(value, *path)
    assert isinstance(found, list)
    assert all(isinstance(one, dict) for one in found)
    return found
