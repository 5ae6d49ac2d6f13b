"""Twin of rayfence.gateway.pod.ask."""

import asyncio
from pathlib import Path

import pytest

from rayfence.gateway.pod.ask import ask

pytestmark = pytest.mark.anyio


async def _server(path: Path, answer: bytes, seen: list[bytes]) -> asyncio.Server:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(answer)
        await writer.drain()
        writer.close()

    return await asyncio.start_unix_server(handle, path)


async def test_it_asks_and_reads_to_the_end(tmp_path: Path) -> None:
    seen: list[bytes] = []
    async with await _server(tmp_path / "s", b"HTTP/1.1 204 No Content\r\na: b\r\n\r\nbody", seen):
        assert await ask(str(tmp_path / "s"), "POST", "/x?y", {"host": "h"}, 5.0) == (204, b"body")
    assert seen[0].startswith(b"POST /x?y HTTP/1.1\r\nhost: h\r\n")


@pytest.mark.parametrize("answer", [b"", b"hello\r\n\r\n", b"HTTP/1.1 abc\r\n\r\n"])
async def test_what_is_no_answer_is_a_failure(tmp_path: Path, answer: bytes) -> None:
    async with await _server(tmp_path / "s", answer, []):
        with pytest.raises(OSError, match="no HTTP"):
            await ask(str(tmp_path / "s"), "GET", "/", {}, 5.0)


async def test_silence_is_a_failure_too(tmp_path: Path) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_unix_server(silent, tmp_path / "s"):
        with pytest.raises(OSError):
            await ask(str(tmp_path / "s"), "GET", "/", {}, 0.1)
    with pytest.raises(OSError):
        await ask(str(tmp_path / "none"), "GET", "/", {}, 0.1)
