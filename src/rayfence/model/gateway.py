"""The gateway's settings: what `render/envoy` compiles, what the gateway service reads from `gateway.json`.

Paths are absolute. No secret bytes: only the files that hold them. `render/local` makes this value; `to_json` and
`from_json` are its only file form.
"""

import json
from dataclasses import MISSING, asdict, fields

from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Audiences:
    """JWT audiences, one per surface: a token stolen from one surface opens no other."""

    api: str  # bearer on the API hosts and on Ray Client
    dashboard: str  # cookie on the dashboard's host
    login: str  # session on the log-in host


@dataclass(frozen=True, slots=True)
class Hosts:
    """Host names (without port) of each surface. Any other Host is refused: DNS rebinding (CVE-2025-62593)."""

    api: tuple[str, ...]
    dashboard: str
    login: str  # what a browser is sent to
    login_also: tuple[str, ...] = ()  # further names by which programs reach the log-in host

    @property
    def logins(self) -> tuple[str, ...]:
        """Every name of the log-in host."""
        return (self.login, *self.login_also)


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds on what a caller may send. Seconds, bytes and counts as named."""

    max_header_kib: int = 32
    max_package_bytes: int = 100 * 1024 * 1024  # Ray's own bound for packages
    max_job_body_bytes: int = 1024 * 1024
    request_seconds: int = 60
    stream_idle_seconds: int = 4 * 3600  # a silent log tail is cut after this
    max_connections: int = 2000
    submits_per_minute: int = 60  # per principal
    token_seconds: int = 3600
    max_token_seconds: int = 12 * 3600
    session_seconds: int = 8 * 3600
    lockout_failures: int = 5
    lockout_seconds: int = 60


@dataclass(frozen=True, slots=True)
class Sidecar:
    """Where a head's sidecar stands, through which its Ray is reached by mutual TLS. A port of 0: not served there."""

    host: str  # DNS name of the head's Service, and the name in the sidecar's certificate
    dashboard_port: int
    client_port: int
    serve_port: int


@dataclass(frozen=True, slots=True)
class GatewaySettings:
    """Everything Envoy and the service of one instance must agree on.

    The last fields are of gateways in a cluster. One of them serves every Ray object of its tenant: each has settings
    of its own, which differ in `workload`, `hosts`, `ray_*` and `sidecar` alone.
    """

    instance: str
    issuer: str
    audiences: Audiences
    hosts: Hosts
    bind_address: str  # loopback for `local`
    port: int  # TLS: API, dashboard and log-in hosts
    ray_client_port: int  # TLS, HTTP/2: Ray Client
    limits: Limits
    ray_version: str
    ray_dashboard_port: int
    ray_client_upstream_port: int
    serve_port: int
    serve_prefix: str  # "/serve/": published prefix of Serve's data plane on the API hosts
    # files read by Envoy; all in one watched directory
    envoy_dir: str
    envoy_admin_socket: str
    envoy_concurrency: int
    server_certificate: str
    server_key: str
    ray_client_certificate: str  # the gateway's own leaf of the node authority
    ray_client_key: str
    node_ca: str
    ray_token_sds: str  # Envoy SDS file holding Ray's token, 0600
    jwks: str  # public keys, JSON
    access_log: str
    # files read and written by the service
    service_socket: str
    signing_keys: str  # directory of JWT signing keys, 0700
    stamp_keys: str  # directory of job-stamp keys, 0700
    ray_token: str  # file, 0600
    operator_key: str  # file, 0600: the OS user who ran `up` is admin by reading it
    operator_subject: str
    users: str  # local accounts, 0600
    trail_dir: str
    trail_heads_dir: str  # a second place: without it truncation is invisible
    static_dir: str = ""  # files of Envoy that are rendered and that nobody here writes; empty: `envoy_dir`
    listen_port: int = 0  # where Envoy listens, if clients say another `port`
    workload: str = ""  # which Ray object, where a gateway serves several
    sidecar: Sidecar | None = None  # None: Ray is on loopback

    @property
    def rendered_dir(self) -> str:
        """Where rendered files of Envoy lie."""
        return self.static_dir or self.envoy_dir

    def origin(self, host: str) -> str:
        """The origin of one of our hosts as browsers write it: without the default port."""
        return f"https://{host}" if self.port == 443 else f"https://{host}:{self.port}"

    def to_json(self) -> str:
        """The file form; stable key order."""
        return json.dumps(asdict(self), indent=1, sort_keys=True) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "GatewaySettings":
        """Read the file form strictly. Raises ValueError naming missing or unknown keys."""
        data = json.loads(text)
        known = {field.name for field in fields(cls)}
        needed = {field.name for field in fields(cls) if field.default is MISSING}
        if wrong := sorted((set(data) - known) | (needed - set(data))):
            raise ValueError(f"gateway settings: missing or unknown keys {wrong}")
        data["audiences"] = Audiences(**data["audiences"])
        several = ("api", "login_also")
        hosts = {name: tuple(value) if name in several else value for name, value in data["hosts"].items()}
        data["hosts"] = Hosts(**dict(hosts))
        data["limits"] = Limits(**data["limits"])
        if data.get("sidecar") is not None:
            data["sidecar"] = Sidecar(**data["sidecar"])
        return cls(**data)
