"""What every handler works with: the parts of the running service, and one call to it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

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
from rayfence.gateway.sessions.handover import HandOver
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.gateway.sessions.tokens import Minter
from rayfence.model.gateway import GatewaySettings
from rayfence.model.routes import Role, RoleMatrix, Route, Surface


@dataclass(frozen=True, slots=True)
class Service:
    """The parts, made once by `startup` and closed by it."""

    settings: GatewaySettings
    matrix: RoleMatrix
    minter: Minter
    revocations: Revocations
    handover: HandOver
    accounts: Accounts
    passwords: Passwords
    lockout: Lockout
    recorder: Recorder
    ray: RayApi
    records: JobRecords
    stamps: Stamps
    submits: RateLimit

    @property
    def login_origin(self) -> str:
        """The log-in host's origin, as browsers write it."""
        return f"https://{self.settings.hosts.login}:{self.settings.port}"

    @property
    def dashboard_origin(self) -> str:
        """The dashboard host's origin."""
        return f"https://{self.settings.hosts.dashboard}:{self.settings.port}"

    def use_stamp_keys(self, keys: Sequence[tuple[str, bytes]]) -> None:
        """Sign and verify job stamps with other keys from now on; what the old ones vouched for is looked at anew."""
        self.stamps.use(keys)
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
