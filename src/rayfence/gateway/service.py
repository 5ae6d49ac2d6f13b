"""What every handler works with: the parts of the running service, and one call to it."""

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from starlette.requests import Request
from starlette.responses import Response

from rayfence.access.authorize import MESSAGES
from rayfence.access.principal import Principal
from rayfence.gateway.answers import Refused
from rayfence.gateway.identity.accounts import Accounts
from rayfence.gateway.identity.lockout import Lockout
from rayfence.gateway.identity.passwords import Passwords
from rayfence.gateway.jobs.records import JobRecords
from rayfence.gateway.jobs.stamps import Stamps
from rayfence.gateway.rate import RateLimit
from rayfence.gateway.ray import RayApi
from rayfence.gateway.recorder import Recorder
from rayfence.gateway.sessions.handover import Codes
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.gateway.sessions.tokens import Minter
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Right, Role, RoleMatrix, Route, Surface


class SharedState(Protocol):
    """What replicas of one gateway hold in common."""

    async def revoke(self, subject: str, session: str) -> int:
        """As `Revocations.revoke`, for every replica. Raises OSError."""

    @property
    def stale_seconds(self) -> float:
        """How long ago the common object was last seen."""


class Proof(NamedTuple):
    """Whom a token proves, and in which groups that is at this moment. No subject: it proves nobody."""

    subject: str = ""
    groups: tuple[str, ...] = ()


class Member(NamedTuple):
    """A proven member of the tenant's roles. `role` None: it holds rights alone."""

    subject: str
    role: Role | None
    rights: tuple[Right, ...]
    expires_at: int = 0  # of what proved it; 0: not told


class Members(Protocol):
    """Identities that somebody else vouches for."""

    @property
    def people(self) -> bool:
        """Whether people are among them, not programs alone."""

    async def proven(self, token: str) -> Proof:
        """Whom the token proves. Raises Refused 503 when nobody can say."""

    def find(self, proof: Proof) -> Member | None:
        """What somebody proven holds at this moment; None: it is no member."""

    def still(self, subject: str, role: Role, rights: Iterable[Right]) -> Member | None:
        """What a session's subject, who logged in with this role and these rights, may still have at most."""


@dataclass(frozen=True, slots=True)
class Service:
    """The parts, made once by `startup` and closed by it."""

    settings: GatewaySettings
    matrix: RoleMatrix
    minter: Minter
    revocations: Revocations
    handover: Codes
    accounts: Accounts
    passwords: Passwords
    lockout: Lockout
    recorder: Recorder
    ray: RayApi
    records: JobRecords
    stamps: Stamps
    submits: RateLimit
    shared: SharedState | None = None  # None: there is no other replica
    members: Members | None = None  # None: nobody is admitted whom the cluster vouches for
    #: How often people's tokens are looked at, by source: each costs the API server a question.
    looks: RateLimit = field(default_factory=lambda: RateLimit(60))

    async def revoke(self, subject: str, session: str = "") -> int:
        """Void tokens everywhere. Raises OSError when that can't be stored: they still count then."""
        if self.shared is None:
            return self.revocations.revoke(subject, session)
        return await self.shared.revoke(subject, session)

    @property
    def login_origin(self) -> str:
        """The log-in host's origin, as browsers write it."""
        return self.settings.origin(self.settings.hosts.login)

    @property
    def dashboard_origin(self) -> str:
        """The dashboard host's origin."""
        return self.settings.origin(self.settings.hosts.dashboard)

    def use_stamp_keys(self, keys: Sequence[tuple[str, bytes]], unripe: int = 0) -> None:
        """Sign and verify job stamps with other keys from now on; what the old ones vouched for is looked at anew."""
        self.stamps.use(keys, unripe)
        self.records.forget()

    async def close(self) -> None:
        """Let what is under way finish, then close every part."""
        await self.ray.close()
        self.passwords.close()
        self.recorder.close()


@dataclass(frozen=True, slots=True)
class Call:
    """One request, matched to its route. `principal` is None on public routes only; `source` is the peer Envoy saw."""

    request: Request
    route: Route
    params: Mapping[str, str]
    surface: Surface
    principal: Principal | None
    request_id: str
    source: str

    @property
    def caller(self) -> Principal:
        """The verified caller. Raises Refused 401 where there is none."""
        if self.principal is None:
            raise unauthenticated()
        return self.principal

    def require(self, role: Role) -> Principal:
        """The caller, who must hold `role`. Raises Refused 401 or 403."""
        if not self.caller.holds(role):
            raise Refused(403, "forbidden", f"this needs the role {role.value}", required=role.value)
        return self.caller


def unauthenticated() -> Refused:
    """401 in the gateway's usual words."""
    return Refused(401, "unauthenticated", MESSAGES["unauthenticated"])


Handler = Callable[[Service, Call], Awaitable[Response]]
