"""One request as it goes over the wire, what the reference says of it, and what the real Envoy did with it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rayfence.access import Decision, Gate, Outcome, Principal, Request, authorize, surface_of
from rayfence.access.authorize import MESSAGES
from rayfence.catalog.matching import find_route
from rayfence.model.routes import Backend, RouteCatalog, Surface
from tests.envoy.callers import Caller
from tests.envoy.clients import Answer, Http1, Http2
from tests.envoy.stand import HOSTS, RAY_TOKEN
from tests.envoy.upstream import Seen

#: Occurs in every value that a client must not get through.
SPOOF = "spoofed"

_HOST = {Surface.API: "localhost", Surface.DASHBOARD: HOSTS.dashboard, Surface.LOGIN: HOSTS.login}

#: Every header that Ray's dashboard server may see besides the framing of a body and of an upgrade.
_RAY_MAY_SEE = frozenset(
    {"host", "authorization", "sec-fetch-site", "x-request-id", "accept", "content-length", "transfer-encoding"}
    | {"connection", "upgrade", "sec-websocket-key", "sec-websocket-version", "content-type"}
)


@dataclass(frozen=True, slots=True)
class Wire:
    """`h2` chooses the protocol. `headers` hold the carrier of the token too; `note` says how the case came about."""

    note: str
    method: str
    target: str
    host: str
    headers: tuple[tuple[str, str], ...] = ()
    h2: bool = False

    def plus(self, note: str, *headers: tuple[str, str]) -> "Wire":
        """The same with headers added."""
        return replace(self, note=f"{self.note} +{note}", headers=(*self.headers, *headers))

    def but(self, note: str, **changed: str) -> "Wire":
        """The same with method, target or host changed."""
        return replace(self, note=f"{self.note} {note}", **changed)  # type: ignore[arg-type]

    def request(self) -> Request:
        """The form in which the reference reads it."""
        return Request(self.method, self.target, self.host, self.headers)

    def send(self, first: Http1, second: Http2) -> Answer:
        """Over the wire, exactly so."""
        framing = (("content-length", "0"),) if self.method in {"POST", "PUT", "DELETE", "PATCH"} else ()
        if not self.h2:
            answer = first.request(self.method, self.target, (("host", self.host), *self.headers, *framing))
            if answer.status == 101:
                first.close()  # what follows on this connection is no HTTP
            return answer
        pseudo = (
            (":method", self.method),
            (":scheme", "https"),
            (":path", self.target),
            (":authority", self.host),
        )
        headers = tuple((name.lower(), value) for name, value in self.headers)
        return second.request((*pseudo, *headers, *framing))


def base(surface: Surface, method: str, target: str, caller: Caller) -> Wire:
    """A plain request with the token in the carrier of the surface."""
    wire = Wire(f"{caller.name}@{surface}", method, target, _HOST[surface])
    if not caller.token:
        return wire
    if surface is Surface.DASHBOARD:
        return replace(wire, headers=(("cookie", f"a=b; __Host-rayfence={caller.token}"),))
    return replace(wire, headers=(("authorization", f"Bearer {caller.token}"),))


def carried(wire: Wire, surface: Surface | None, known: Mapping[str, Principal | None]) -> Principal | None:
    """Whom the token in the carrier of the surface proves: what jwt_authn answers, looked up in the tokens we made."""
    tokens = []
    for name, value in wire.headers:
        if name.lower() == "authorization" and value.startswith("Bearer ") and surface is not Surface.DASHBOARD:
            tokens.append(value[7:])
        if name.lower() == "cookie":
            cookie = {Surface.DASHBOARD: "__Host-rayfence", Surface.LOGIN: "__Host-rayfence-login"}.get(
                surface or Surface.API, ""
            )
            pairs = (pair.strip().partition("=") for pair in value.split(";"))
            tokens += [text for key, _, text in pairs if cookie and key == cookie][:1]  # of two, the first counts
    return known.get(tokens[0]) if tokens else None


@dataclass(frozen=True, slots=True)
class Judge:
    """Compares one answer with the reference's; `catalog` is the reference's."""

    catalog: RouteCatalog
    gate: Gate
    known: Mapping[str, Principal | None]

    def decide(self, wire: Wire) -> tuple[Decision, Principal | None]:
        """What the reference says, and of whom."""
        request = wire.request()
        principal = carried(wire, surface_of(request.end_to_end(), self.gate.hosts), self.known)
        return authorize(principal, request, self.catalog, self.gate), principal

    def complaint(self, wire: Wire, answer: Answer) -> str:
        """What differs; empty is good."""
        decision, principal = self.decide(wire)
        if decision.outcome is Outcome.DENY:
            return self._refused(wire, decision, answer)
        return self._passed(decision, principal, wire, answer)

    def _refused(self, wire: Wire, decision: Decision, answer: Answer) -> str:
        if answer.seen is not None:
            return f"refused ({decision.error}) by the reference, reached {answer.seen.upstream}"
        if decision.status == 400 and answer.status in {0, 400}:
            return ""  # HTTP/2 resets the stream, and a broken request line has no answer to carry a word
        if answer.status != decision.status:
            return f"{decision.status} {decision.error} by the reference, {answer.status} {answer.refusal}"
        if decision.error == "wrong_audience":
            return ""  # jwt_authn takes a list that contains ours; a later filter then refuses, in its own words
        if answer.refusal != decision.error:
            return f"{decision.error} by the reference, {answer.refusal}"
        if wire.method != "HEAD":
            body = answer.json()
            if body["required"] != (decision.required or body["required"]) or decision.error not in MESSAGES:
                return f"requires {decision.required} by the reference, {body['required']}"
        return ""

    def _passed(self, decision: Decision, principal: Principal | None, wire: Wire, answer: Answer) -> str:
        route = find_route(self.catalog, decision.route)
        mine = "mine" in wire.target or (principal is not None and principal.operator)
        if decision.outcome is Outcome.ASK and not mine:
            refused = answer.status == 403 and answer.refusal == "owner" and answer.seen is None
            return "" if refused else f"the service refused, answered {answer.status} {answer.refusal}"
        if route.backend is Backend.FIXED:
            right = answer.status == 200 and (wire.method == "HEAD" or answer.body.decode() == route.fixed_body)
            return "" if right else f"fixed answer, {answer.status} {answer.refusal}"
        seen = answer.seen
        if seen is None:
            return f"passed by the reference as {decision.route}, {answer.status} {answer.refusal}"
        if seen.upstream != str(route.backend):
            return f"{route.backend} by the reference, reached {seen.upstream}"
        if seen.upstream == "service" and seen.values("x-rayfence-route") != [decision.route]:
            return f"{decision.route} by the reference, {seen.values('x-rayfence-route')}"
        return unclean(seen)


def unclean(seen: Seen) -> str:
    """What of the client's own reached an upstream that must not; empty is good."""
    for name, value in seen.headers:
        if SPOOF in value and (seen.upstream, name) != ("service", "cookie"):  # its log-in host reads its own from them
            return f"{seen.upstream} received {name}: {value}"
        if "_" in name or name in {"forwarded", "x-ray-authorization", "proxy-authorization"}:
            return f"{seen.upstream} received {name}"
    if seen.upstream == "ray":
        extra = {name for name, _ in seen.headers} - _RAY_MAY_SEE
        if extra:
            return f"Ray received {sorted(extra)}"
        if seen.values("authorization") != [f"Bearer {RAY_TOKEN}"]:
            return "Ray did not receive exactly its own token"
        if seen.values("sec-fetch-site") != (["none"] if seen.method in {"GET", "HEAD"} else []):
            return f"Ray received Sec-Fetch-Site {seen.values('sec-fetch-site')} on {seen.method}"
    if seen.upstream == "serve" and (seen.values("authorization") or seen.values("cookie")):
        return "Serve received a credential"
    if seen.upstream == "service" and len(seen.values("x-rayfence-payload")) > 1:
        return "two payloads"
    return ""
