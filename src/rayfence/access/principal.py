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

from rayfence.access.claims import BROWSER_SESSION, GRANT, NOTHING, read_grant
from rayfence.model.routes import Right, Role

#: Longest subject believed; names come from our own account store, which is stricter.
MAX_SUBJECT: Final = 256
MAX_PAYLOAD: Final = 16 * 1024


@dataclass(frozen=True, slots=True)
class Principal:
    """A verified caller. `roles` is expanded: a submitter's holds viewer too."""

    subject: str
    roles: frozenset[Role]
    rights: frozenset[Right]
    audience: str = ""
    session: str = ""
    token_id: str = ""
    issued_at: int = 0  # seconds since 1970; 0: not told
    expires_at: int = 0

    @property
    def browser(self) -> bool:
        """Whether the session lives in a browser's cookie, which opens pages and nothing else."""
        return self.session.startswith(BROWSER_SESSION)

    @property
    def operator(self) -> bool:
        """Whether objects of others are open to this caller."""
        return Role.OPERATOR in self.roles

    def holds(self, holder: Role | Right) -> bool:
        """Whether the caller has `holder`."""
        return holder in self.roles if isinstance(holder, Role) else holder in self.rights


def principal_from_claims(claims: object) -> Principal | None:
    """The caller named by verified claims; None: nobody.

    The claim `grant` says all that Envoy reads too, so that both always speak of the same caller; a token without one
    names its subject and grants nothing. Its audience counts if `aud` names it.
    """
    if not isinstance(claims, Mapping):
        return None
    subject = claims.get("sub")
    if not isinstance(subject, str) or not _is_name(subject):
        return None
    grant = read_grant(claims.get(GRANT))
    if grant is None:
        grant = NOTHING._replace(subject=subject, issued_at=_seconds(claims.get("iat")))
    elif not _is_name(grant.subject):
        return None
    return Principal(
        subject=grant.subject,
        roles=grant.roles,
        rights=grant.rights,
        audience=_audience(claims.get("aud"), grant.audience),
        session=grant.session,
        token_id=grant.token_id,
        issued_at=grant.issued_at,
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


def _is_name(subject: str) -> bool:
    return 0 < len(subject) <= MAX_SUBJECT and subject.isprintable()


def _audience(named: object, granted: str) -> str:
    if isinstance(named, str):
        return named if granted in {named, ""} else ""
    return granted if isinstance(named, list | tuple) and granted in named else ""


def _seconds(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0
    # NaN, infinities and absurd dates compare false here
    return int(value) if 0 < value < 2**53 else 0
