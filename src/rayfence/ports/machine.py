"""`Machine`: one machine as plan and apply see it. `Reporter`: where progress goes."""

from collections.abc import Callable, Sequence
from typing import Protocol

from rayfence.model.desired import (
    AuthorityRequest,
    CertificateRequest,
    ConfigFile,
    Desired,
    Folder,
    ProcessSpec,
    SecretRequest,
)
from rayfence.model.plan import Observed

#: Called with one sentence each time something worth telling a waiting person happens.
Reporter = Callable[[str], None]


class Machine(Protocol):
    """Makes things true, one at a time. Every method may be repeated: the second call changes nothing."""

    def observe(self, desired: Desired) -> Observed:
        """Look at everything `desired` names, now; nothing is remembered."""

    def make_folder(self, folder: Folder) -> None:
        """Create with owner and mode, or correct both. Raises StateError when a path is not ours to have."""

    def make_secret(self, request: SecretRequest) -> None:
        """Generate unless it is there; write the copies."""

    def make_authority(self, request: AuthorityRequest) -> None:
        """Make a new key and certificate."""

    def publish_authority(self, request: AuthorityRequest) -> None:
        """Write the copies of the certificate."""

    def issue(self, request: CertificateRequest) -> None:
        """Make a new key and a leaf signed by the named authority; key first, then certificate, both by rename."""

    def write(self, file: ConfigFile) -> None:
        """Replace by rename."""

    def start(self, processes: Sequence[ProcessSpec], restart: frozenset[str]) -> None:
        """Hand the specs to the keeper, starting it if need be; running processes in `restart` are started anew."""

    def await_ready(self, names: Sequence[str], report: Reporter) -> None:
        """Wait until every named process has proved ready; they start side by side, so each tells when it does.

        Raises ProcessError with the last words of the first that does not.
        """

    def exposed_listeners(self) -> tuple[str, ...]:
        """Listeners of our processes that are not loopback, as `address:port (process)`, from the kernel's table."""

    def stop(self) -> None:
        """Stop everything of the instance, in reverse order."""
