"""The log-in host: guessing, enumerating, outliving a log-out, and its forms asked from elsewhere.

Sources: OWASP ASVS 2.2 (anti-automation, no enumeration), RFC 6819 5.1.5 (revocation).
"""

import json
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import urlencode

from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.routes import Role, Surface
from rayfence.model.verdict import Verdict
from rayfence.model.wire import Answer, Shot
from rayfence.ports.wire import Wire
from rayfence.verify.attack import UNAUTHENTICATED, Attack, Control, Expect
from rayfence.verify.scene import Scene
from rayfence.verify.tokens.target import PATH, RAYS_WORD

GROUP: Final = "log-in"
_REFUSED: Final = Expect(frozenset({400, 401}), hides=('"session"',))
#: Requests sent after a log-out, so that the gateway has some tenths of a second to hear of it.
_PATIENCE: Final = 40


@dataclass(frozen=True, slots=True)
class Account:
    """A temporary local account, made and removed by the runner."""

    name: str
    password: str


def login_attacks(scene: Scene, account: Account, operator_key: str) -> tuple[Attack, ...]:
    """All but the lock-out, which compares answers."""
    return (*_keys(scene, operator_key), *_passwords(scene, account), *_forms(scene, account), *_logout(scene))


def lockout(scene: Scene, account: Account, wire: Wire) -> Evidence:
    """Wrong passwords for a known and for an unknown name, until both are locked: the answers must not differ."""
    tries = scene.settings.limits.lockout_failures + 2
    ghost = Account(scene.subject("ghost"), account.password)
    right = wire.send(session_shot(scene, account))
    answers = {
        one.name: [wire.send(session_shot(scene, Account(one.name, f"wrong-{number}"))) for number in range(tries)]
        for one in (account, ghost)
    }
    last = wire.send(session_shot(scene, account))
    return compare(answers[account.name], answers[ghost.name], right, last)


def compare(known: Sequence[Answer], unknown: Sequence[Answer], right: Answer, locked: Answer) -> Evidence:
    """The verdict on two rows of answers. `right`: the right password before; `locked`: after."""
    told = [_told(answer) for answer in known]
    same = told == [_told(answer) for answer in unknown]
    statuses = [answer.status for answer in known]
    if not same:
        verdict, seen = Verdict.FAIL, "the answers for a known and an unknown name differ"
    elif statuses[-1] != 429 or locked.status != 429:
        verdict, seen = Verdict.FAIL, f"no lock after {len(statuses)} wrong passwords: {locked.status}"
    else:
        verdict, seen = Verdict.PASS, f"{statuses} for both, then the right password too is {locked.status}"
    works = right.status == 200
    return Evidence(
        attack="login.lockout",
        group=GROUP,
        title="guessing passwords, and finding out which names exist",
        verdict=verdict if works or verdict is Verdict.FAIL else Verdict.UNKNOWN,
        expected="the same refusals for a known and an unknown name, then a lock",
        seen=seen,
        control=f"the right password before: {right.status}",
    )


def session_shot(scene: Scene, account: Account) -> Shot:
    """A log-in by password."""
    body = json.dumps({"username": account.name, "password": account.password}).encode()
    return scene.request("POST", "/v1/session", (), body, surface=Surface.LOGIN)


def _told(answer: Answer) -> tuple[int, object, tuple[str, ...]]:
    """What an answer tells, without what is different in each: the request's id and the seconds to wait."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = answer.text
    if isinstance(body, dict):
        body = {name: value for name, value in body.items() if name != "request_id"}
    return answer.status, body, tuple(sorted(name for name, _ in answer.headers))


def _keys(scene: Scene, key: str) -> Iterator[Attack]:
    def shot(value: object) -> Shot:
        return scene.request(
            "POST", "/v1/session", (), json.dumps({"operator_key": value}).encode(), surface=Surface.LOGIN
        )

    right = Control("operator-key", shot(key), statuses=frozenset({200}), says=('"session"',), reaches=False)
    wrong: dict[str, object] = {
        "empty": "",
        "cut": key[:-1],
        "longer": key + "0",
        "upper": key.upper() if key.upper() != key else key[::-1],
        "zeros": "0" * len(key),
        "ray-token": scene.ray_token,
        "null": None,
        "true": True,
        "list": [key],
        "object": {"$ne": ""},
    }
    for name, value in wrong.items():
        yield Attack(f"login.key-{name}", GROUP, f"the operator's key: {name}", (shot(value),), _REFUSED, right)


def _passwords(scene: Scene, account: Account) -> Iterator[Attack]:
    right = Control(
        "password", session_shot(scene, account), statuses=frozenset({200}), says=('"session"',), reaches=False
    )
    name, password = account.name, account.password

    def shot(body: object, surface: Surface = Surface.LOGIN) -> Shot:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        return scene.request("POST", "/v1/session", (), data, surface=surface)

    bodies: dict[str, object] = {
        "none": {"username": name},
        "null": {"username": name, "password": None},
        "number": {"username": name, "password": 0},
        "list": {"username": name, "password": [password]},
        "injection": {"username": f"{name}' OR '1'='1", "password": "x"},
        "ldap": {"username": f"{name})(|(a=*)", "password": password},
        "nul": {"username": f"{name}\0", "password": password},
        "newline": {"username": f"{name}\nroot", "password": password},
        "operator": {"username": scene.settings.operator_subject, "password": password},
        "more-fields": {"username": name, "password": password, "role": "admin"},
        "both-ways": {"username": name, "password": password, "operator_key": ""},
        "array": [name, password],
        "text": b"username=x&password=y",
        "empty": b"",
        "deep": b"[" * 4000 + b"]" * 4000,
    }
    for label, body in bodies.items():
        yield Attack(f"login.password-{label}", GROUP, f"a log-in with {label}", (shot(body),), _REFUSED, right)
    large = Expect(frozenset({400, 413}), closed=True)
    huge = shot({"username": name, "password": "x" * 100_000})
    yield Attack("login.password-huge", GROUP, "a password of 100 kB", (huge,), large, right)
    for surface in (Surface.API, Surface.DASHBOARD):
        elsewhere = Expect(frozenset({401, 403, 404}), hides=('"session"',))
        attempt = shot({"username": name, "password": password}, surface)
        yield Attack(f"login.on-{surface}", GROUP, f"a log-in on the {surface} host", (attempt,), elsewhere, right)


def _forms(scene: Scene, account: Account) -> Iterator[Attack]:
    """The log-in form answers its own page only: else another site logs its visitor in as somebody else."""
    form = urlencode({"username": account.name, "password": account.password}).encode()
    kind = ("Content-Type", "application/x-www-form-urlencoded")

    def shot(*headers: tuple[str, str]) -> Shot:
        return scene.request("POST", "/login", (kind, *headers), form, surface=Surface.LOGIN)

    own = shot(("Origin", scene.origin(Surface.LOGIN)))
    right = Control("form", own, statuses=frozenset({303}), reaches=False)
    refused = Expect(frozenset({400, 403}), refused=False, without=("set-cookie",))
    rows = {
        "no-origin": (),
        "attacker": (("Origin", "https://attacker.example"),),
        "null": (("Origin", "null"),),
        "dashboard": (("Origin", scene.origin(Surface.DASHBOARD)),),
        "api": (("Origin", scene.origin(Surface.API)),),
    }
    for name, headers in rows.items():
        yield Attack(f"login.form-{name}", GROUP, f"the form, sent by {name}", (shot(*headers),), refused, right)
    for name, code in (("guessed", "A" * 43), ("empty", ""), ("traversal", "../../users")):
        target = f"/.rayfence/session?code={code}"
        attempt = scene.request("GET", target, surface=Surface.DASHBOARD)
        nothing = Expect(frozenset({302, 303, 400, 401, 403}), refused=False, without=("set-cookie",))
        title = f"a hand-over code to the dashboard: {name}"
        yield Attack(f"login.code-{name}", GROUP, title, (attempt,), nothing, right)


def _logout(scene: Scene) -> Iterator[Attack]:
    """Tokens of a session that has ended; a session of its own for each surface."""
    subject = scene.subject("ended")
    for surface, target in ((Surface.API, PATH), (Surface.DASHBOARD, PATH), (Surface.LOGIN, "/v1/whoami")):

        def token(label: str, where: Surface, session: str) -> str:
            claims = scene.claims(label, surface=where, subject=subject, role=Role.SUBMITTER, session=session)
            return scene.signer.token(claims)

        session = scene.token_id(f"ended-{surface}")
        before, late = token(f"before-{surface}", surface, session), token(f"late-{surface}", surface, session)
        leave = token(f"leave-{surface}", Surface.LOGIN, session)
        out = scene.request("POST", "/v1/logout", surface=Surface.LOGIN, token=leave)
        says = (RAYS_WORD,) if surface is not Surface.LOGIN else (subject,)
        right = Control(
            f"before-{surface}",
            scene.request("GET", target, surface=surface, token=before),
            scene.token_id(f"before-{surface}"),
            frozenset({200}),
            says,
            before=True,
        )
        use = scene.request("GET", target, surface=surface, token=late)
        title = f"a token on the {surface} host after the log-out"
        shots = (out, *(use,) * _PATIENCE)
        yield Attack(f"login.revoked-{surface}", GROUP, title, shots, UNAUTHENTICATED, right)
