"""Making the service: what must be true of its files before it answers anyone.

1. Read the settings strictly.
2. Refuse files and folders that other accounts could read or replace.
3. Read keys; write the public set for Envoy if it is not these keys'.
4. Publish the revocations: Envoy serves nobody without the file.
5. Open the journal and reconcile what a crash left open.

Raises StateError from 1 to 4; nothing listens yet.
"""

import logging
import ssl
from pathlib import Path

import httpx2

from rayfence.catalog.routes import load_routes
from rayfence.errors import StateError
from rayfence.gateway.files import check_private, read_private
from rayfence.gateway.identity.accounts import Accounts
from rayfence.gateway.identity.lockout import Lockout
from rayfence.gateway.identity.passwords import Passwords
from rayfence.gateway.jobs.records import JobRecords
from rayfence.gateway.jobs.stamps import Stamps
from rayfence.gateway.keys import load_secrets, load_signing_keys, unripe_secrets
from rayfence.gateway.rate import RateLimit
from rayfence.gateway.ray import RayApi
from rayfence.gateway.recorder import JournalPort, Recorder
from rayfence.gateway.rotation import publish_keys
from rayfence.gateway.service import Service
from rayfence.gateway.sessions.handover import HandOver
from rayfence.gateway.sessions.revocation import Revocations
from rayfence.gateway.sessions.tokens import Minter
from rayfence.model.gateway import GatewaySettings

LOGGER = logging.getLogger(__name__)


def read_settings(path: Path) -> GatewaySettings:
    """Settings from `gateway.json`. Raises StateError."""
    try:
        return GatewaySettings.from_json(read_private(path))
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateError(f"{path} is damaged: {error}", hint="`rayfence up` writes it anew") from error


def check_files(settings: GatewaySettings) -> None:
    """Step 2. Files that may not exist yet are checked when they do."""
    folders = (
        settings.envoy_dir,
        settings.signing_keys,
        settings.stamp_keys,
        settings.trail_dir,
        settings.trail_heads_dir,
    )
    for folder in (*folders, str(Path(settings.users).parent), str(Path(settings.service_socket).parent)):
        check_private(Path(folder), folder=True)
    for file in (settings.ray_token, settings.operator_key):
        check_private(Path(file))
    if Path(settings.users).exists():
        check_private(Path(settings.users))


def longest_token(settings: GatewaySettings) -> int:
    """Seconds that a token lives at most."""
    limits = settings.limits
    return max(limits.max_token_seconds, limits.token_seconds, limits.session_seconds)


def ray_of(settings: GatewaySettings, transport: httpx2.AsyncBaseTransport | None = None) -> RayApi:
    """The way to one Ray: on loopback, or through its head's sidecar. Raises StateError."""
    sidecar, token = settings.sidecar, Path(settings.ray_token)
    if sidecar is None or transport is not None:
        return RayApi(settings.ray_dashboard_port, token, transport)
    return RayApi(sidecar.dashboard_port, token, host=sidecar.host, tls=ray_tls(settings))


def ray_tls(settings: GatewaySettings) -> ssl.SSLContext:
    """Mutual TLS with heads' sidecars, by the files as they are now. Raises StateError."""
    try:
        context = ssl.create_default_context(cafile=settings.node_ca)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.load_cert_chain(settings.ray_client_certificate, settings.ray_client_key)
    except (OSError, ssl.SSLError) as error:
        raise StateError(f"the certificate for heads' sidecars can't be used: {error}") from error
    return context


def make_service(
    settings: GatewaySettings,
    journal: JournalPort,
    *,
    transport: httpx2.AsyncBaseTransport | None = None,
    passwords: Passwords | None = None,
    state: Path | None = None,
) -> Service:
    """Steps 3 and 4, and every part. `transport` and `passwords` replace Ray and the costly hash in tests. `state`:
    where revocations and locks are kept, beside the accounts by default. Raises StateError.
    """
    keys = load_signing_keys(Path(settings.signing_keys))
    publish_keys(settings, keys)
    limits, state = settings.limits, state or Path(settings.users).parent
    revocations = Revocations(state / "revocations.json", Path(settings.envoy_dir), longest=longest_token(settings))
    revocations.publish()
    stamp_keys = Path(settings.stamp_keys)
    stamps = Stamps(settings.instance, load_secrets(stamp_keys), unripe=unripe_secrets(stamp_keys))
    ray = ray_of(settings, transport)
    return Service(
        settings=settings,
        matrix=load_routes(settings.ray_version).matrix,
        minter=Minter(keys, settings.issuer, revocations),
        revocations=revocations,
        handover=HandOver(),
        accounts=Accounts(
            Path(settings.users) if settings.users else state / "users.json",
            reserved=frozenset({settings.operator_subject}),
        ),
        passwords=passwords or Passwords(),
        lockout=Lockout(state / "lockouts.json", failures=limits.lockout_failures, seconds=limits.lockout_seconds),
        recorder=Recorder(journal),
        ray=ray,
        records=JobRecords(ray, stamps.owner),
        stamps=stamps,
        submits=RateLimit(limits.submits_per_minute),
    )
