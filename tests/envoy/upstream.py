"""Recording upstreams for tests of the real Envoy: they answer with what they were sent.

`Recorder` serves HTTP/1.1 on a port or a unix socket, in a thread of its own. Every answer carries, base64, the
request as it arrived, in the header `x-seen` (so that HEAD shows it too). Query keys of the request choose special
answers: `rf_status`, `rf_headers`.
"""

import asyncio
import base64
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs

SEEN_HEADER: Final = "x-seen"

TRACEBACK: Final = (
    'Traceback (most recent call last):\n  File "/opt/ray/dashboard/head.py", line 1, in x\nValueError: secret'
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One request as an upstream received it. Header names are lower case, in order, doubles kept."""

    upstream: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def values(self, name: str) -> list[str]:
        """All values of a header."""
        return [value for key, value in self.headers if key == name]

    def to_header(self) -> str:
        """The form in `x-seen`."""
        text = json.dumps([self.upstream, self.method, self.target, self.headers, len(self.body)])
        return base64.b64encode(text.encode()).decode()

    @classmethod
    def from_header(cls, text: str) -> "Seen":
        """Read `x-seen`; the body comes back as that many spaces."""
        upstream, method, target, headers, length = json.loads(base64.b64decode(text))
        return cls(upstream, method, target, tuple((key, value) for key, value in headers), b" " * length)


#: A decision of the stub service on an ownership question: status and JSON body.
Owner = Callable[[Seen], tuple[int, dict[str, object]]]


class Recorder:
    """A server in a thread. `requests` holds what arrived; `address` is a port or a socket path."""

    def __init__(self, name: str, address: int | str, owner: Owner | None = None) -> None:
        self.name, self.address, self.owner = name, address, owner
        self.requests: list[Seen] = []
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"upstream-{name}", daemon=True)

    def start(self) -> None:
        """Serve; returns when the address is bound."""
        self._thread.start()
        assert self._ready.wait(10), f"{self.name} did not start"

    def stop(self) -> None:
        """End the thread and its connections."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._bind())
        self._ready.set()
        self._loop.run_forever()
        self._server.close()
        self._loop.run_until_complete(asyncio.sleep(0))
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self._loop.close()

    async def _bind(self) -> None:
        if isinstance(self.address, int):
            self._server: asyncio.Server = await asyncio.start_server(self._serve, "127.0.0.1", self.address)
        else:
            self._server = await asyncio.start_unix_server(self._serve, self.address)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self._one(reader, writer):
                pass
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return False
        first, *lines = head[:-4].decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ")
        headers = tuple(
            (name.lower(), value) for name, value in (line.split(": ", 1) for line in lines if ": " in line)
        )
        fields = dict(headers)
        body = await self._body(reader, fields)
        seen = Seen(self.name, method, target, headers, body)
        self.requests.append(seen)
        if "upgrade" in fields:
            await _websocket(reader, writer, seen)
            return False
        status, answer = self._answer(seen)
        extra = parse_qs(target.partition("?")[2]).get("rf_headers", [""])[0]
        lines = [f"HTTP/1.1 {status} x", f"{SEEN_HEADER}: {seen.to_header()}", f"content-length: {len(answer)}"]
        lines += ["content-type: application/json", *(line for line in extra.split("|") if line)]
        writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + (b"" if method == "HEAD" else answer))
        await writer.drain()
        return True

    def _answer(self, seen: Seen) -> tuple[int, bytes]:
        if self.owner is not None and seen.target.startswith("/authz/"):
            status, body = self.owner(seen)
            return status, json.dumps(body).encode()
        wanted = parse_qs(seen.target.partition("?")[2]).get("rf_status", ["200"])[0]
        return int(wanted), TRACEBACK.encode() if wanted.startswith("5") else b"{}"

    async def _body(self, reader: asyncio.StreamReader, fields: dict[str, str]) -> bytes:
        if "content-length" in fields:
            return await reader.readexactly(int(fields["content-length"]))
        if fields.get("transfer-encoding", "").lower() != "chunked":
            return b""
        body = b""
        while True:
            size = int((await reader.readline()).split(b";")[0], 16)
            body += await reader.readexactly(size)
            await reader.readexactly(2)
            if size == 0:
                return body


async def _websocket(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seen: Seen) -> None:
    """Accept the upgrade, then echo bytes: Envoy passes frames on unread."""
    lines = ["HTTP/1.1 101 x", "upgrade: websocket", "connection: Upgrade", f"{SEEN_HEADER}: {seen.to_header()}"]
    writer.write("\r\n".join([*lines, "", ""]).encode())
    await writer.drain()
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()
