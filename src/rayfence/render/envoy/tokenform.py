"""The exact written form of a token, judged before jwt_authn reads it: an RBAC filter, action DENY.

jwt_authn finds its token anywhere behind the prefix, reads padded base64, takes the first 64 bytes of a longer
signature, and ignores `crit`, which RFC 7515 4.1.11 forbids. None of that makes a token out of nothing; but a token
that two readers take differently is none of ours. Our tokens' header is one text but for the key's id, so the
expression names it: base64 of any other header, one with `crit` among them, does not match.
"""

import json
import string
from collections.abc import Sequence
from typing import Final

from rayfence.access.claims import KEY_ID_DIGITS, token_header
from rayfence.model.routes import Route, Surface
from rayfence.render.envoy.names import DASHBOARD_COOKIE, LOGIN_COOKIE
from rayfence.render.envoy.shape import Message, header, regex, typed

_RBAC: Final = "envoy.extensions.filters.http.rbac.v3.RBAC"
_PER_ROUTE: Final = "envoy.extensions.filters.http.rbac.v3.RBACPerRoute"

#: Name of the policy that refuses; it appears in the details of the refusal.
MALFORMED_TOKEN: Final = "malformed_token"  # noqa: S105 - a policy's name

_HEX: Final = frozenset(b"0123456789abcdef")
_ALPHABET: Final = string.ascii_uppercase + string.ascii_lowercase + string.digits + "-_"


def header_form() -> str:
    """An expression for the base64url text of every header `token_header` writes."""
    before, after = json.dumps(token_header("?"), separators=(",", ":")).encode().split(b"?")
    places = [*_one_byte_each(before), *[_HEX] * KEY_ID_DIGITS, *_one_byte_each(after)]
    return base64_form(places)


def base64_form(places: Sequence[frozenset[int]]) -> str:
    """An expression for the base64url text, unpadded, of bytes of which each is one of those of its place.

    Each character is judged alone, so where two places share one, it may let through bytes that neither place has.
    """
    # six bits each; a character that begins in one byte and ends in the next takes every pair of the two
    found = []
    for start in range(0, len(places) * 8, 6):
        first, shift = divmod(start, 8)
        second = places[first + 1] if first + 1 < len(places) else frozenset({0})
        pairs = ((one << 8 | two) >> (10 - shift) & 63 for one in places[first] for two in second)
        found.append(_class(sorted(set(pairs))))
    return "".join(found)


def _class(values: Sequence[int]) -> str:
    characters = "".join(_ALPHABET[value] for value in values).replace("-", r"\-")
    return characters if len(values) == 1 else f"[{characters}]"


def _one_byte_each(text: bytes) -> list[frozenset[int]]:
    return [frozenset({byte}) for byte in text]


#: Compact form of an ES256 token of ours: 64 bytes of signature are 86 characters.
_TOKEN: Final = rf"{header_form()}\.[0-9A-Za-z_-]+\.[0-9A-Za-z_-]{{86}}"


def no_form_check() -> Message:
    """The base of the first filter: routes that ask for a token bring the rule."""
    return typed(_RBAC)


def form_of_route(route: Route, surface: Surface) -> Message | None:
    """Refuses a token at the surface's carrier that is not written as we write them. Public routes look at none."""
    if route.public:
        return None
    cookie = {Surface.DASHBOARD: DASHBOARD_COOKIE, Surface.LOGIN: LOGIN_COOKIE}.get(surface)
    wrong: list[Message] = []
    if surface is not Surface.DASHBOARD:
        wrong.append(_present_but_not("authorization", {"present_match": True}, f"Bearer {_TOKEN}"))
    if cookie is not None:
        carried: Message = {"string_match": {"contains": f"{cookie}="}}
        wrong.append(_present_but_not("cookie", carried, rf"(.*; ?)?{cookie}={_TOKEN}(;.*)?"))
    policy: Message = {"permissions": wrong, "principals": [{"any": True}]}
    return typed(_PER_ROUTE, rbac={"rules": {"action": "DENY", "policies": {MALFORMED_TOKEN: policy}}})


def _present_but_not(name: str, present: Message, expression: str) -> Message:
    """Two headers of one name reach a matcher joined by a comma, which no token holds."""
    right = header(name, string_match=regex(expression))
    return {"and_rules": {"rules": [{"header": header(name, **present)}, {"not_rule": {"header": right}}]}}
