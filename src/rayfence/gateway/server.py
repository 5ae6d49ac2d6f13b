"""The process: one uvicorn on one unix socket, from checked files to a clean end.

Leaves out what is answered (`app`) and of which parts the service is made (`startup`).
"""

import asyncio
import logging
import os
import signal
from collections.abc import Coroutine, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Final, Literal

import uvicorn

from rayfence.catalog.routes import load_routes
from rayfence.gateway.app import GatewayApp
from rayfence.gateway.handlers import HANDLERS, JUDGES
from rayfence.gateway.ingest import Ingest
from rayfence.gateway.journal import Journal
from rayfence.gateway.leafwatch import LeafWatch
from rayfence.gateway.reconcile import reconcile
from rayfence.gateway.rotation import KeyWatch, take_signing_keys, take_stamp_keys
from rayfence.gateway.service import Service
from rayfence.gateway.startup import check_files, make_service
from rayfence.model.gateway import GatewaySettings
from rayfence.trail.intents import OpenIntent

LOGGER = logging.getLogger(__name__)

#: Envoy keeps idle connections for an hour at most; if the service closed them first, Envoy could send a request into
#: the close.
_KEEP_ALIVE_SECONDS: Final = 7200
_GRACE_SECONDS: Final = 8
_BACKLOG: Final = 1024


class _Server(uvicorn.Server):
    """uvicorn without its signal handling: that one raises the signal again at the end, and a clean stop would look
    like a kill.
    """

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to `serve`."""
        yield


async def serve(settings: GatewaySettings) -> None:
    """Serve until SIGTERM or SIGINT. Raises StateError before anything listens, OSError when the socket can't be
    made.
    """
    os.umask(0o077)
    check_files(settings)
    journal = Journal.open(settings)
    service = make_service(settings, journal)
    try:
        app = GatewayApp(service, load_routes(settings.ray_version), HANDLERS, JUDGES)
        await listen(settings, app, background(settings, service, journal))
    finally:
        await service.close()
        journal.close()


async def listen(settings: GatewaySettings, app: GatewayApp, parts: Sequence[Coroutine[None, None, None]]) -> None:
    """Answer on the service's socket until SIGTERM or SIGINT, with `parts` beside. Raises OSError."""
    try:
        config = uvicorn.Config(
            app,
            http="h11",
            loop="asyncio",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
            h11_max_incomplete_event_size=(settings.limits.max_header_kib + 32) * 1024,
            backlog=_BACKLOG,
        )
        server = _Server(config)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, _stop, server)
        path = Path(settings.service_socket)
        bound = await _bind(path)
        LOGGER.info("serving on %s", path)
        work = [asyncio.create_task(part) for part in parts]
        for task in work:
            task.add_done_callback(_ended)
        try:
            await server.serve(sockets=[bound.sockets[0].dup()])
        finally:
            for task in work:
                task.cancel()
            await asyncio.gather(*work, return_exceptions=True)
            bound.close()
            path.unlink(missing_ok=True)
    finally:
        for part in parts:
            part.close()  # what was never begun


def background(
    settings: GatewaySettings, service: Service, journal: Journal
) -> tuple[Coroutine[None, None, None], ...]:
    """What runs beside the requests; a part that ends by itself is a fault worth a line."""

    def complete(intent: OpenIntent, verdict: Literal["done", "failed", "unknown"]) -> None:
        journal.outcome(intent.id, verdict=verdict, status=0, detail={"reconciled": 1})

    recorder = service.recorder
    return (
        _ingest(settings, journal),
        KeyWatch(Path(settings.signing_keys), partial(take_signing_keys, settings, recorder, service.minter.use)).run(),
        KeyWatch(Path(settings.stamp_keys), partial(take_stamp_keys, settings, recorder, service.use_stamp_keys)).run(),
        LeafWatch(settings, recorder).run(),
        reconcile(service, journal.open_intents(), complete),
    )


async def _ingest(settings: GatewaySettings, journal: Journal) -> None:
    ingest = Ingest.open(settings, journal)
    try:
        await ingest.run()
    finally:
        ingest.close()


def _ended(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and task.exception() is not None:
        LOGGER.error("a part of the service ended", exc_info=task.exception())


def _stop(server: uvicorn.Server) -> None:
    LOGGER.info("stopping: requests under way are finished first")
    server.should_exit = True


async def _bind(path: Path) -> asyncio.Server:
    """A bound socket of mode 0600, not yet listening. A left-over of an earlier run is replaced.

    uvicorn's own way would open it to everyone for a moment, and leave it so.
    """
    before = os.umask(0o177)
    try:
        loop = asyncio.get_running_loop()
        return await loop.create_unix_server(asyncio.Protocol, path, start_serving=False)
    finally:
        os.umask(before)
