"""Signed heads: statements that a chain was so long and ended so, kept where the chain's writer does not keep the
chain.

A chain that was cut at its end is still a whole chain. A head that names a later record proves the cut, and a head
signed with a key of its own can't be made by who can only write files. Records after the last head are not covered:
that window is the interval at which heads are signed. Pure: keys and heads come in as values.
"""

import base64
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

from rayfence.trail.chain import Tip

#: Public keys of heads by key id.
PublicKeys = Mapping[str, ec.EllipticCurvePublicKey]

_TYPE: Final = "rayfence-trail-head/1"
_KEYS: Final = ("type", "instance", "chain", "seq", "hash", "ts", "kid", "sig")
_HALF: Final = 32  # bytes of r and of s: ES256 signatures are r || s


@dataclass(frozen=True, slots=True)
class Head:
    """Chain `chain` of `instance` had record `seq` with line hash `hash` at time `ts`; says the holder of key `kid`."""

    instance: str
    chain: str
    seq: int
    hash: str
    ts: str
    kid: str
    signature: str  # base64url without padding of r || s over `statement()`

    @property
    def tip(self) -> Tip:
        """The place in the chain it vouches for."""
        return Tip(self.seq, self.hash)

    def statement(self) -> bytes:
        """The signed bytes: the head's line without its signature.

        `type` keeps them apart from anything else signed.
        """
        return _compact(self._fields())

    def line(self) -> bytes:
        """The head as one line of JSON."""
        return _compact({**self._fields(), "sig": self.signature}) + b"\n"

    def _fields(self) -> dict[str, object]:
        return {
            "type": _TYPE,
            "instance": self.instance,
            "chain": self.chain,
            "seq": self.seq,
            "hash": self.hash,
            "ts": self.ts,
            "kid": self.kid,
        }


def _compact(value: dict[str, object]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def key_id(key: ec.EllipticCurvePublicKey) -> str:
    """Sixteen hex digits that name a key: the beginning of the SHA-256 of its DER form."""
    der = key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return sha256(der).hexdigest()[:16]


def sign_head(key: ec.EllipticCurvePrivateKey, *, instance: str, chain: str, tip: Tip, ts: str) -> Head:
    """A head for `tip`, ES256."""
    unsigned = Head(instance, chain, tip.seq, tip.hash, ts, key_id(key.public_key()), "")
    r, s = decode_dss_signature(key.sign(unsigned.statement(), ec.ECDSA(hashes.SHA256())))
    raw = r.to_bytes(_HALF, "big") + s.to_bytes(_HALF, "big")
    signature = base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
    return Head(instance, chain, tip.seq, tip.hash, ts, unsigned.kid, signature)


def is_genuine(head: Head, keys: PublicKeys) -> bool:
    """Whether one of `keys` signed exactly this head."""
    key = keys.get(head.kid)
    try:
        raw = base64.b64decode(head.signature + "=" * (-len(head.signature) % 4), altchars=b"-_", validate=True)
    except ValueError:
        return False
    if key is None or len(raw) != 2 * _HALF:
        return False
    signature = encode_dss_signature(int.from_bytes(raw[:_HALF], "big"), int.from_bytes(raw[_HALF:], "big"))
    try:
        key.verify(signature, head.statement(), ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def parse_head(line: bytes) -> Head:
    """Read one line of heads strictly. Raises ValueError."""
    value = json.loads(line)
    if not isinstance(value, dict) or tuple(value) != _KEYS or value["type"] != _TYPE or type(value["seq"]) is not int:
        raise ValueError("not a head of a trail")
    texts = [value[name] for name in ("instance", "chain", "hash", "ts", "kid", "sig")]
    if not all(isinstance(text, str) for text in texts):
        raise ValueError("not a head of a trail")
    return Head(texts[0], texts[1], value["seq"], *texts[2:])


def read_public_keys(pems: Iterable[bytes]) -> PublicKeys:
    """Public keys by their ids. Raises ValueError for a text that holds no P-256 public key."""
    keys: dict[str, ec.EllipticCurvePublicKey] = {}
    for pem in pems:
        key = serialization.load_pem_public_key(pem)
        if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
            raise ValueError("not a P-256 public key")  # noqa: TRY004 - the text is wrong, not its type
        keys[key_id(key)] = key
    return keys
