"""One HTTP/1.1 question on a unix socket, with the standard library alone: probes are started often."""

import asyncio
from collections.abc import Mapping


async def ask(path: str, method: str, target: str, headers: Mapping[str, str], seconds: float) -> tuple[int, bytes]:
    """Status and body. Raises OSError, also for an answer that is none; TimeoutError, which is one too."""
    async with asyncio.timeout(seconds):
        reader, writer = await asyncio.open_unix_connection(path)
        try:
            lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
            writer.write("\r\n".join([*lines, "content-length: 0", "connection: close", "", ""]).encode("ascii"))
            await writer.drain()
            whole = await reader.read(1_000_000)
            while not reader.at_eof() and len(whole) < 1_000_000:
                whole += await reader.read(1_000_000)
        finally:
            writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    words = head.split(b" ", 2)
    if len(words) < 2 or not words[0].startswith(b"HTTP/1.") or not words[1].isdigit():
        raise OSError("no HTTP answer")
    return int(words[1]), body
