"""Who calls: read from the payload of a JWT whose signature, issuer and times were already verified.

Leaves out: the verification (Envoy's jwt_authn, `gateway` with joserfc). Nothing here raises on a payload, whatever it
holds: a payload that is not understood is nobody, and a claim that is not understood grants nothing.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from rayfence.model.routes import Right, Role

#: Longest subject believed; names come from our own account store, which is stricter.
MAX_SUBJECT: Final = 256
MAX_PAYLOAD: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `roles` is expanded (a submitter's token lists viewer too); order is not used."""

    subject: str
    roles: frozenset[Role]
    rights: frozenset[Right]
    audience: str = ""
    session: str = ""  # claim `sid`
    token_id: str = ""  # claim `jti`
    issued_at: int = 0  # seconds since 1970; 0: not told
    expires_at: int = 0

    @property
    def operator(self) -> bool:
        """Whether objects of others are open to this caller."""
        return Role.OPERATOR in self.roles

    def holds(self, holder: Role | Right) -> bool:
        """Whether the token lists `holder`: membership, as Envoy's RBAC tests it, never a comparison of ranks."""
        return holder in self.roles if isinstance(holder, Role) else holder in self.rights


def principal_from_claims(claims: object) -> Principal | None:
    """The caller named by verified claims; None: nobody.

    `roles` and `rights` count only when each is a list of known strings, without exception: one foreign entry means
    that this version did not mint the token, so nothing in that list is believed. `aud` counts only as one string.
    """
    if not isinstance(claims, Mapping):
        return None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= MAX_SUBJECT or not subject.isprintable():
        return None
    audience = claims.get("aud")
    return Principal(
        subject=subject,
        roles=_roles(claims.get("roles")),
        rights=_rights(claims.get("rights")),
        audience=audience if isinstance(audience, str) else "",
        session=_text(claims.get("sid")),
        token_id=_text(claims.get("jti")),
        issued_at=_seconds(claims.get("iat")),
        expires_at=_seconds(claims.get("exp")),
    )


def principal_from_payload(header: str) -> Principal | None:
    """The caller in a base64url JSON payload as jwt_authn forwards it; None: nobody. Doubled JSON keys are refused."""
    if not header or len(header) > MAX_PAYLOAD:
        return None
    try:
        raw = base64.b64decode(header.rstrip("=") + "=" * (-len(header.rstrip("=")) % 4), altchars=b"-_", validate=True)
        claims: object = json.loads(raw, object_pairs_hook=_unique)
    except (ValueError, binascii.Error, RecursionError):
        return None
    return principal_from_claims(claims)


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise ValueError("a key is given twice")  # two readers could believe different ones
    return value


def _roles(value: object) -> frozenset[Role]:
    names = _names(value)
    known = {role.value: role for role in Role}
    return frozenset(known[name] for name in names) if all(name in known for name in names) else frozenset()


def _rights(value: object) -> frozenset[Right]:
    names = _names(value)
    known = {right.value: right for right in Right}
    return frozenset(known[name] for name in names) if all(name in known for name in names) else frozenset()


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        return ()
    return tuple(value)


def _text(value: object) -> str:
    return value if isinstance(value, str) and len(value) <= MAX_SUBJECT and value.isprintable() else ""


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # NaN, infinities and absurd dates compare false here
    return int(value) if 0 < value < 2**53 else 0
