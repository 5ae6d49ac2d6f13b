from rayfence.render.envoy.secrets import client_resource, ray_token_resource, secrets_resource, sidecars_resource
from tests.unit.render.envoy.example import SETTINGS, at, objects


def test_secrets_are_named_by_file_and_watched() -> None:
    leaf = at(secrets_resource(SETTINGS), "resources", 0, "tls_certificate")
    assert at(leaf, "private_key", "filename") == SETTINGS.server_key
    assert at(leaf, "watched_directory", "path") == "/s/envoy"
    token = at(ray_token_resource(SETTINGS), "resources", 0, "generic_secret", "secret")
    assert at(token, "filename") == SETTINGS.ray_token
    assert at(token, "watched_directory", "path") == "/s/secrets"


def test_no_secret_is_written_inline() -> None:
    assert "inline" not in str(secrets_resource(SETTINGS)) + str(ray_token_resource(SETTINGS))


def test_certificates_of_sidecars_lie_in_files_of_their_own() -> None:
    """Envoy takes one secret from a file."""
    client, trusted = client_resource(SETTINGS), sidecars_resource(SETTINGS)
    leaf = at(client, "resources", 0, "tls_certificate")
    assert at(leaf, "private_key", "filename") == SETTINGS.ray_client_key
    assert at(leaf, "watched_directory", "path") == "/s/envoy"
    context = at(trusted, "resources", 0, "validation_context")
    assert at(context, "trusted_ca", "filename") == SETTINGS.node_ca
    assert at(context, "watched_directory", "path") == SETTINGS.node_ca.rpartition("/")[0]
    assert len(objects(client, "resources")) == len(objects(trusted, "resources")) == 1
