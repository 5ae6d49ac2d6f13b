"""Requests of one tenant, and the time, for the tests of this folder."""

from dataclasses import replace
from datetime import UTC, datetime

from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind, TokenSource

NOW = datetime(2026, 11, 26, 6, tzinfo=UTC)
HOME = "vision-gateway"
AUTHORITY = ClusterSecret(
    ClusterSecretKind.AUTHORITY,
    HOME,
    "authority-inner",
    (),
    hours=5 * 365 * 24,
    renew_before=365 * 24,
    names=("vision.svc",),
)
LEAF = ClusterSecret(
    ClusterSecretKind.LEAF,
    "vision",
    "sidecar-cluster-train",
    ("the sidecar",),
    hours=90 * 24,
    renew_before=45 * 24,
    authority="authority-inner",
    authority_namespace=HOME,
    names=("cluster-train.vision.svc",),
    server=True,
)
SIGNING = ClusterSecret(
    ClusterSecretKind.SIGNING_KEYS, HOME, "gateway-signing-keys", ("the service",), hours=180 * 24, renew_before=90 * 24
)
STAMPS = ClusterSecret(ClusterSecretKind.STAMP_KEYS, HOME, "gateway-stamp-keys", ("the service",))
TOKEN = ClusterSecret(ClusterSecretKind.RAY_TOKEN, "vision", "ray-token-cluster-train", ("Ray",))
TOKENS = ClusterSecret(
    ClusterSecretKind.RAY_TOKENS,
    HOME,
    "gateway-ray-tokens",
    ("Envoy",),
    sources=(TokenSource("cluster-train", "vision", "ray-token-cluster-train"),),
)
PUBLISHED = ClusterSecret(
    ClusterSecretKind.CERTIFICATE,
    HOME,
    "gateway-authority",
    ("clients",),
    authority="authority-inner",
    authority_namespace=HOME,
)
ALL = (AUTHORITY, PUBLISHED, LEAF, SIGNING, STAMPS, TOKEN, TOKENS)
OTHER_NAME = replace(LEAF, names=("cluster-other.vision.svc",))
