"""`ports.pods.Pods` in memory: logs by container, programs as scripted, ports that lead to a function's address."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from rayfence.errors import Forbidden, Refused
from rayfence.ports.pods import LogWish, PodPart

#: Gets a pod's part and the words; yields pieces of output, or raises.
Program = Callable[[PodPart, Sequence[str]], Iterator[bytes]]


def nothing(_part: PodPart, _words: Sequence[str]) -> Iterator[bytes]:
    """A program that says nothing."""
    yield from ()


@dataclass
class SimPods:
    """`logs`: (namespace, pod, container) to lines; `ports`: (namespace, pod) to the port that answers for it."""

    logs: dict[tuple[str, str, str], list[str]] = field(default_factory=dict)
    program: Program = nothing
    ports: dict[tuple[str, str], int] = field(default_factory=dict)
    accounts: set[tuple[str, str]] = field(default_factory=set)
    own_token: str = ""
    denied: set[str] = field(default_factory=set)
    asked: list[tuple[str, ...]] = field(default_factory=list)

    def log(self, part: PodPart, wish: LogWish) -> Iterator[str]:
        self._called("log", part.namespace, part.pod, part.container)
        lines = self.logs.get((part.namespace, part.pod, part.container))
        if lines is None or wish.previous:
            raise Refused(f"log of {part.pod}: no such container", "BadRequest")
        yield from lines[max(0, len(lines) - wish.lines) :]

    def run(self, part: PodPart, command: Sequence[str], *, attached: bool = False) -> Iterator[bytes]:
        self._called("run", part.namespace, part.pod, *command, *(["attached"] if attached else []))
        yield from self.program(part, command)

    @contextmanager
    def forward(self, namespace: str, pod: str, port: int) -> Iterator[int]:
        self._called("forward", namespace, pod, str(port))
        if (namespace, pod) not in self.ports:
            raise Refused(f"a way to {pod}: nobody answers", "InternalError")
        yield self.ports[namespace, pod]

    def account_token(self, namespace: str, account: str, audience: str, seconds: int) -> str:
        self._called("account_token", namespace, account, audience, str(seconds))
        if (namespace, account) not in self.accounts:
            raise Refused(f"serviceaccounts {account!r} not found", "NotFound")
        return f"token of {namespace}/{account} for {audience}"

    def bearer(self) -> str:
        self._called("bearer")
        return self.own_token

    def _called(self, *words: str) -> None:
        self.asked.append(words)
        if words[0] in self.denied:
            raise Forbidden(f'{words[0]} is forbidden: User "u" cannot do it')
