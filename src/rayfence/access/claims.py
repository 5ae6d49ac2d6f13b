"""What a token of ours says to Envoy's filters, in one claim: `grant`.

jwt_authn hands a verified claim to the filters behind it as a request header. Each claim handed on costs as much as a
filter, and the whole payload as metadata more than all filters together; so one claim repeats what they compare:

    <audience> <role or ->[,<right>…] <session> <issued at> <token id> <subject>

The text is written one way only, and a text that is not written so grants nothing.
"""

import re
from collections.abc import Iterable
from itertools import combinations
from typing import Final, NamedTuple

from rayfence.catalog.roles import ROLE_ORDER, expand_role
from rayfence.model.routes import Right, Role

#: Name of the claim.
GRANT: Final = "grant"

#: The request header that holds a verified token's grant between Envoy's filters. Its prefix is stripped from every
#: request on arrival, and on the way to anything but the service.
GRANT_HEADER: Final = "x-rayfence-grant"

#: A signing key's id: this many hex digits. Of fixed length and without a comma, so that the written form of a token's
#: header leaves no room for a second member (see `render.envoy.tokenform`).
KEY_ID_DIGITS: Final = 16

#: Session and token ids are this many hex digits; times, in seconds since the epoch, have this many until 2286.
ID_DIGITS: Final = 32
TIME_DIGITS: Final = 10

#: Begins the session id of a log-in by form.
BROWSER_SESSION: Final = "browser-"

_HEX: Final = frozenset("0123456789abcdef")
_ID: Final = f"[0-9a-f]{{{ID_DIGITS}}}"
_SESSION: Final = f"(?:{BROWSER_SESSION})?{_ID}"
_TIME: Final = f"[0-9]{{{TIME_DIGITS}}}"
_WORD: Final = "[^ ]+"


class Grant(NamedTuple):
    """A grant, read. `roles` is expanded: a submitter's holds viewer too."""

    audience: str
    roles: frozenset[Role]
    rights: frozenset[Right]
    session: str
    issued_at: int
    token_id: str
    subject: str


#: What a token without a grant grants.
NOTHING: Final = Grant("", frozenset(), frozenset(), "", 0, "", "")


def is_key_id(text: str) -> bool:
    """Whether Envoy lets through tokens signed by a key of this id."""
    return len(text) == KEY_ID_DIGITS and set(text) <= _HEX


def token_header(key_id: str) -> dict[str, str]:
    """The JOSE header of our tokens, in the order in which it is written."""
    return {"typ": "JWT", "alg": "ES256", "kid": key_id}


def write_grant(
    audience: str,
    role: Role | None,
    rights: Iterable[Right],
    *,
    session: str,
    issued_at: int,
    token_id: str,
    subject: str,
) -> str:
    """The claim's text. `audience` holds no space; `token_id` is `ID_DIGITS` hex digits, `session` too, with or without
    `BROWSER_SESSION` before them. Raises ValueError for what could not be read back.
    """
    text = f"{audience} {_authority(role, rights)} {session} {issued_at:0{TIME_DIGITS}d} {token_id} {subject}"
    if read_grant(text) is None:
        raise ValueError(f"no grant can say this: {text!r}")
    return text


def read_grant(text: object) -> Grant | None:
    """The grant; None unless it is one, written as `write_grant` writes it."""
    found = _GRANT.fullmatch(text) if isinstance(text, str) else None
    held = _AUTHORITIES.get(found["authority"]) if found else None
    if found is None or held is None:
        return None
    issued = int(found["issued"])
    return Grant(found["audience"], *held, found["session"], issued, found["token"], found["subject"])


def grant_expression(
    *, audience: str = _WORD, authority: str = _WORD, session: str = _SESSION, issued: str = _TIME, subject: str = ".+"
) -> str:
    """A regular expression (RE2, Python) for grants whose parts match these expressions."""
    return f"(?:{audience}) (?:{authority}) (?:{session}) (?:{issued}) {_ID} (?:{subject})"


def holding(holder: Role | Right) -> str:
    """An expression for the authority of everyone who has `holder`."""
    return "|".join(text for text, held in _AUTHORITIES.items() if holder in held[0] or holder in held[1])


def before(time: int) -> str:
    """An expression for every issue time before `time`; one that matches nothing where there is none."""
    if time >= 10**TIME_DIGITS:
        return _TIME
    digits = f"{max(time, 0):0{TIME_DIGITS}d}"
    smaller = [
        f"{digits[:place]}[0-{int(digit) - 1}][0-9]{{{TIME_DIGITS - place - 1}}}"
        for place, digit in enumerate(digits)
        if digit != "0"
    ]
    return "|".join(smaller) or r"[^\x00-\x{10ffff}]"


def _authority(role: Role | None, rights: Iterable[Right]) -> str:
    return ",".join([role.value if role else "-", *sorted({right.value for right in rights})])


# Every role with every set of rights, by its text: few, so they are all written out.
_AUTHORITIES: Final = {
    _authority(role, some): (frozenset(expand_role(role)) if role else frozenset(), frozenset(some))
    for role in (None, *ROLE_ORDER)
    for size in range(len(Right) + 1)
    for some in combinations(Right, size)
}

_GRANT: Final = re.compile(
    f"(?P<audience>{_WORD}) (?P<authority>{_WORD}) (?P<session>{_SESSION}) (?P<issued>{_TIME}) (?P<token>{_ID})"
    " (?P<subject>.+)"
)
