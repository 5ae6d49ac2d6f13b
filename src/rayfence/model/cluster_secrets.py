"""Secrets of a platform on Kubernetes, as requests: kind, place, lifetime, names, consumers. Never a byte of one.

`render/kubernetes/secrets.py` makes the list, `adapters/tls/cluster_secrets.py` the Secrets, where they are used.
"""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class ClusterSecretKind(StrEnum):
    """What a Secret holds."""

    AUTHORITY = "authority"  # `ca.crt`, `ca.key`; in no pod
    LEAF = "leaf"  # `tls.crt`, `tls.key`, `ca.crt`
    SIGNING_KEYS = "signing-keys"  # `<seconds of birth>.<key id>.jwk`, several while one follows another
    STAMP_KEYS = "stamp-keys"  # `<seconds of birth>.<key id>.key`; none is ever dropped: owners of old jobs hang on it
    RAY_TOKEN = "ray-token"  # noqa: S105 - `auth_token`, as KubeRay wants it
    RAY_TOKENS = "ray-tokens"
    CERTIFICATE = "certificate"  # `ca.crt` of an authority: no secret, so a ConfigMap; for whoever calls what it signed


@dataclass(frozen=True, slots=True)
class TokenSource:
    """Where the gateway's copy of a Ray token comes from: key of the copy, Secret and namespace of the original."""

    workload: str
    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class ClusterSecret:
    """One Secret. Made once; a living one is not written again but to renew it, before it ends.

    `hours`: life of what it holds, 0: until someone replaces it; `renew_before`: hours before its end, when the next
    apply makes a new one. `authority`: name of the Secret, in the same platform's `authority_namespace`, that signs a
    leaf; `names`: DNS names a leaf bears, or below which an authority may certify. `sources` of copies.
    """

    kind: ClusterSecretKind
    namespace: str
    name: str
    consumers: tuple[str, ...]
    hours: int = 0
    renew_before: int = 0
    authority: str = ""
    authority_namespace: str = ""
    names: tuple[str, ...] = ()
    server: bool = False
    client: bool = False
    sources: tuple[TokenSource, ...] = ()

    @property
    def reference(self) -> str:
        """`Secret namespace/name`, as other objects are named."""
        return f"{'ConfigMap' if self.public else 'Secret'} {self.namespace}/{self.name}"

    @property
    def public(self) -> bool:
        """Whether everybody may know it."""
        return self.kind is ClusterSecretKind.CERTIFICATE
