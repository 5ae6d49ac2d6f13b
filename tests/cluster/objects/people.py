"""People whom a test cluster's API server knows: an issuer of tokens with mail address and groups, for a test's time.

The issuer is a small HTTPS server in the cluster's network namespace: the API server asks it for its keys. It is told
to the API server by the file that this one reads again when it changes.
"""

import base64
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from rayfence.adapters.tls.cluster_material import authority_data, authority_of, leaf_data
from rayfence.adapters.tls.cluster_secrets import utc_now
from rayfence.model.cluster_secrets import ClusterSecret, ClusterSecretKind
from tests.cluster.harness.cluster import Cluster
from tests.cluster.inside import settings

AUDIENCE: Final = "kubernetes"
PORT: Final = 9443
_URL: Final = f"https://localhost:{PORT}"
_KEY: Final = "test"

#: Serves the files of its folder, with TLS.
_SERVER: Final = """
import functools, http.server, ssl, sys
folder, port = sys.argv[1], int(sys.argv[2])
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder + "/public")
server = http.server.ThreadingHTTPServer(("127.0.0.1", port), handler)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(folder + "/server.pem")
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
"""


@dataclass(frozen=True, slots=True)
class Issuer:
    """Makes tokens by which the API server knows people."""

    key: ec.EllipticCurvePrivateKey

    def token(self, mail: str, *groups: str, seconds: int = 1800, audience: str = AUDIENCE) -> str:
        """A token of a person in these groups."""
        now = int(time.time())
        claims = {"iss": _URL, "aud": audience, "sub": mail, "email": mail, "groups": list(groups)}
        claims |= {"iat": now, "nbf": now - 5, "exp": now + seconds}  # type: ignore[dict-item]
        head = {"alg": "ES256", "kid": _KEY, "typ": "JWT"}
        signed = f"{_text(json.dumps(head).encode())}.{_text(json.dumps(claims).encode())}"
        first, second = utils.decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return f"{signed}.{_text(first.to_bytes(32, 'big') + second.to_bytes(32, 'big'))}"


@contextmanager
def people(cluster: Cluster, folder: Path) -> Iterator[Issuer]:
    """The API server knows people of this issuer; not any more afterwards."""
    issuer = Issuer(ec.generate_private_key(ec.SECP256R1()))
    authority = _write(issuer, folder)
    words = [sys.executable, "-I", "-c", _SERVER, str(folder), str(PORT)]
    server = subprocess.Popen(cluster.inside(words), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    file = cluster.place.folder / settings.AUTHENTICATION
    try:
        _exchange(file, settings.authentication(_URL, authority, AUDIENCE))
        _await(cluster, issuer.token("probe@example.com"))
        yield issuer
    finally:
        _exchange(file, settings.authentication())
        server.terminate()
        server.wait(timeout=10)


def _write(issuer: Issuer, folder: Path) -> str:
    """The issuer's certificate, its keys and what says where they are; returns its authority's certificate."""
    now, names = utc_now(), ("localhost",)
    wish = ClusterSecret(ClusterSecretKind.AUTHORITY, "", "issuer", (), hours=48, names=names)
    authority = authority_data(wish, None, now)
    signer = authority_of(authority)
    assert signer is not None
    leaf_wish = ClusterSecret(ClusterSecretKind.LEAF, "", "leaf", (), hours=24, names=names, server=True)
    leaf = leaf_data(leaf_wish, None, signer, now)
    (folder / "server.pem").write_bytes(leaf["tls.key"] + leaf["tls.crt"])
    public = folder / "public"
    (public / ".well-known").mkdir(parents=True)
    numbers = issuer.key.public_key().public_numbers()
    key = {"kty": "EC", "crv": "P-256", "kid": _KEY, "alg": "ES256", "use": "sig"}
    key |= {"x": _text(numbers.x.to_bytes(32, "big")), "y": _text(numbers.y.to_bytes(32, "big"))}
    (public / "keys").write_text(json.dumps({"keys": [key]}), encoding="utf-8")
    told = {
        "issuer": _URL,
        "jwks_uri": f"{_URL}/keys",
        "response_types_supported": ["id_token"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    }
    (public / ".well-known" / "openid-configuration").write_text(json.dumps(told), encoding="utf-8")
    return authority["ca.crt"].decode("ascii")


def _exchange(file: Path, text: str) -> None:
    """In one blow: half of it would be refused."""
    beside = file.with_suffix(".new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, file)  # noqa: PTH105 - what is meant


def _await(cluster: Cluster, token: str) -> None:
    until = time.monotonic() + 120
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    while True:
        said = cluster.kubectl("create", "-o", "json", "-f", "-", stdin=json.dumps(review)).stdout
        if json.loads(said)["status"].get("authenticated") is True:
            return
        assert time.monotonic() < until, said
        time.sleep(0.5)


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
