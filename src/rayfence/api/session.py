"""Sessions of this OS user: log in, mint tokens, and the environment of Ray's own tools.

What is kept (`<config>/rayfence/sessions/NAME.json`, 0600): where the gateway is, its authority's certificate, and
the session token. An instance that this OS user started needs no log-in: its 0600 operator key is the proof. Secrets
travel in
files and in bodies, never in argv.
"""

import hashlib
import json
import os
import ssl
import time
from collections.abc import Mapping
from pathlib import Path

import platformdirs

from rayfence.adapters import files
from rayfence.adapters.gateway import GatewayClient, Server
from rayfence.api.instances import DEFAULT_NAME, Record, load_record
from rayfence.errors import AccessRefused, StateError
from rayfence.model.frozen import dataclass
from rayfence.render.local.layout import Layout

_MARGIN_SECONDS = 30


@dataclass(frozen=True, slots=True)
class Session:
    """A log-in that still lasts. `expires_at` in seconds since the epoch."""

    name: str
    server: Server
    token: str
    subject: str
    expires_at: int


def connect(name: str | None, state_dir: Path | None) -> GatewayClient:
    """A client of the instance's gateway as whoever is logged in here. Raises AccessRefused when nobody is."""
    session = current(name or DEFAULT_NAME, state_dir)
    return GatewayClient(session.server, session.token)


def current(name: str, state_dir: Path | None) -> Session:
    """The stored session while it lasts; else, on an own instance, the operator's. Raises AccessRefused."""
    kept = living(name, state_dir)
    if kept is not None:
        return kept
    record = load_record(name, state_dir)
    if record is None:
        raise AccessRefused(f"not logged in to {name!r}", hint=f"rayfence login --name {name}")
    key = Path(Layout(record.places).secrets) / "operator-key"
    return log_in(name, local_server(record), {"operator_key": _operator_key(key)})


def living(name: str, state_dir: Path | None) -> Session | None:
    """The stored session, while it lasts. Raises StateError when it can't be read."""
    found = _stored(name, state_dir)
    return found if found is not None and found.expires_at > time.time() + _MARGIN_SECONDS else None


def login(name: str, state_dir: Path | None, server: Server, credentials: Mapping[str, str]) -> Session:
    """Log in and remember the session. Raises AccessRefused with the gateway's sentence."""
    session = log_in(name, server, credentials)
    _keep(session, state_dir)
    return session


def log_in(name: str, server: Server, credentials: Mapping[str, str]) -> Session:
    """Log in for this command only. Raises AccessRefused with the gateway's sentence."""
    with GatewayClient(server) as client:
        answer = client.session(credentials)
    expires = answer["expires_at"]
    return Session(
        name=name,
        server=server,
        token=str(answer["session"]),
        subject=str(answer["subject"]),
        expires_at=expires if isinstance(expires, int) else 0,
    )


def logout(name: str, state_dir: Path | None, everywhere: bool, server: Server | None = None) -> bool:
    """End the session at the gateway and forget it here. Returns whether there was one. `server`: where it is now."""
    stored = _stored(name, state_dir)
    if stored is None:
        return False
    try:
        with GatewayClient(server or stored.server, stored.token) as client:
            client.write("POST", "/v1/logout", {"everywhere": everywhere})
    finally:
        _session_file(name, state_dir).unlink(missing_ok=True)
    return True


def local_server(record: Record) -> Server:
    """The gateway of an instance of this OS user."""
    ca = Path(Layout(record.places).front_ca)
    try:
        pem = ca.read_text(encoding="ascii")
    except OSError as error:
        raise StateError(f"{ca}: {error.strerror}", hint="`rayfence up` makes it") from error
    return Server("127.0.0.1", record.ports.gateway, f"login.{record.name}.localhost", pem)


def remote_server(address: str, port: int, login_host: str, ca_file: Path | None) -> Server:
    """A gateway that others started. Raises StateError when the CA file can't be used."""
    pem = ""
    if ca_file is not None:
        try:
            pem = ca_file.read_text(encoding="ascii")
            ssl.create_default_context(cadata=pem)
        except (OSError, ValueError, ssl.SSLError) as error:
            raise StateError(f"{ca_file} is no certificate in PEM form") from error
    return Server(address, port, login_host, pem)


def mint(
    name: str, state_dir: Path | None, ttl: int | None, role: str | None, rights: tuple[str, ...] | None
) -> dict[str, object]:
    """A fresh token with its facts (`token`, `subject`, `roles`, `rights`, `expires_at`)."""
    with connect(name, state_dir) as client:
        return client.token(ttl, role, rights)


def ray_environment(name: str, state_dir: Path | None, ttl: int | None, role: str | None) -> dict[str, str]:
    """Variables that point Ray's own command line and SDK at the gateway."""
    session = current(name, state_dir)
    token = str(mint(name, state_dir, ttl, role, None)["token"])
    host = "localhost" if session.server.address in ("127.0.0.1", "::1") else session.server.address
    bundle = ca_bundle(name, session.server.ca_pem) if session.server.ca_pem else None
    return variables(f"https://{host}:{session.server.port}", {"Authorization": f"Bearer {token}"}, bundle)


def variables(address: str, headers: Mapping[str, str], bundle: Path | None) -> dict[str, str]:
    """What Ray's own tools are told.

    `RAY_API_SERVER_ADDRESS` is named because it overrides `--address`; the CA bundle is the system's roots and ours,
    so that other HTTPS calls of the same process go on working. Ray's own token mode is off: it would send Ray's
    token instead.
    """
    found = {
        "RAY_ADDRESS": address,
        "RAY_API_SERVER_ADDRESS": address,
        "RAY_AUTH_MODE": "disabled",
        "RAY_JOB_HEADERS": json.dumps(dict(headers)),
    }
    if bundle is not None:
        found |= {"REQUESTS_CA_BUNDLE": str(bundle), "SSL_CERT_FILE": str(bundle), "CURL_CA_BUNDLE": str(bundle)}
    return found


def _keep(session: Session, state_dir: Path | None) -> None:
    server = session.server
    data = {
        "address": server.address,
        "port": server.port,
        "login_host": server.login_host,
        "ca_pem": server.ca_pem,
        "token": session.token,
        "subject": session.subject,
        "expires_at": session.expires_at,
    }
    file = _session_file(session.name, state_dir)
    files.make_folder(str(file.parent), os.geteuid(), os.getegid(), 0o700)
    files.write_file(str(file), json.dumps(data, indent=1) + "\n", os.geteuid(), os.getegid())


def _stored(name: str, state_dir: Path | None) -> Session | None:
    file = _session_file(name, state_dir)
    try:
        data = json.loads(file.read_text(encoding="utf-8"))
        server = Server(data["address"], data["port"], data["login_host"], data["ca_pem"])
        return Session(name, server, data["token"], data["subject"], data["expires_at"])
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StateError(f"{file} can't be read", hint="delete it and log in again") from error


def _session_file(name: str, state_dir: Path | None) -> Path:
    # An instance of another state folder is another instance, even under the same name.
    mark = "" if state_dir is None else "-" + hashlib.sha256(str(state_dir.absolute()).encode()).hexdigest()[:8]
    return platformdirs.user_config_path("rayfence") / "sessions" / f"{name}{mark}.json"


def _operator_key(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise StateError(f"{path}: {error.strerror}", hint="`rayfence up` makes it") from error


def ca_bundle(name: str, ours: str) -> Path:
    """The bundle of a session, where it stays."""
    folder = platformdirs.user_cache_path("rayfence")
    files.make_folder(str(folder), os.geteuid(), os.getegid(), 0o700)
    return write_bundle(folder / f"{name}-ca-bundle.pem", ours)


def write_bundle(path: Path, ours: str) -> Path:
    """The system's roots and `ours` in one file."""
    system = ssl.get_default_verify_paths().cafile
    roots = Path(system).read_text(encoding="utf-8", errors="replace") if system and Path(system).is_file() else ""
    files.write_file(str(path), f"{roots.rstrip()}\n{ours}", os.geteuid(), os.getegid())
    return path
