"""Callers of every kind, each with its token and with what the reference may know of it."""

from dataclasses import dataclass
from typing import Final

from rayfence.access import Principal, principal_from_claims
from rayfence.access.claims import GRANT
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
    rights = tuple(Right)
    valid = [(role, mint.claims(audience, role)) for role in ROLES]
    valid += [(f"right-{right}", mint.claims(audience, rights=[right])) for right in rights]
    valid += [
        ("rights", mint.claims(audience, rights=rights)),
        ("viewer+rights", mint.claims(audience, "viewer", rights)),
        ("nothing", mint.claims(audience)),
        ("wrong-audience", mint.claims(other, "admin")),
        ("no-audience", mint.claims(audience, "admin", aud=None)),
        ("many-audiences", mint.claims(audience, "admin", aud=[audience, other])),
        ("many-audiences-one-granted", mint.claims(other, "admin", aud=[audience, other])),
        ("audience-granted-alone", mint.claims(audience, "admin", aud=other)),
    ]
    right = str(mint.claims(audience, "operator")[GRANT])
    wrong: dict[str, object] = {
        "in-a-list": [right],
        "number": 1,
        "claims-of-old": None,
        "two-roles": right.replace("operator", "viewer,operator"),
        "unknown-role": right.replace("operator", "root"),
        "unknown-right": right.replace("operator", "operator,root"),
        "rights-out-of-order": right.replace("operator", "operator,serve:call,ray-client"),
        "upper-case": right.replace("operator", "OPERATOR"),
        "no-subject": right.removesuffix("alice"),
        "two-spaces": right.replace(" ", "  "),
        "long": f"x {right}",
    }
    for name, text in wrong.items():
        claims = {**mint.claims(audience), GRANT: text}
        valid.append((f"grant-{name}", {key: value for key, value in claims.items() if value is not None}))
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
    found.append(Caller("stranger", stranger.token(audience, "admin", rights), None))
    found += [Caller(name, mint.sign(claims), principal_from_claims(claims)) for name, claims in valid]
    found += [
        Caller(name, mint.sign(mint.claims(audience, "admin", rights, **changed)), None) for name, changed in invalid
    ]
    return tuple(found)
