"""Twin of rayfence.gateway.pod.drain. A real Envoy is drained in tests/envoy/test_pods.py."""

import asyncio
import json
import time
from pathlib import Path

import pytest

from rayfence.gateway.pod.drain import active, drain, main

pytestmark = pytest.mark.anyio


class Envoy:
    """An admin socket whose connections end one by one."""

    def __init__(self, path: Path, open_connections: list[int]) -> None:
        self.path, self.left, self.asked = path, open_connections, list[str]()

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = (await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode()
        self.asked.append(line)
        count = self.left.pop(0) if len(self.left) > 1 else self.left[0]
        rows = [{"name": "http.front.downstream_cx_active", "value": count}, {"histograms": {}}]
        body = json.dumps({"stats": rows}) if "/stats" in line else "OK"
        writer.write(f"HTTP/1.1 200 OK\r\n\r\n{body}".encode())
        await writer.drain()
        writer.close()


async def test_it_waits_for_connections_to_end(tmp_path: Path) -> None:
    envoy = Envoy(tmp_path / "s", [9, 2, 1, 0])
    async with await asyncio.start_unix_server(envoy.handle, envoy.path):
        assert await drain(str(envoy.path), 20.0, least=0.0)
    assert envoy.asked[0].startswith("POST /drain_listeners?graceful")
    assert len(envoy.asked) == 4


async def test_it_does_not_wait_for_ever_nor_end_too_soon(tmp_path: Path) -> None:
    busy = Envoy(tmp_path / "busy", [3])
    async with await asyncio.start_unix_server(busy.handle, busy.path):
        assert not await drain(str(busy.path), 1.0, least=0.0)
    idle = Envoy(tmp_path / "idle", [0])
    began = time.monotonic()
    async with await asyncio.start_unix_server(idle.handle, idle.path):
        assert await drain(str(idle.path), 10.0, least=1.2)
    assert time.monotonic() - began >= 1.2


async def test_counters_that_cant_be_read_are_no_zero(tmp_path: Path) -> None:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\n\r\nnothing")
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(handle, tmp_path / "s"):
        with pytest.raises(OSError, match="counters"):
            await active(str(tmp_path / "s"))


def test_an_envoy_that_is_gone_keeps_no_pod(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none"), "5"]) == 0
    assert "draining" in capsys.readouterr().err
    assert main([str(tmp_path / "none"), "soon"]) == 2
