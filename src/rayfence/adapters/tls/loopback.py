"""A certificate for `localhost`, made for one process and gone with it: its authority can certify nothing else, and its
key is written to no disk that outlives the call.
"""

import os
import ssl
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from rayfence.adapters.tls.cluster_material import authority_data, authority_of, leaf_data
from rayfence.errors import StateError
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind

NAME: Final = "localhost"
#: A command may wait for its job for long.
_HOURS: Final = 30 * 24


@dataclass(frozen=True, slots=True)
class LoopbackIdentity:
    """`context` speaks TLS as `localhost`; `authority` (PEM) is what a client must believe."""

    context: ssl.SSLContext
    authority: str


def loopback_identity() -> LoopbackIdentity:
    """A new one. Raises OSError where no temporary file can be written."""
    now = datetime.now(UTC)
    wish = ClusterSecret(ClusterSecretKind.AUTHORITY, "", "loopback", (), hours=_HOURS, names=(NAME,))
    authority = authority_data(wish, None, now)
    signer = authority_of(authority)
    if signer is None:
        raise StateError("a certificate for localhost can't be made")
    leaf_wish = ClusterSecret(
        ClusterSecretKind.LEAF, "", NAME, (), hours=_HOURS, authority="loopback", names=(NAME,), server=True
    )
    leaf = leaf_data(leaf_wish, None, signer, now)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    # The library reads files only.
    with tempfile.TemporaryDirectory(prefix="rayfence-") as folder:
        path = Path(folder) / "identity.pem"
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(leaf["tls.key"] + leaf["tls.crt"])
        context.load_cert_chain(path)
    return LoopbackIdentity(context, authority["ca.crt"].decode("ascii"))
