"""`Pods`: what reaches into pods through an API server: logs, programs, ports; and tokens to show elsewhere.

Every method raises one of `rayfence.errors`' KubernetesError: Forbidden names the right that is missing.
"""

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class PodPart:
    """One container of a pod."""

    namespace: str
    pod: str
    container: str


@dataclass(frozen=True, slots=True)
class LogWish:
    """What of a log: the last `lines`, what comes (`follow`), or what the container before this one said."""

    lines: int
    follow: bool = False
    previous: bool = False


class Pods(Protocol):
    """Pods of one API server, as one caller."""

    def log(self, part: PodPart, wish: LogWish) -> Iterator[str]:
        """Lines of a container's log, without their newlines."""

    def run(self, part: PodPart, command: Sequence[str], *, attached: bool = False) -> Iterator[bytes]:
        """Run a program in a container; yields pieces of its output.

        Its input is empty. `attached`: a newline comes from time to time while the caller reads, and then the end.
        Raises ProgramFailed with its last words when it ends with another status than 0.
        """

    def forward(self, namespace: str, pod: str, port: int) -> AbstractContextManager[int]:
        """A port on this machine's loopback that leads to a pod's, as long as the context lasts."""

    def account_token(self, namespace: str, account: str, audience: str, seconds: int) -> str:
        """A token of a service account made for `audience` (TokenRequest). Raises Refused: there is no such account."""

    def bearer(self) -> str:
        """The token by which the API server knows us; empty where we show a certificate."""
