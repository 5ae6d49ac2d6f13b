"""The door itself: each tenant's gateway, attacked by a pod that network policies let in to it.

Covers: nobody, forged tokens, tokens of service accounts made for somebody else, foreign hosts, old TLS. The whole list
of hostile tokens and routes is tried against the same Envoy configuration on one machine (`verify.attacks`). Pure.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from rayfence.access.claims import GRANT, ID_DIGITS, write_grant
from rayfence.model.evidence import Evidence
from rayfence.model.frozen import dataclass
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Role
from rayfence.model.wire import Answer
from rayfence.render.kubernetes.names import gateway_namespace
from rayfence.verify.attack import UNAUTHENTICATED, Expect
from rayfence.verify.judge import refusal_id, seen
from rayfence.verify.jws import signing_input, stranger
from rayfence.verify.kubernetes.inside.crew import TOKENS
from rayfence.verify.kubernetes.inside.sightings import Reply, Report
from rayfence.verify.kubernetes.rows import Remedy, Showing, Title, Works, not_applicable, row

GROUP: Final = "the gateway"
_FOREIGN_HOST: Final = "rebinding.example"
_NOT_OURS: Final = Expect(frozenset({421}))
_OLD: Final = ("TLSv1", "TLSv1_1")
_NEW: Final = "TLSv1_2"
_PORT: Final = 443
Wish = dict[str, object]


@dataclass(frozen=True, slots=True)
class Door:
    """One tenant's gateway. `settings` of its first Ray object; `audience` of service accounts' tokens, or empty."""

    tenant: str
    settings: GatewaySettings
    audience: str

    @property
    def home(self) -> str:
        """Its namespace."""
        return gateway_namespace(self.tenant)

    @property
    def config(self) -> str:
        """What holds its rules."""
        return f"ConfigMap {self.home}/gateway-config"


@dataclass(frozen=True, slots=True)
class Knock:
    """One request that must be refused. `control`: the name of the request that shows that the door works."""

    name: str
    title: str
    wish: Wish
    expect: Expect
    control: str
    source: str = ""


def audiences_of(doors: Mapping[str, Door], platform: str) -> dict[str, str]:
    """File name to audience of the tokens that the attacker carries; the last one is nobody's."""
    known = {f"for-{name}": door.audience for name, door in doors.items() if door.audience}
    return {**known, "for-nobody": f"rayfence:{platform}:nobody:clients"} if known else {}


def requests_of(doors: Mapping[str, Door], now: int) -> tuple[dict[str, Wish], dict[str, Wish], dict[str, str]]:
    """Requests and greetings of all doors, and the files of tokens that they name."""
    requests: dict[str, Wish] = {}
    greetings: dict[str, Wish] = {}
    tokens: dict[str, str] = {}
    for door in doors.values():
        for name, wish in _controls(door).items():
            requests[_key(door, name)] = wish
        for knock in _knocks(door, doors, now):
            requests[_key(door, knock.name)] = knock.wish
        host = door.settings.hosts.login
        for version in (*_OLD, _NEW):
            greetings[_key(door, version)] = {"host": host, "port": _PORT, "newest": version, "server_name": host}
        if door.audience:
            tokens |= {name: f"{TOKENS}/{name}" for name in ("for-nobody", f"for-{door.tenant}")}
    return requests, greetings, tokens


def gateway_rows(doors: Mapping[str, Door], friend: Report, now: int) -> Iterator[Evidence]:
    """A row for each knock at each door."""
    for door in doors.values():
        for knock in _knocks(door, doors, now):
            expected = knock.expect.words()
            title = Title(
                f"gateway.{door.tenant}.{knock.name}", GROUP, f"{door.home}: {knock.title}", expected, knock.source
            )
            control = _control(door, friend, knock.control)
            yield row(title, _judged(knock, friend, door), control, Remedy(door.config))
        yield from _accounts(door)
        yield from _versions(door, friend)


def _knocks(door: Door, doors: Mapping[str, Door], now: int) -> Iterator[Knock]:
    api = door.settings.hosts.api[0]
    claims = _claims(door.settings, now)
    unsigned = f"{signing_input({'alg': 'none', 'typ': 'JWT'}, claims)}."
    forged = stranger("verify").token(claims)
    job = '{"entrypoint": "true # rayfence-verify-attack"}'

    def bearer(token: str) -> tuple[tuple[str, str], ...]:
        return (("Authorization", f"Bearer {token}"),)

    yield Knock("nobody", "without an identity", _wish(api), UNAUTHENTICATED, "health")
    submit = _wish(api, "POST", "/api/jobs/", (("Content-Type", "application/json"),), job)
    yield Knock("submit", "a job, without an identity", submit, UNAUTHENTICATED, "health", "ShadowRay, CVE-2023-48022")
    yield Knock(
        "unsigned", "a token without signature", _wish(api, headers=bearer(unsigned)), UNAUTHENTICATED, "health"
    )
    yield Knock("forged", "a token signed by a stranger", _wish(api, headers=bearer(forged)), UNAUTHENTICATED, "health")
    ray = (("X-Ray-Authorization", f"Bearer {'0' * 43}"), ("X-Forwarded-User", "admin"))
    yield Knock("headers", "identities of other proxies", _wish(api, headers=ray), UNAUTHENTICATED, "health")
    foreign = _wish(api, headers=(("Host", _FOREIGN_HOST),))
    yield Knock("host", "under a foreign host name", foreign, _NOT_OURS, "nobody", "DNS rebinding, CVE-2025-62593")
    if door.audience:
        # 403 is what a token for this gateway gets whose account is no member: it was looked at, and known.
        yield Knock("audience", "a service account's token for somebody else", _session(door, "for-nobody"),
                    UNAUTHENTICATED, "account")  # fmt: skip
        other = next((one for one in doors.values() if one.tenant != door.tenant and one.audience), None)
        if other is not None:
            yield Knock("tenant", f"an account's token for {other.tenant}", _session(door, f"for-{other.tenant}"),
                        UNAUTHENTICATED, "account")  # fmt: skip


def _controls(door: Door) -> dict[str, Wish]:
    found = {"health": _wish(door.settings.hosts.login, target="/v1/health")}
    return {**found, "account": _session(door, f"for-{door.tenant}")} if door.audience else found


def _control(door: Door, friend: Report, name: str) -> Works:
    if friend.problem:
        return Works(yes=False, words=friend.problem)
    reply = friend.replies.get(_key(door, name))
    if reply is None:
        return Works(yes=False, words="never sent")
    wanted, words = {
        "health": (200, "its health is told"),
        "nobody": (401, "under its own name it asks who is calling"),
        "account": (403, "a token for this gateway is looked at; its account is no member"),
    }[name]
    told = seen(_answer(reply))
    return Works(reply.status == wanted, f"{words}: {told}" if reply.status == wanted else f"did not work: {told}")


def _judged(knock: Knock, friend: Report, door: Door) -> Showing:
    if friend.problem:
        return Showing(None, friend.problem)
    reply = friend.replies.get(_key(door, knock.name))
    if reply is None or reply.status == 0:
        return Showing(None, reply.note if reply is not None else "never sent")
    answer = _answer(reply)
    if reply.status not in knock.expect.statuses:
        # Busy or broken, the door let nobody through, and showed nothing either.
        return Showing(None if reply.status >= 500 else True, seen(answer))
    if refusal_id(answer) is None:
        return Showing(True, f"{seen(answer)}: not the gateway's own refusal")
    return Showing(False, seen(answer))


def _accounts(door: Door) -> Iterator[Evidence]:
    if not door.audience:
        title = Title(f"gateway.{door.tenant}.audience", GROUP, f"{door.home}: a token for somebody else", "401")
        yield not_applicable(title, "no service account is a member of this tenant")


def _versions(door: Door, friend: Report) -> Iterator[Evidence]:
    title = Title(f"gateway.{door.tenant}.old-tls", GROUP, f"{door.home}: TLS 1.0 and 1.1", "refused in the handshake")
    said = {
        version: friend.greetings.get(_key(door, version), friend.problem or "never sent") for version in (*_OLD, _NEW)
    }
    old = [said[version] for version in _OLD]
    taken = any(words.startswith("accepted") for words in old)
    refused = all(words == "refused" for words in old)
    works = said[_NEW].startswith("accepted")
    yield row(
        title, Showing(True if taken else (False if refused else None), ", ".join(old)),
        Works(works, f"TLS 1.2: {said[_NEW]}"), Remedy(door.config, "tls_minimum_protocol_version"),
    )  # fmt: skip


def _wish(
    host: str,
    method: str = "GET",
    target: str = "/api/version",
    headers: tuple[tuple[str, str], ...] = (),
    body: str = "",
) -> Wish:
    named = any(name == "Host" for name, _ in headers)
    sent = headers if named else (("Host", host), *headers)
    return {
        "host": host, "port": _PORT, "method": method, "target": target, "headers": [list(one) for one in sent],
        "body": body,
    }  # fmt: skip


def _session(door: Door, token: str) -> Wish:
    body = f'{{"service_account_token": "{{token:{token}}}"}}'
    return _wish(door.settings.hosts.login, "POST", "/v1/session", (("Content-Type", "application/json"),), body)


def _claims(settings: GatewaySettings, now: int) -> dict[str, object]:
    audience, subject, number = settings.audiences.api, "verify-stranger", "0" * ID_DIGITS
    grant = write_grant(audience, Role.ADMIN, (), session=number, issued_at=now, token_id=number, subject=subject)
    return {
        "iss": settings.issuer, "aud": audience, "sub": subject, "iat": now, "nbf": now, "exp": now + 900, GRANT: grant,
    }  # fmt: skip


def _answer(reply: Reply) -> Answer:
    return Answer(reply.status, body=reply.body.encode(), note=reply.note)


def _key(door: Door, name: str) -> str:
    return f"gateway/{door.tenant}/{name}"
