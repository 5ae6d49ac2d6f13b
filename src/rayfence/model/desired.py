"""What should exist on a machine, as requests and specs: never a secret byte.

`render/local` makes a `Desired`, `plan` compares it with what `adapters` observe, `apply` makes it true. All paths are
relative to the instance's state folder unless a field says otherwise. Tuples are ordered: earlier entries are made
first.
"""

from enum import StrEnum

from rayfence.model.frozen import dataclass


class Account(StrEnum):
    """Whose uid a file or process belongs to."""

    OPERATOR = "operator"  # who ran `up`
    RAY = "ray"  # the separated uid of Ray and its jobs; equals OPERATOR where no other uid can be had


class SecretKind(StrEnum):
    """What `apply` generates where it is used."""

    RAY_TOKEN = "ray-token"  # noqa: S105 - 256 bits, hex, one line
    EC_SIGNING_KEY = "ec-signing-key"  # P-256 private JWK in a directory of keys, public part in `jwks`
    HMAC_KEY = "hmac-key"  # 256 bits, in a directory of keys
    OPERATOR_KEY = "operator-key"  # 256 bits, hex, one line


@dataclass(frozen=True, slots=True)
class SecretRequest:
    """A secret by kind and place. Made once; an existing valid one is kept. `copies` receive the same bytes."""

    name: str
    kind: SecretKind
    path: str
    account: Account = Account.OPERATOR
    copies: tuple[tuple[str, Account], ...] = ()  # (absolute path, account)


@dataclass(frozen=True, slots=True)
class AuthorityRequest:
    """A private certificate authority: EC P-256, path length 0. Files: `<path>/ca.pem`, `<path>/ca.key`.

    `names`: DNS names it may certify, with everything below them; loopback addresses always. A stolen authority key is
    worth nothing for any other name (X.509 name constraints).
    """

    name: str
    path: str
    common_name: str
    lifetime_days: int
    copies: tuple[tuple[str, Account], ...] = ()  # the certificate again, for those who may not enter `path`
    names: tuple[str, ...] = ("localhost",)


@dataclass(frozen=True, slots=True)
class CertificateRequest:
    """A leaf: EC P-256. `server` and `client` choose the extended key usages; `renew_before_days` when status warns."""

    name: str
    authority: str
    certificate: str
    key: str
    dns: tuple[str, ...]
    ips: tuple[str, ...]
    server: bool
    client: bool
    lifetime_hours: int
    renew_before_hours: int
    account: Account = Account.OPERATOR
    hot: bool = False  # True: its consumer reloads it; False: renewed by `restart`


@dataclass(frozen=True, slots=True)
class ConfigFile:
    """A file whose whole content is known when planning. `path` absolute; written by rename, mode 0600."""

    path: str
    content: str
    account: Account = Account.OPERATOR


@dataclass(frozen=True, slots=True)
class Sandbox:
    """Walls around Ray and its jobs; see `adapters.processes.sandbox`. Paths absolute.

    `hide`: folders replaced by an empty read-only one. `expose`: folders (interpreter, site-packages) that must stay
    readable for the other uid, mounted read-only where their parents forbid it. `own_tmp`: mounted over /tmp.
    """

    uid: int | None  # None: keep the caller's uid
    hide: tuple[str, ...]
    expose: tuple[str, ...]
    own_tmp: str
    namespaces: bool  # mount and pid namespaces; False only where the kernel refuses them
    writable: tuple[str, ...] = ()  # Ray's own folders; all the rest is read-only inside


@dataclass(frozen=True, slots=True)
class ReadinessProbe:
    """What must be seen before a process counts as ready. `kind`: `ray-head`, `ray-worker`, `envoy`, `service`,
    `alive`, `answers`.

    `facts` are the names and values that the kind needs (ports, sockets, files); see `adapters/net/prober.py`.
    """

    kind: str
    timeout_seconds: int
    facts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ProcessSpec:
    """One supervised process. Secrets reach it by files, never by `argv` or `env`.

    `after`: names that must be ready first. `restart_with`: names whose death restarts this one too (workers follow
    their head); it starts as soon as they are starting, and waits for them by itself where it must. `listens`: every
    TCP port it is told to bind; the audit of listeners compares with the kernel's table. `liveness`: what must go on
    being seen once it is ready; a process that does not show it in time is killed and started anew. None: only its end
    is noticed.
    """

    name: str
    argv: tuple[str, ...]
    env: tuple[tuple[str, str], ...]
    account: Account
    cwd: str
    log: str
    sandbox: Sandbox | None
    readiness: ReadinessProbe
    after: tuple[str, ...] = ()
    restart_with: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()  # files read at start only: a change of one needs a restart
    listens: tuple[int, ...] = ()
    stop_seconds: int = 10
    liveness: ReadinessProbe | None = None


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder with its owner and mode. `path` absolute."""

    path: str
    account: Account
    mode: int = 0o700


@dataclass(frozen=True, slots=True)
class Desired:
    """Everything one local instance consists of, in the order it is made."""

    instance: str
    folders: tuple[Folder, ...]
    secrets: tuple[SecretRequest, ...]
    authorities: tuple[AuthorityRequest, ...]
    certificates: tuple[CertificateRequest, ...]
    files: tuple[ConfigFile, ...]
    processes: tuple[ProcessSpec, ...]
