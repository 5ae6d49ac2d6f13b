"""Minting of JWTs and, for the few public routes that look at a cookie themselves, their verification.

A token says who, until when, on which surface, with which roles and rights: never more than its session, and a session
never more than the account holds at that moment. Leaves out what ends a token early (`sessions.revocation`).
"""

import secrets
import time
from collections.abc import Callable, Iterable
from typing import Final

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from rayfence.access.claims import GRANT, token_header, write_grant
from rayfence.access.principal import Principal, principal_from_claims
from rayfence.catalog.roles import expand_role
from rayfence.gateway.keys import SigningKeys
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.model.routes import Right, Role

ALGORITHMS: Final = ("ES256",)

Clock = Callable[[], float]


class Minter:
    """Signs with the newest key; knows what was revoked, so that it neither mints nor accepts void tokens."""

    def __init__(self, keys: SigningKeys, issuer: str, revocations: Revocations, clock: Clock = time.time) -> None:
        self._keys = keys
        self._set = KeySet(list(keys.keys.values()))
        self._issuer = issuer
        self._revocations = revocations
        self._clock = clock

    def use(self, keys: SigningKeys) -> None:
        """Sign and verify with other keys from now on."""
        self._keys = keys
        self._set = KeySet(list(keys.keys.values()))

    def mint(
        self,
        audience: str,
        subject: str,
        role: Role | None,
        rights: Iterable[Right],
        *,
        seconds: int,
        session: str | None = None,
    ) -> tuple[str, Principal]:
        """A signed token and whom it names. A new session id is drawn unless one is handed on.

        `role` None: it holds rights alone.
        """
        now = int(self._clock())
        principal = Principal(
            subject=subject,
            roles=frozenset(expand_role(role)) if role else frozenset(),
            rights=frozenset(rights),
            audience=audience,
            session=session or secrets.token_hex(16),
            token_id=secrets.token_hex(16),
            # A revocation counts whole seconds: who logs in again within the same second must not be born revoked.
            issued_at=max(now, self._revocations.not_before(subject)),
            expires_at=now + seconds,
        )
        payload: dict[str, object] = {
            "iss": self._issuer,
            "aud": audience,
            "sub": subject,
            "iat": principal.issued_at,
            "nbf": now,
            "exp": principal.expires_at,
            GRANT: write_grant(
                audience,
                role,
                principal.rights,
                session=principal.session,
                issued_at=principal.issued_at,
                token_id=principal.token_id,
                subject=subject,
            ),
        }
        key = self._keys.keys[self._keys.newest]
        return jwt.encode(dict(token_header(self._keys.newest)), payload, key, algorithms=ALGORITHMS), principal

    def verify(self, token: str, audience: str) -> Principal | None:
        """Whom a token of ours for `audience` names that is valid now; None otherwise, whatever is wrong with it."""
        try:
            claims = jwt.decode(token, self._set, algorithms=ALGORITHMS).claims
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            return None
        principal = principal_from_claims(claims)
        if principal is None or claims.get("iss") != self._issuer or principal.audience != audience:
            return None
        if principal.expires_at <= self._clock() or self._revocations.covers(principal):
            return None
        return principal
