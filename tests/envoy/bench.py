"""A stand with everybody's tokens, and the comparison with the reference."""

from collections.abc import Iterable, Iterator

from rayfence.access import Gate
from rayfence.model.routes import RouteCatalog
from tests.envoy.callers import callers_for
from tests.envoy.stand import Mint, Stand
from tests.envoy.suite import FRONT, Callers
from tests.envoy.wire import Judge, Wire


class Bench:
    """`catalog` is the reference's; what Envoy runs is the stand's affair."""

    def __init__(self, stand: Stand, catalog: RouteCatalog) -> None:
        self.stand, self.catalog = stand, catalog
        stranger = Mint(kid=stand.mint.kid)
        self.callers: Callers = {surface: callers_for(surface, stand.mint, stranger) for surface in FRONT}
        known = {caller.token: caller.principal for all_of in self.callers.values() for caller in all_of}
        self.judge = Judge(catalog, Gate.of(stand.settings), known)
        self.sent = 0
        self.reached = {"ray": 0, "serve": 0, "service": 0}

    def differences(self, wires: Iterable[Wire]) -> Iterator[str]:
        """Send them one by one; what differs, as it is found."""
        with self.stand.http1() as first, self.stand.http2() as second:
            for wire in wires:
                answer = wire.send(first, second)
                self.sent += 1
                if answer.seen is not None:
                    self.reached[answer.seen.upstream] += 1
                complaint = self.judge.complaint(wire, answer)
                if complaint:
                    protocol = "h2" if wire.h2 else "h1"
                    yield f"{protocol} {wire.note}: {wire.method} {wire.target} @{wire.host}: {complaint}"

    def complaints(self, wires: Iterable[Wire]) -> tuple[int, list[str]]:
        """Send all of them; returns how many, and what differed.

        Requests that reached an upstream although their client was refused count as differences too.
        """
        upstreams = (self.stand.ray, self.stand.serve, self.stand.service)
        before = {one.name: len(one.requests) for one in upstreams}
        self.sent, self.reached = 0, dict.fromkeys(self.reached, 0)
        found = list(self.differences(wires))
        for upstream in upstreams:
            arrived = [
                one for one in upstream.requests[before[upstream.name] :] if not one.target.startswith("/authz/")
            ]
            if len(arrived) != self.reached[upstream.name]:
                found.append(
                    f"{upstream.name} received {len(arrived)}, {self.reached[upstream.name]} were answered by it"
                )
        return self.sent, found
