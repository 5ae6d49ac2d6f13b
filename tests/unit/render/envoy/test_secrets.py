from rayfence.render.envoy.secrets import ray_token_resource, secrets_resource
from tests.unit.render.envoy.example import SETTINGS, at


def test_secrets_are_named_by_file_and_watched() -> None:
    leaf = at(secrets_resource(SETTINGS), "resources", 0, "tls_certificate")
    assert at(leaf, "private_key", "filename") == SETTINGS.server_key
    assert at(leaf, "watched_directory", "path") == "/s/envoy"
    token = at(ray_token_resource(SETTINGS), "resources", 0, "generic_secret", "secret")
    assert at(token, "filename") == SETTINGS.ray_token
    assert at(token, "watched_directory", "path") == "/s/secrets"


def test_no_secret_is_written_inline() -> None:
    assert "inline" not in str(secrets_resource(SETTINGS)) + str(ray_token_resource(SETTINGS))
