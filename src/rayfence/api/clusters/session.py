"""Sessions at a gateway in a cluster: who one is says the cluster's API server, by a token shown to the gateway.

* A service account: a token is asked for (TokenRequest), made for this gateway and short-lived; it opens nothing else.
* A person: the token by which kubectl knows them, of this kubeconfig or pasted. It is shown to the gateway and nowhere
  kept; see docs/adr/0015-people-of-a-cluster.md.

The session is kept as those of instances are, without an address: the way to the gateway is opened anew each time.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from rayfence.adapters.gateway import GatewayClient
from rayfence.api import session as sessions
from rayfence.api.clusters.reach import Gateway
from rayfence.api.session import Session
from rayfence.errors import AccessRefused, StateError
from rayfence.model.frozen import dataclass
from rayfence.render.kubernetes.gateway.settings import client_audience

#: Of tokens that are asked for; the session ends with them.
ACCOUNT_SECONDS: Final = 3600
_ACCOUNT: Final = "serviceAccount:"


@dataclass(frozen=True, slots=True)
class Way:
    """How somebody says who they are. `member`: `serviceAccount:NAMESPACE/NAME`, else `proof`, a token, else what the
    kubeconfig has.
    """

    member: str = ""
    proof: str = ""


def login(gateway: Gateway, way: Way) -> Session:
    """Log in and remember the session. Raises AccessRefused, StateError, KubernetesError."""
    return sessions.login(gateway.name, None, gateway.server, {"cluster_token": proof_of(gateway, way)})


def current(gateway: Gateway, way: Way | None = None) -> Session:
    """`way`: log in for this command; else the stored session while it lasts. Raises AccessRefused when nobody is."""
    if way is not None:
        return sessions.log_in(gateway.name, gateway.server, {"cluster_token": proof_of(gateway, way)})
    kept = sessions.living(gateway.name, None)
    if kept is None:
        raise AccessRefused(
            f"not logged in to the gateway of {gateway.tenant.name!r}",
            hint="`rayfence login` as yourself, or `rayfence login serviceAccount:NAMESPACE/NAME`",
        )
    return replace(kept, server=gateway.server)


def logout(gateway: Gateway, everywhere: bool) -> bool:
    """End the session at the gateway and forget it here. Returns whether there was one."""
    return sessions.logout(gateway.name, None, everywhere, gateway.server)


@contextmanager
def connect(gateway: Gateway, way: Way | None = None) -> Iterator[GatewayClient]:
    """A client of the gateway as whoever is logged in. Raises AccessRefused when nobody is."""
    with GatewayClient(gateway.server, current(gateway, way).token) as client:
        yield client


def mint(
    gateway: Gateway, way: Way | None, ttl: int | None, role: str | None, rights: tuple[str, ...] | None
) -> dict[str, object]:
    """A fresh token with its facts (`token`, `subject`, `roles`, `rights`, `expires_at`)."""
    with connect(gateway, way) as client:
        return client.token(ttl, role, rights)


def proof_of(gateway: Gateway, way: Way) -> str:
    """The token to show. Raises StateError where there is none, KubernetesError."""
    if way.member:
        namespace, slash, account = way.member.removeprefix(_ACCOUNT).partition("/")
        if not way.member.startswith(_ACCOUNT) or not (slash and namespace and account) or "/" in account:
            raise StateError(
                f"{way.member!r} can't be logged in: it is no serviceAccount:NAMESPACE/NAME",
                hint="people log in as themselves: leave the name out",
            )
        audience = client_audience(gateway.platform, gateway.tenant.name)
        return gateway.cluster.pods.account_token(namespace, account, audience, ACCOUNT_SECONDS)
    found = way.proof or gateway.cluster.pods.bearer()
    if not found:
        raise StateError(
            "this kubeconfig knows you by a certificate, which can't be shown to a gateway",
            hint="log in as a service account (serviceAccount:NAMESPACE/NAME), or with a token: --token-stdin",
        )
    return found
