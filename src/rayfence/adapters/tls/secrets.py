"""Secrets by kind, made where they are used. An existing usable one is kept: replacing it is rotation, not repair.

Forms: Ray's token and the operator's key are 64 hex digits without a newline (Envoy sends the file as it is). A signing
key is a private P-256 JWK, an HMAC key 64 hex digits, each in a folder of keys as `<key id>.jwk` or `<key id>.key`.
"""

import base64
import json
import re
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec

from rayfence.adapters.tls.private_file import Owner, read_file, write_private
from rayfence.errors import StateError
from rayfence.model.desired import SecretKind, SecretRequest

_HEX: Final = re.compile(rb"[0-9a-f]{64}")
#: Ending of the files in a folder of keys.
_ENDINGS: Final[Mapping[SecretKind, str]] = {SecretKind.EC_SIGNING_KEY: ".jwk", SecretKind.HMAC_KEY: ".key"}


def has_secret(request: SecretRequest) -> bool:
    """Whether a usable secret is there, and every copy holds the same bytes."""
    if request.kind in _ENDINGS:
        return any(_usable(request.kind, path) for path in _keys(request))
    content = read_file(request.path)
    return content is not None and _is_hex(content) and _copies_agree(request, content)


def ensure_secret(request: SecretRequest, owner: Owner) -> None:
    """Make the secret unless a usable one is there; then write the copies. Raises StateError."""
    who = owner(request.account)
    if request.kind in _ENDINGS:
        if not has_secret(request):
            add_key(request, owner)
        return
    content = read_file(request.path)
    if content is None or not _is_hex(content):
        content = secrets.token_hex(32).encode()
        write_private(request.path, content, who)
    for path, account in request.copies:
        write_private(path, content, owner(account))


def add_key(request: SecretRequest, owner: Owner) -> str:
    """One more key in a folder of keys; the newest is used, all are accepted. Returns its id. Raises StateError."""
    if request.kind not in _ENDINGS:
        raise StateError(f"{request.name} is no folder of keys")
    kid = secrets.token_hex(8)
    content = signing_key(kid) if request.kind is SecretKind.EC_SIGNING_KEY else secrets.token_hex(32).encode()
    write_private(f"{request.path}/{kid}{_ENDINGS[request.kind]}", content, owner(request.account))
    return kid


def signing_key(kid: str) -> bytes:
    """A new private P-256 JWK. RFC 7518 section 6.2: every member is a fixed 32 bytes, base64url without padding."""
    numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
    members = {"x": numbers.public_numbers.x, "y": numbers.public_numbers.y, "d": numbers.private_value}
    encoded = {
        name: base64.urlsafe_b64encode(value.to_bytes(32, "big")).rstrip(b"=").decode()
        for name, value in members.items()
    }
    return json.dumps({"kty": "EC", "crv": "P-256", "kid": kid, "alg": "ES256", "use": "sig", **encoded}).encode()


def _keys(request: SecretRequest) -> list[Path]:
    ending = _ENDINGS[request.kind]
    return [path for path in Path(request.path).glob(f"*{ending}") if not path.name.startswith(".")]


def _usable(kind: SecretKind, path: Path) -> bool:
    content = read_file(str(path)) or b""
    if kind is SecretKind.HMAC_KEY:
        return _is_hex(content)
    try:
        key = json.loads(content)
    except ValueError:
        return False
    return isinstance(key, dict) and key.get("crv") == "P-256" and isinstance(key.get("d"), str)


def _copies_agree(request: SecretRequest, content: bytes) -> bool:
    try:
        return all(read_file(path) == content for path, _account in request.copies)
    except StateError:
        return False


def _is_hex(content: bytes) -> bool:
    return _HEX.fullmatch(content.strip()) is not None
