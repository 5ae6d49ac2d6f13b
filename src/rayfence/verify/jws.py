"""Tokens made by hand, part by part: right ones for controls, and ones that are wrong in exactly one respect.

A library that signs JWTs refuses to make most of what an attacker sends. Pure but for the randomness of signatures.
Sources: RFC 7515 (compact serialization), RFC 7518 3.4 (ECDSA: r and s, 32 bytes each).
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from typing import Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from rayfence.access.claims import token_header
from rayfence.model.frozen import dataclass

#: Order of the curve P-256's base point (FIPS 186-5).
P256_ORDER: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551

Json = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Signer:
    """A P-256 key with its id; the instance's own, or an attacker's."""

    kid: str
    key: ec.EllipticCurvePrivateKey

    def token(self, claims: Json | str, header: Json | str | None = None) -> str:
        """A signed token in compact form; text is taken as it is, however wrong."""
        signed = signing_input(self.header() if header is None else header, claims)
        return f"{signed}.{b64(self.signature(signed))}"

    def header(self) -> dict[str, object]:
        """The header of a right token."""
        return dict(token_header(self.kid))

    def signature(self, signed: str | bytes) -> bytes:
        """r and s over the signing input."""
        r, s = self.numbers(signed)
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def der_signature(self, signed: str) -> bytes:
        """The same in the form that X.509 uses, and JWS does not."""
        return self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256()))

    def numbers(self, signed: str | bytes) -> tuple[int, int]:
        """r and s as integers."""
        data = signed.encode() if isinstance(signed, str) else signed
        return decode_dss_signature(self.key.sign(data, ec.ECDSA(hashes.SHA256())))

    def public_pem(self) -> bytes:
        """The public key as everyone may see it."""
        return self._public(serialization.Encoding.PEM)

    def public_der(self) -> bytes:
        """The same in binary."""
        return self._public(serialization.Encoding.DER)

    def public_point(self) -> bytes:
        """The uncompressed point."""
        encoding, form = serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint
        return self.key.public_key().public_bytes(encoding, form)

    def public_jwk(self) -> dict[str, object]:
        """The public key as a JWK."""
        point = self.public_point()
        return {"kty": "EC", "crv": "P-256", "x": b64(point[1:33]), "y": b64(point[33:]), "kid": self.kid}

    def _public(self, encoding: serialization.Encoding) -> bytes:
        return self.key.public_key().public_bytes(encoding, serialization.PublicFormat.SubjectPublicKeyInfo)


def signer_from_jwk(text: str, stem: str) -> Signer:
    """A private P-256 JWK as the instance keeps it; `stem` names it when it has no `kid`. Raises ValueError."""
    try:
        jwk = json.loads(text)
        numbers = {name: int.from_bytes(unb64(str(jwk[name])), "big") for name in ("x", "y", "d")}
        if jwk["crv"] != "P-256":
            raise ValueError("not a P-256 key")
    except (KeyError, TypeError) as error:
        raise ValueError("not a private JWK") from error
    public = ec.EllipticCurvePublicNumbers(numbers["x"], numbers["y"], ec.SECP256R1())
    return Signer(str(jwk.get("kid") or stem), ec.EllipticCurvePrivateNumbers(numbers["d"], public).private_key())


def stranger(kid: str) -> Signer:
    """A fresh key under a known key's id: what an attacker can make."""
    return Signer(kid, ec.generate_private_key(ec.SECP256R1()))


def signing_input(header: Json | str, claims: Json | str) -> str:
    """`b64(header).b64(claims)`."""
    return f"{b64(_bytes(header))}.{b64(_bytes(claims))}"


def hmac_token(secret: bytes, claims: Json, header: Json, digest: str = "sha256") -> str:
    """A token signed with a shared secret, as the header says: key confusion when the secret is a public key."""
    signed = signing_input(header, claims)
    return f"{signed}.{b64(hmac.new(secret, signed.encode(), getattr(hashlib, digest)).digest())}"


def b64(data: bytes) -> str:
    """Base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def unb64(text: str) -> bytes:
    """The reverse. Raises ValueError."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _bytes(part: Json | str) -> bytes:
    return part.encode() if isinstance(part, str) else json.dumps(part, separators=(",", ":")).encode()
