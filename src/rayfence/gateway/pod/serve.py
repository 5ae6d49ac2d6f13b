"""The service of one pod: every Ray object of a tenant behind one socket.

1. Folders of the pod's own, closed to others. Kubernetes makes a volume's root open to its group, so ours lie below it.
2. Copies of mounted keys and tokens; a first key must be there.
3. The journal of this replica, copied to standard output; the service of the main Ray object; the parts that the other
   Ray objects have of their own.
4. What replicas share is read: without it nothing is answered.
5. Answer, and follow mounts and the shared object beside.
"""

import asyncio
import logging
import os
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final

from rayfence.access.signing_keys import JWT_FILE
from rayfence.catalog.routes import load_routes
from rayfence.errors import StateError
from rayfence.gateway.app import GatewayApp
from rayfence.gateway.files import write_private
from rayfence.gateway.handlers import HANDLERS, JUDGES
from rayfence.gateway.jobs.records import JobRecords
from rayfence.gateway.journal import Journal
from rayfence.gateway.pod.api import ApiFailure, ApiServer
from rayfence.gateway.pod.copy import TrailCopy
from rayfence.gateway.pod.members import ClusterMembers
from rayfence.gateway.pod.mounts import Mirror
from rayfence.gateway.pod.stateobject import Shared
from rayfence.gateway.rate import RateLimit
from rayfence.gateway.rotation import KeyWatch
from rayfence.gateway.server import background, listen
from rayfence.gateway.service import Service
from rayfence.gateway.sessions.handover import SignedHandOver
from rayfence.gateway.startup import longest_token, make_service, ray_of, ray_tls
from rayfence.model.gateway import GatewaySettings
from rayfence.model.gateway_pod import PodSettings

LOGGER = logging.getLogger(__name__)

#: The API server may be away for a moment when a node starts.
_START_ATTEMPTS: Final = 30
_START_SECONDS: Final = 2.0


def read_pod_settings(path: Path) -> PodSettings:
    """Settings from the mounted `gateway.json`, which is no secret. Raises StateError."""
    try:
        return PodSettings.from_json(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise StateError(f"{path} can't be read: {error.strerror}") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise StateError(f"{path} is damaged: {error}", hint="`rayfence apply` writes it anew") from error


async def serve_pod(settings: PodSettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises StateError, ApiFailure before anything listens; OSError."""
    os.umask(0o077)
    first = settings.first
    make_folders(settings)  # 1
    mirrors = mirrors_of(settings)
    for mirror in mirrors:  # 2
        mirror.step()
    hand_on_filter(first)
    copy = TrailCopy()
    replica = os.environ.get("POD_NAME", "gateway")
    journal = Journal.open(replace(first, instance=f"{first.instance}:{replica}"), copy.put)  # 3
    api = ApiServer(settings)
    try:
        service, shared = make_pod_service(settings, journal, api)
        await _load(shared)  # 4
        app = app_of(settings, service)
        beside: Sequence[Coroutine[None, None, None]] = (
            *background(first, service, journal),
            *(mirror.run() for mirror in mirrors),
            KeyWatch(Path(first.ray_client_certificate).parent, partial(_take_certificate, service, app)).run(),
            shared.run(),
        )
        try:
            await listen(first, app, beside)  # 5
        finally:
            await close(service, app)
    finally:
        await api.close()
        journal.close()
        copy.close()


def make_folders(settings: PodSettings) -> None:
    """Step 1. Raises OSError."""
    first = settings.first
    sockets = {str(Path(name).parent) for name in (first.service_socket, first.envoy_admin_socket)}
    tokens = {str(Path(one.ray_token).parent) for one in settings.served}
    ours = (first.envoy_dir, first.signing_keys, first.stamp_keys, first.trail_dir, first.trail_heads_dir)
    for folder in sorted({*sockets, *tokens, *ours, str(_state(first))}):
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        path.chmod(0o700)


def mirrors_of(settings: PodSettings) -> tuple[Mirror, ...]:
    """Step 2: what is copied from where."""
    first, mounts = settings.first, settings.mounts
    return (
        Mirror(Path(mounts.signing_keys), Path(first.signing_keys)),
        Mirror(Path(mounts.stamp_keys), Path(first.stamp_keys)),
        Mirror(Path(mounts.ray_tokens), Path(first.ray_token).parent),
    )


def hand_on_filter(first: GatewaySettings) -> None:
    """The rendered filter of tokens, to where the service may mark it anew when keys change. Raises StateError."""
    source, target = Path(first.rendered_dir) / JWT_FILE, Path(first.envoy_dir) / JWT_FILE
    try:
        write_private(target, source.read_text(encoding="utf-8"))
    except OSError as error:
        raise StateError(f"{source} can't be handed on: {error.strerror}") from error


def make_pod_service(settings: PodSettings, journal: Journal, api: ApiServer) -> tuple[Service, Shared]:
    """The service of the main Ray object, and what replicas share. Raises StateError."""
    first = settings.first
    # A restart of the container finds the copies of keys; nothing else of a former run may count.
    Path(first.jwks).unlink(missing_ok=True)
    service = make_service(first, journal, state=_state(first))
    shared = Shared(api, settings, service.revocations, service.lockout, longest=longest_token(first))
    members = members_of(settings, api) if settings.client_audience else None
    handover = SignedHandOver(service.minter, first.issuer)
    return replace(service, shared=shared, members=members, handover=handover), shared


def members_of(settings: PodSettings, api: ApiServer) -> ClusterMembers:
    """Whom the cluster vouches for."""
    reserved = settings.first.operator_subject
    return ClusterMembers(api, settings.client_audience, settings.holders, people=settings.people, reserved=reserved)


def app_of(settings: PodSettings, service: Service) -> GatewayApp:
    """The application: the main Ray object, and each other one with a Ray, records and counts of its own."""
    others = {}
    for one in settings.served[1:]:
        ray = ray_of(one)
        own = replace(
            service,
            settings=one,
            matrix=load_routes(one.ray_version).matrix,
            ray=ray,
            records=JobRecords(ray, service.stamps.owner),
            submits=RateLimit(one.limits.submits_per_minute),
        )
        others[one.workload] = (own, load_routes(one.ray_version))
    return GatewayApp(service, load_routes(settings.first.ray_version), HANDLERS, JUDGES, others)


async def close(service: Service, app: GatewayApp) -> None:
    """Close every part, those of all Ray objects."""
    for other in app.others:
        await other.ray.close()
    await service.close()


async def _take_certificate(service: Service, app: GatewayApp) -> None:
    """New connections to heads use the certificate as it is now. Raises ValueError for one that can't be used."""
    for one in (service, *app.others):
        one.ray.renew(ray_tls(one.settings))


async def _load(shared: Shared) -> None:
    """Step 4. Raises ApiFailure when the API server stays away."""
    for attempt in range(_START_ATTEMPTS):
        try:
            await shared.load()
        except ApiFailure as failure:
            if attempt == _START_ATTEMPTS - 1:
                raise
            LOGGER.warning("waiting for what replicas share: %s", failure)
            await asyncio.sleep(_START_SECONDS)
        else:
            return


def _state(first: GatewaySettings) -> Path:
    return Path(first.signing_keys).parent / "state"
