"""Callers of every kind, each with its token and with what the reference may know of it."""

from dataclasses import dataclass
from typing import Final

from rayfence.access import Principal, principal_from_claims
from rayfence.model.routes import Right, Surface
from tests.envoy.stand import AUDIENCES, Mint

ROLES: Final = ("viewer", "submitter", "operator", "admin")


@dataclass(frozen=True, slots=True)
class Caller:
    """`principal` is None where the token proves nobody. `token` empty: none is sent."""

    name: str
    token: str
    principal: Principal | None


def audience_of(surface: Surface) -> str:
    """The audience that `surface` asks for."""
    return {Surface.DASHBOARD: AUDIENCES.dashboard, Surface.LOGIN: AUDIENCES.login}.get(surface, AUDIENCES.api)


def callers_for(surface: Surface, mint: Mint, stranger: Mint) -> tuple[Caller, ...]:
    """Everyone who might come to a surface. `stranger` signs with a key that is not ours."""
    audience = audience_of(surface)
    other = AUDIENCES.api if surface is not Surface.API else AUDIENCES.dashboard
    rights = [right.value for right in Right]
    ranked: list[tuple[str, dict[str, object]]] = [
        (role, {"roles": [*ROLES[: rank + 1]]}) for rank, role in enumerate(ROLES)
    ]
    valid: list[tuple[str, dict[str, object]]] = [
        *ranked,
        ("rights", {"rights": rights}),
        ("viewer+rights", {"roles": ["viewer"], "rights": rights}),
        ("nothing", {}),
        ("roles-as-text", {"roles": "operator"}),
        ("unknown-role", {"roles": ["viewer", "operator", "root"]}),
        ("number-role", {"roles": ["viewer", "operator", 1]}),
        ("rights-in-roles", {"roles": rights, "rights": list(ROLES)}),
        ("wrong-audience", {"aud": other, "roles": list(ROLES)}),
        ("no-audience", {"aud": None, "roles": list(ROLES)}),
        ("many-audiences", {"aud": [audience, other], "roles": list(ROLES)}),
    ]
    invalid: list[tuple[str, dict[str, object]]] = [
        ("expired", {"exp": 1_700_000_000}),
        ("endless", {"exp": None}),
        ("too-long", {"exp": 1_700_000_000 + (1 << 31)}),
        ("not-yet", {"nbf": 1_700_000_000 + (1 << 31)}),
        ("wrong-issuer", {"iss": "rayfence:other"}),
        ("no-issuer", {"iss": None}),
        ("no-subject", {"sub": None}),
        ("empty-subject", {"sub": ""}),
    ]
    found = [Caller("anonymous", "", None), Caller("garbage", "a.b.c", None)]
    found.append(Caller("stranger", stranger.token(audience, ROLES, rights), None))
    for name, claims in valid:
        body = mint.claims(audience, **claims)
        found.append(Caller(name, mint.sign(body), principal_from_claims(body)))
    for name, claims in invalid:
        found.append(
            Caller(name, mint.sign(mint.claims(audience, **{"roles": list(ROLES), "rights": rights, **claims})), None)
        )
    return tuple(found)
