"""`Wire`: how attacks reach an instance. `Lines`: how it is seen what became of them."""

from typing import Literal, Protocol

from rayfence.model.wire import Answer, LogLine, Shot

Showing = Literal["nothing", "node", "front"]


class Wire(Protocol):
    """Sends exactly what it is given. Never raises for what the other side does: that is an Answer."""

    def send(self, shot: Shot) -> Answer:
        """One request on a connection of its own."""

    def greet(self, port: int, showing: Showing) -> str:
        """TLS towards one of Ray's own ports, showing no certificate, a node's, or one of the front authority.

        `accepted`, `refused`, `untrusted`, `not TLS`, `unreachable` or `silent`.
        """


class Lines(Protocol):
    """The gateway's access log from the moment this was made."""

    def read(self) -> tuple[LogLine, ...]:
        """Every whole line so far."""
