"""An admin interface on a unix socket that answers from a table; what it was asked stays readable."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import ThreadingMixIn, UnixStreamServer


class FakeAdmin(ThreadingMixIn, UnixStreamServer):
    """`answers`: path without query -> status and body. `asked`: method and full path, in order."""

    daemon_threads = True
    answers: dict[str, tuple[int, str]]
    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, FakeAdmin)
        server.asked.append(f"{self.command} {self.path}")
        status, body = server.answers.get(self.path.partition("?")[0], (404, "unknown"))
        self.send_response(status)
        self.send_header("content-length", str(len(body.encode())))
        self.end_headers()
        self.wfile.write(body.encode())

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def address_string(self) -> str:
        """A unix peer has no address."""
        return "unix"


@contextmanager
def fake_admin(folder: Path, answers: dict[str, tuple[int, str]]) -> Iterator[FakeAdmin]:
    """Serve on `<folder>/admin.sock`."""
    server = FakeAdmin(str(folder / "admin.sock"), _Handler)
    server.answers, server.asked = answers, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
