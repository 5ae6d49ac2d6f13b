"""The process as it is supervised: a socket nobody else can open, small, and gone without a trace when told to."""

import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from rayfence.model.gateway import GatewaySettings
from tests.sim.gateway import OPERATOR_KEY, make_settings, write

SUBJECT = "rayfence.gateway.server"
ROUTE = {"x-rayfence-route": "api.health", "x-rayfence-surface": "login"}


@contextmanager
def running(settings: GatewaySettings, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """The service as a process, up."""
    write(folder / "gateway.json", settings.to_json())
    command = [sys.executable, "-m", "rayfence.gateway", str(folder / "gateway.json")]
    environment = {**os.environ, "PYTHONPATH": "src"}
    process = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.communicate(timeout=30)


def client(settings: GatewaySettings) -> httpx2.Client:
    """A client of its socket."""
    return httpx2.Client(transport=httpx2.HTTPTransport(uds=settings.service_socket), base_url="http://service")


def wait_until_up(settings: GatewaySettings, process: subprocess.Popen[str]) -> dict[str, object]:
    """Health, once there is any."""
    deadline = time.monotonic() + 60
    with client(settings) as connection:
        while time.monotonic() < deadline and process.poll() is None:
            try:
                health: dict[str, object] = connection.get("/v1/health", headers=ROUTE).json()
            except httpx2.TransportError:
                time.sleep(0.05)
            else:
                return health
    raise AssertionError(f"the service did not come up: {process.poll()}")


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    """An instance whose Ray is down."""
    return make_settings(tmp_path / "s")


def test_up_serving_and_gone(settings: GatewaySettings, tmp_path: Path) -> None:
    path = Path(settings.service_socket)
    with running(settings, tmp_path) as process:
        health = wait_until_up(settings, process)
        assert (health["status"], health["ray"]) == ("ok", "down")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with client(settings) as connection:
            headers = {**ROUTE, "x-rayfence-route": "api.session"}
            answer = connection.post("/v1/session", json={"operator_key": OPERATOR_KEY}, headers=headers)
            assert answer.status_code == 200
            assert "server" not in answer.headers
        resident = int(Path(f"/proc/{process.pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf(
            "SC_PAGE_SIZE"
        )
        assert resident < 90 * 2**20
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
        assert not path.exists()
        journal = "".join(file.read_text(encoding="ascii") for file in Path(settings.trail_dir).glob("*.jsonl"))
        assert '"action":"login"' in journal


def test_a_left_over_socket_is_replaced_and_a_second_service_refused(settings: GatewaySettings, tmp_path: Path) -> None:
    with running(settings, tmp_path) as process:
        wait_until_up(settings, process)
        process.kill()
        process.wait(timeout=30)
    assert Path(settings.service_socket).exists()
    with running(settings, tmp_path) as process:
        wait_until_up(settings, process)
        with running(settings, tmp_path) as second:
            assert second.wait(timeout=60) == 4
        with client(settings) as connection:
            assert connection.get("/v1/health", headers=ROUTE).status_code == 200


def test_it_does_not_start_on_open_files(settings: GatewaySettings, tmp_path: Path) -> None:
    Path(settings.operator_key).chmod(0o644)
    with running(settings, tmp_path) as process:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 4
    assert "open to other accounts" in errors
    assert "hint: chmod 600" in errors
    assert "Traceback" not in errors
    assert not Path(settings.service_socket).exists()
