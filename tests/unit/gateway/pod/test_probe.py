"""Twin of rayfence.gateway.pod.probe. A real service answers it in tests/envoy/test_pods.py."""

import asyncio
from pathlib import Path

import pytest

from rayfence.gateway.pod.probe import answers, main

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(("status", "well"), [(200, True), (503, False)])
async def test_well_is_what_says_so(tmp_path: Path, status: int, well: bool) -> None:
    asked: list[bytes] = []

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {status} x\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    async with await asyncio.start_unix_server(handle, tmp_path / "s"):
        assert await answers(str(tmp_path / "s")) is well
    assert b"x-rayfence-route: api.health" in asked[0]


def test_its_exit_status_is_the_answer(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(tmp_path / "none")]) == 1
    assert main([]) == 2
    assert "usage" in capsys.readouterr().err
