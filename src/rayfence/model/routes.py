"""The route catalogue's values: what the gateway can name, and what each name asks of a caller.

Leaves out the data (`catalog/data/routes/`), the decision (`access.authorize`) and Envoy's form of it (`render/envoy`).
"""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Role(StrEnum):
    """Cumulative: each role holds the permissions of those before it. Order matters (see `catalog`)."""

    VIEWER = "viewer"
    SUBMITTER = "submitter"
    OPERATOR = "operator"
    ADMIN = "admin"


class Right(StrEnum):
    """Granted apart from roles, because each is code execution or data access of its own."""

    RAY_CLIENT = "ray-client"
    SERVE_CALL = "serve:call"


class Surface(StrEnum):
    """Where a request enters. Each surface has its own host names and its own token audience."""

    API = "api"  # bearer tokens; CLI, SDK, Serve's data plane
    DASHBOARD = "dashboard"  # session cookie, GET and HEAD only: jobs can influence what the dashboard shows
    LOGIN = "login"  # log-in form, tokens, users, trail
    RAY_CLIENT = "ray-client"  # gRPC, a listener of its own


class Backend(StrEnum):
    """Who answers an allowed request."""

    RAY = "ray"  # Envoy passes it on; bytes never meet Python
    SERVICE = "service"  # the gateway service answers, asking Ray itself where needed
    FIXED = "fixed"  # Envoy answers with `Route.fixed_body`
    SERVE = "serve"  # Ray Serve's data plane
    RAY_CLIENT = "ray-client"  # Ray Client's gRPC server


class Ownership(StrEnum):
    """Whether the service must be asked about the object named by the request before it passes (ext_authz)."""

    NONE = "none"
    JOB = "job"  # path parameter `submission_id`: owner or operator
    LOG_SELECTOR = "log-selector"  # query selector of `/api/v0/logs/{file,stream}`: one own job, else operator
    CONNECT = "connect"  # no owner; the service records an intent (Ray Client)


@dataclass(frozen=True, slots=True)
class Route:
    """One named endpoint.

    `path` is a template of literal segments and parameters: `{name}` matches one segment, by default `[A-Za-z0-9._-]+`
    (`catalog.paths` says otherwise per parameter), a final `{rest...}` matches any remaining characters, none included.
    `methods` are upper case; GET implies HEAD. `permission` None means: refused for everyone, named so that the refusal
    can be explained (or `public`).
    """

    name: str
    methods: tuple[str, ...]
    path: str
    permission: str | None
    backend: Backend
    surfaces: tuple[Surface, ...]
    ownership: Ownership = Ownership.NONE
    write: bool = False  # recorded as intent before and outcome after; Origin is checked
    streaming: bool = False  # no response timeout
    websocket: bool = False
    max_body_bytes: int = 0  # 0: a body is refused; -1: a stream without end (Ray Client, Serve)
    public: bool = False  # no token needed (log-in form, its style sheet, discovery)
    fixed_body: str = ""
    why: str = ""  # one line for the reader of a refusal or of the catalogue
    view: str = ""  # of `RoleMatrix.visible_fields`: the answer is filtered for who is neither owner nor operator
    ray_path: str = ""  # Ray's own template, where `path` narrows it or renames its parameters


@dataclass(frozen=True, slots=True)
class RoleMatrix:
    """Which role or right holds which permission, and which fields of others' objects each may see.

    `permissions`: permission -> the lowest role holding it, or a right. `visible_fields`: view name (`job`, `task`, …)
    -> field names that callers who are neither owner nor operator may see; every other field is withheld.
    """

    permissions: tuple[tuple[str, Role | Right], ...]
    visible_fields: tuple[tuple[str, tuple[str, ...]], ...]

    def holder(self, permission: str) -> Role | Right | None:
        """The lowest role, or the right, that holds `permission`; None when nobody does."""
        return dict(self.permissions).get(permission)

    def fields(self, view: str) -> tuple[str, ...]:
        """Fields of others' objects that `view` may show; empty for an unknown view (deny)."""
        return dict(self.visible_fields).get(view, ())


@dataclass(frozen=True, slots=True)
class RouteCatalog:
    """All routes of one Ray version and of the gateway itself; first match wins, no match is refused."""

    ray_version: str
    routes: tuple[Route, ...]
    matrix: RoleMatrix
