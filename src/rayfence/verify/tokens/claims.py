"""Tokens signed with the instance's own key whose claims are wrong in one respect.

Nobody but the gateway can sign these; they show what would happen if another program shared the key, if the minting
had a defect, or if a reader took a wrong type for a right one. Source: RFC 7519 4.1.
"""

import json
from collections.abc import Iterator
from typing import Final

from rayfence.access.claims import GRANT
from rayfence.model.routes import Role
from rayfence.verify.attack import FORBIDDEN, Attack, Expect
from rayfence.verify.jws import Json
from rayfence.verify.scene import Scene, changed
from rayfence.verify.tokens.target import REFUSED, Row, bearer_attacks

_HOUR: Final = 3600
#: Envoy answers a foreign audience with 403 (RFC 6750 would say 401); either refuses.
_AUDIENCE: Final = Expect(frozenset({401, 403}))


def claim_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    right = scene.claims("claims")
    rows = (*_issuer(scene, right), *_audience(scene, right), *_times(scene, right))
    return bearer_attacks(scene, (*rows, *_grants(scene, right), *_subject(scene, right), *_duplicates(scene, right)))


def _issuer(scene: Scene, right: Json) -> Iterator[Row]:
    issuer = scene.settings.issuer
    wrong: dict[str, object] = {
        "other": "https://attacker.example",
        "missing": None,
        "empty": "",
        "upper": issuer.upper(),
        "prefix": issuer[:-1],
        "suffix": issuer + "x",
        "space": issuer + " ",
        "nul": issuer + "\0",
        "list": [issuer],
        "number": 1,
    }
    for name, value in wrong.items():
        yield f"issuer-{name}", scene.signer.token(changed(right, iss=value)), f"issuer: {name}"


def _audience(scene: Scene, right: Json) -> Iterator[Row]:
    audience = scene.settings.audiences.api
    wrong: dict[str, object] = {
        "dashboard": scene.settings.audiences.dashboard,
        "login": scene.settings.audiences.login,
        "other": "another-service",
        "missing": None,
        "empty": "",
        "empty-list": [],
        "list-of-others": ["another-service", scene.settings.audiences.login],
        "prefix": audience[:-1],
        "suffix": audience + "x",
        "upper": audience.upper(),
        "star": "*",
        "number": 7,
        "object": {audience: True},
        "nested": [[audience]],
    }
    for name, value in wrong.items():
        yield f"audience-{name}", scene.signer.token(changed(right, aud=value)), f"audience: {name}", _AUDIENCE


def _times(scene: Scene, right: Json) -> Iterator[Row]:
    now = scene.now
    wrong: dict[str, dict[str, object]] = {
        "expired": {"iat": now - 2 * _HOUR, "nbf": now - 2 * _HOUR, "exp": now - _HOUR},
        "expired-a-minute": {"iat": now - _HOUR, "nbf": now - _HOUR, "exp": now - 60},
        "expired-at-birth": {"exp": now - 30},
        "no-expiry": {"exp": None},
        "expiry-zero": {"exp": 0},
        "expiry-negative": {"exp": -1},
        "expiry-text": {"exp": str(now + _HOUR)},
        "expiry-true": {"exp": True},
        "expiry-list": {"exp": [now + _HOUR]},
        "expiry-object": {"exp": {"value": now + _HOUR}},
        "expiry-in-milliseconds": {"exp": (now + _HOUR) * 1000},
        "expiry-never": {"exp": 2**53},
        "expiry-overflow": {"exp": 2**64 + now},
        "expiry-fraction-past": {"exp": now - 60.5},
        "lifetime-a-year": {"exp": now + 365 * 24 * _HOUR},
        "not-yet": {"nbf": now + _HOUR, "exp": now + 2 * _HOUR},
        "not-yet-text": {"nbf": "tomorrow"},
        "not-yet-list": {"nbf": [now]},
        "not-yet-negative": {"nbf": -1, "exp": now - 60},
        "issued-text": {"iat": "now"},
    }
    for name, changes in wrong.items():
        yield f"time-{name}", scene.signer.token(changed(right, **changes)), f"times: {name}"
    for name, text in (("null", "null"), ("infinity", "1e999"), ("nan", "NaN")):
        claims = _with_literal(right, "exp", text)
        yield f"time-expiry-{name}", scene.signer.token(claims), f"times: expiry is {text}"


def _grants(scene: Scene, right: Json) -> Iterator[Row]:
    text = str(right[GRANT])
    audience, authority, session, issued, token, subject = text.split(" ")
    wrong: dict[str, object] = {
        "missing": None,
        "empty": "",
        "number": 1,
        "true": True,
        "list": [text],
        "object": {text: True},
        "quoted": json.dumps(text),
        "role-alone": authority,
        "without-session": " ".join((audience, authority, issued, token, subject)),
        "without-subject": " ".join((audience, authority, session, issued, token)),
        "short-session": text.replace(session, session[1:]),
        "upper-session": text.replace(session, session.upper()),
        "issued-early": text.replace(issued, issued[1:]),
        "issued-text": text.replace(issued, "yesterdays"),
        "space-before": f" {text}",
        "space-inside": text.replace(" ", "  "),
        "tabs": text.replace(" ", "\t"),
        "line-before": f"\n{text}",
        "audience-of-another": text.replace(audience, scene.settings.audiences.login),
        "audience-longer": f"x{text}",
    }
    for name, value in wrong.items():
        yield f"grant-{name}", scene.signer.token(changed(right, **{GRANT: value})), f"grant: {name}", FORBIDDEN
    authorities = {
        "empty": "",
        "none": "-",
        "comma": f"{authority},",
        "two": f"{authority},submitter",
        "three": f"{authority},serve:call,ray-client",  # rights out of order
        "doubled": f"{authority},ray-client,ray-client",
        "upper": "VIEWER",
        "prefix": "view",
        "suffix": "viewers",
        "nul": "viewer\0",
        "star": "*",
        "pattern": ".*",
        "unknown": "root",
        "right": "ray-client",
    }
    for name, value in authorities.items():
        claims = changed(right, **{GRANT: text.replace(authority, value, 1)})
        yield f"role-{name}", scene.signer.token(claims), f"role: {name}", FORBIDDEN
    moved = changed(right, **{GRANT: None}, role="admin", roles=["admin"], scope="admin", groups=["admin"])
    yield "role-elsewhere", scene.signer.token(moved), "a role under other names", FORBIDDEN


def _subject(scene: Scene, right: Json) -> Iterator[Row]:
    wrong: dict[str, object] = {
        "missing": None,
        "empty": "",
        "list": [scene.settings.operator_subject],
        "number": 0,
        "object": {"name": scene.settings.operator_subject},
        "true": True,
    }
    for name, value in wrong.items():
        yield f"subject-{name}", scene.signer.token(changed(right, sub=value)), f"subject: {name}", REFUSED


def _duplicates(scene: Scene, right: Json) -> Iterator[Row]:
    """One claim twice. RFC 7519 4: the reader refuses, or takes the last; two readers must not take one each."""
    dead = changed(right, exp=scene.now - _HOUR)
    low = changed(right, **{GRANT: scene.claims("claims", role=None)[GRANT]})
    foreign = changed(right, aud="another-service")
    pairs: dict[str, tuple[Json, str, object]] = {
        "expiry": (dead, "exp", scene.now + _HOUR),
        "grant": (low, GRANT, scene.claims("claims", role=Role.ADMIN)[GRANT]),
        "audience": (foreign, "aud", scene.settings.audiences.api),
        "issuer": (changed(right, iss="https://attacker.example"), "iss", scene.settings.issuer),
        "subject": (right, "sub", scene.settings.operator_subject),
    }
    for name, (claims, claim, second) in pairs.items():
        text = _with_second(claims, claim, second)
        yield f"twice-{name}", scene.signer.token(text), f"{name} given twice, the second one better", REFUSED


def _with_second(claims: Json, name: str, value: object) -> str:
    return json.dumps(claims)[:-1] + f", {json.dumps(name)}: {json.dumps(value)}}}"


def _with_literal(claims: Json, name: str, literal: str) -> str:
    marked = json.dumps(changed(claims, **{name: "<here>"}))
    return marked.replace('"<here>"', literal)
