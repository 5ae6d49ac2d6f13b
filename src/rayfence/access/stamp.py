"""The owner's stamp in a job's metadata: ownership without a database.

Form: `v1.<base64url canonical JSON>.<base64url HMAC-SHA256>`, payload {iat, id, kid, session, sub, tenant}.

A stamp counts only on the job it was made for: instance, Ray session and submission id are in the signed bytes and
are compared with those of the job at hand. So a stamp that is forged, copied to another job (moved), kept over a
restart of Ray (replayed), or taken off (stripped) says the same: no owner, operators only. Nothing here raises on
foreign text.

Keys are given as bytes: the first signs, all verify, so that a key can be replaced while old jobs keep their owner.
They are other keys than those of the JWTs.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

#: Metadata key that carries the stamp; no client may set a key of this family (`access.submission`).
STAMP_KEY: Final = "rayfence.owner"
_VERSION: Final = "v1"
_DOMAIN: Final = b"rayfence job stamp v1\x00"  # this key signs stamps and nothing that could be read as one
MAX_STAMP: Final = 2048
MIN_KEY_BYTES: Final = 16


@dataclass(frozen=True, slots=True)
class StampKey:
    """One HMAC key. `kid` is public, `secret` is never printed."""

    kid: str
    secret: bytes

    def __repr__(self) -> str:
        return f"StampKey(kid={self.kid!r})"

    def __post_init__(self) -> None:
        if len(self.secret) < MIN_KEY_BYTES:
            raise ValueError(f"stamp key {self.kid!r} is shorter than {MIN_KEY_BYTES} bytes")


@dataclass(frozen=True, slots=True)
class JobPlace:
    """The one job a stamp is good for."""

    tenant: str  # the instance's name
    session: str  # Ray's session name: a restarted Ray has another
    submission_id: str


@dataclass(frozen=True, slots=True)
class Ownership:
    """What a good stamp says."""

    subject: str
    issued_at: int  # seconds since 1970
    kid: str


def sign_stamp(key: StampKey, place: JobPlace, subject: str, issued_at: int) -> str:
    """A stamp saying that `subject` submitted the job at `place`. Raises ValueError when it would be too long."""
    payload = _canonical(
        {
            "iat": issued_at,
            "id": place.submission_id,
            "kid": key.kid,
            "session": place.session,
            "sub": subject,
            "tenant": place.tenant,
        }
    )
    stamp = f"{_VERSION}.{_encode(payload)}.{_encode(_mac(key, payload))}"
    if len(stamp) > MAX_STAMP:
        raise ValueError("the stamp would be too long")
    return stamp


def verify_stamp(keys: Sequence[StampKey], place: JobPlace, stamp: object) -> Ownership | None:
    """Who owns the job at `place`; None: nobody (forged, replayed, moved, stripped or damaged)."""
    if not isinstance(stamp, str) or len(stamp) > MAX_STAMP:
        return None
    parts = stamp.split(".")
    if len(parts) != 3 or parts[0] != _VERSION:
        return None
    payload, mac = _decode(parts[1]), _decode(parts[2])
    if payload is None or mac is None:
        return None
    # The key id inside is not believed before a key has verified the bytes: every known key is tried.
    signer = next((key for key in keys if hmac.compare_digest(_mac(key, payload), mac)), None)
    if signer is None:
        return None
    claims = _claims(payload)
    if claims is None or claims.get("kid") != signer.kid:
        return None
    if (claims.get("tenant"), claims.get("session"), claims.get("id")) != (
        place.tenant,
        place.session,
        place.submission_id,
    ):
        return None
    subject, issued_at = claims.get("sub"), claims.get("iat")
    if not isinstance(subject, str) or not subject or not isinstance(issued_at, int) or isinstance(issued_at, bool):
        return None
    return Ownership(subject=subject, issued_at=issued_at, kid=signer.kid)


def owner_of_metadata(keys: Sequence[StampKey], place: JobPlace, metadata: object) -> str | None:
    """The owner a job record's metadata proves; None: nobody."""
    if not isinstance(metadata, Mapping):
        return None
    found = verify_stamp(keys, place, metadata.get(STAMP_KEY))
    return None if found is None else found.subject


def _mac(key: StampKey, payload: bytes) -> bytes:
    return hmac.new(key.secret, _DOMAIN + payload, hashlib.sha256).digest()


def _canonical(claims: Mapping[str, str | int]) -> bytes:
    return json.dumps(claims, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode("ascii")


def _claims(payload: bytes) -> Mapping[str, object] | None:
    try:
        claims: object = json.loads(payload)
    except (ValueError, RecursionError):
        return None
    return claims if isinstance(claims, dict) else None


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def _decode(text: str) -> bytes | None:
    try:
        data = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (ValueError, binascii.Error):
        return None
    return data if _encode(data) == text else None  # one spelling per value: no second stamp with the same meaning
