"""`Doors`: ports on this machine's loopback, each connection to which is joined to a far end of the caller's making."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, Protocol


class FarEnd(Protocol):
    """What a door leads to."""

    @property
    def socket(self) -> Any:
        """What to wait on."""

    @property
    def waiting(self) -> bool:
        """Whether something can be read that `socket` does not show."""

    def read(self) -> bytes | None:
        """What has come; empty: the end; None: nothing for us this time."""

    def write(self, data: bytes) -> None:
        """Send on."""


#: Opens the far end for one connection; raises when there is none.
Opener = Callable[[], AbstractContextManager[FarEnd]]


class Entrance(Protocol):
    """An open door."""

    @property
    def port(self) -> int:
        """Where it listens."""


#: Makes a door that is open while its context lasts; what fails is told in a sentence.
Doors = Callable[[Opener, Callable[[str], None]], AbstractContextManager[Entrance]]
