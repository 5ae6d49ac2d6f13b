"""Single requests as an attacker writes them, and what came back. Nothing here repairs a malformed request."""

from rayfence.model.frozen import dataclass

Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Shot:
    """One request to a loopback port, sent exactly as it stands.

    `target` goes into the request line as it is; `headers` keep order, case and repetition, and hold Host themselves
    (HTTP/2: `:authority` is made from it). `raw` replaces all of it. `server_name` is what TLS is asked for.
    """

    port: int
    method: str = "GET"
    target: str = "/"
    headers: Fields = ()
    body: bytes = b""
    raw: bytes = b""
    tls: bool = True
    http2: bool = False
    server_name: str = "localhost"
    seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` 0: the connection ended without an answer, and `note` says how.

    `headers` have lower-case names; of HTTP/2 only the status is read. `body` is cut after some 64 KiB.
    """

    status: int
    headers: Fields = ()
    body: bytes = b""
    note: str = ""

    def header(self, name: str) -> str:
        """First value of a header, or empty."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        """The body as text, whatever it holds."""
        return self.body.decode("utf-8", "replace")


@dataclass(frozen=True, slots=True)
class LogLine:
    """One line of the gateway's access log. `upstream_ms` None: nothing behind Envoy answered."""

    id: str
    subject: str
    token_id: str
    surface: str
    route: str
    method: str
    path: str
    status: int
    details: str
    flags: str
    upstream_ms: int | None

    @property
    def passed_on(self) -> bool:
        """Whether Envoy handed the request to what stands behind it, even if nobody answered there."""
        return self.upstream_ms is not None or bool({"UF", "UC", "URX", "UT", "UR"} & set(self.flags.split(",")))
