"""Twin of rayfence.model.cluster_secrets."""

from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind


def test_a_request_is_named_as_objects_are() -> None:
    request = ClusterSecret(ClusterSecretKind.STAMP_KEYS, "vision-gateway", "gateway-stamp-keys", ())
    assert request.reference == "Secret vision-gateway/gateway-stamp-keys"
