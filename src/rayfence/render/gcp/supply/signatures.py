"""Which signature algorithm a public key is for: Binary Authorization must be told.

Reads the key's object identifiers only, decides nothing about its strength. Source: RFC 5480 and RFC 8017 (object
identifiers); Binary Authorization API v1, `PkixPublicKey.SignatureAlgorithm`.
"""

import base64
import binascii
from typing import Final

P256: Final = bytes.fromhex("2a8648ce3d030107")
P384: Final = bytes.fromhex("2b81040022")
P521: Final = bytes.fromhex("2b81040023")
RSA: Final = bytes.fromhex("2a864886f70d010101")
CURVES: Final = {P256: "ECDSA_P256_SHA256", P384: "ECDSA_P384_SHA384", P521: "ECDSA_P521_SHA512"}
#: DER bytes of an RSA public key with a modulus of so many bits are a little more than bits / 8.
RSA_SIZES: Final = ((4096, "RSA_PSS_4096_SHA512"), (3072, "RSA_PSS_3072_SHA256"), (0, "RSA_PSS_2048_SHA256"))


def signature_algorithm(pem: str) -> str:
    """The algorithm of a PEM public key; `SIGNATURE_ALGORITHM_UNSPECIFIED` where it is no key we know."""
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    try:
        der = base64.b64decode("".join(lines), validate=True)
    except (binascii.Error, ValueError):
        return "SIGNATURE_ALGORITHM_UNSPECIFIED"
    for identifier, name in CURVES.items():
        if identifier in der[:40]:
            return name
    if RSA in der[:40]:
        return next(name for bits, name in RSA_SIZES if len(der) >= bits // 8)
    return "SIGNATURE_ALGORITHM_UNSPECIFIED"
