"""`exec` and `env` for a gateway in a cluster: the environment of Ray's own tools, and a door for a command's life.

Ray's tools know an address and headers. Where the gateway's own name leads to it, that is the address. Elsewhere the
name means nothing: a door on loopback shows a certificate made for it alone, and behind it the gateway must prove
itself by its own name; the header Host says which Ray object is meant. The door's key never leaves this process, and
whoever else knocks at it needs a token of their own.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rayfence.adapters.net.doors import Door, TlsEnd, client_context
from rayfence.adapters.processes.attended import attend
from rayfence.adapters.tls.loopback import loopback_identity
from rayfence.api.clusters import session
from rayfence.api.clusters.reach import Gateway, gateway, host_of
from rayfence.api.clusters.session import Way
from rayfence.api.clusters.target import ClusterTarget, workload_of
from rayfence.api.session import ca_bundle, variables, write_bundle
from rayfence.errors import PreflightError
from rayfence.ports.machine import Reporter


def run(
    target: ClusterTarget,
    words: Sequence[str],
    way: Way | None,
    ray_object: str | None,
    ttl: int | None,
    role: str | None,
    report: Reporter,
) -> int:
    """Run a command with a way to the gateway that lasts as long as it does; returns its exit status.

    Raises FileNotFoundError when there is no such command, AccessRefused, PreflightError, KubernetesError.
    """
    with gateway(target) as found, environment(found, way, ray_object, ttl, role, report) as told:
        return attend(words, told)


def lasting_environment(
    target: ClusterTarget, way: Way | None, ray_object: str | None, ttl: int | None, role: str | None
) -> dict[str, str]:
    """The environment for a shell, where the gateway's own address can be used without a door.

    Raises PreflightError where it can't.
    """
    with gateway(target) as found:
        host = host_of(found.tenant.name, workload_of(found.tenant, ray_object).label)
        if found.server.address != found.server.login_host:
            raise PreflightError(
                f"{host} is not reached from here by its own name, and a port-forward ends with the verb that opens it",
                hint="use `rayfence exec -- COMMAND`, which opens one for the command's life; COMMAND may be a shell",
            )
        token = session.mint(found, way, ttl, role, None)["token"]
        bundle = ca_bundle(found.name, found.server.ca_pem)
        return variables(f"https://{host}", {"Authorization": f"Bearer {token}"}, bundle)


@contextmanager
def environment(
    found: Gateway, way: Way | None, ray_object: str | None, ttl: int | None, role: str | None, report: Reporter
) -> Iterator[dict[str, str]]:
    """Variables that point Ray's own tools at the gateway while the context lasts."""
    host = host_of(found.tenant.name, workload_of(found.tenant, ray_object).label)
    headers = {"Authorization": f"Bearer {session.mint(found, way, ttl, role, None)['token']}"}
    with tempfile.TemporaryDirectory(prefix="rayfence-") as name:
        folder = Path(name)
        if found.server.address == found.server.login_host:
            yield variables(f"https://{host}", headers, write_bundle(folder / "ca-bundle.pem", found.server.ca_pem))
            return
        identity = loopback_identity()
        context = client_context(found.server.ca_pem)
        end = TlsEnd(found.server.address, found.server.port, host, context)
        with Door(end.opened, report, identity.context) as door:
            bundle = write_bundle(folder / "ca-bundle.pem", identity.authority)
            yield variables(f"https://localhost:{door.port}", {**headers, "Host": host}, bundle)
