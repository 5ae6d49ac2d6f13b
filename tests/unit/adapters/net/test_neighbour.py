"""What the probe's program sees of real servers on loopback."""

import base64
import json
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent import futures
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest

from rayfence.adapters.net import neighbour

HOST = "127.0.0.1"


@contextmanager
def http(answers: dict[str, int], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that answers these paths; others 404. Its body tells what it was sent."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            said = json.dumps({"headers": dict(self.headers.items()), "body": body.decode()}).encode()
            self.send_response(answers.get(self.path, 404))
            self.send_header("content-length", str(len(said)))
            self.end_headers()
            self.wfile.write(said)

        do_GET = do_POST = _answer

        def log_message(self, *_words: object) -> None:
            return

    with ThreadingHTTPServer((HOST, 0), Handler) as server:
        if context is not None:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


@contextmanager
def grpc_server(code: grpc.StatusCode) -> Iterator[int]:
    """A gRPC server that ends calls of Ray's GCS with this status, and knows no other."""

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]
        def service(self, details: Any) -> Any:
            if "Gcs" not in details.method:
                return None

            def serve(_request: object, context: Any) -> bytes:
                if code is not grpc.StatusCode.OK:
                    context.abort(code, "no")
                return b""

            return grpc.unary_unary_rpc_method_handler(serve)

    server = grpc.server(futures.ThreadPoolExecutor(2), handlers=[Handler()])
    port = server.add_insecure_port(f"{HOST}:0")
    server.start()
    yield port
    server.stop(None).wait()


def test_open_ports_are_found_and_closed_ones_are_not() -> None:
    with socket.create_server((HOST, 0)) as listener, socket.socket() as unheard:
        unheard.bind((HOST, 0))
        ports = [listener.getsockname()[1], unheard.getsockname()[1]]
        assert list(neighbour.scan([(HOST, port) for port in ports])) == [(HOST, ports[0])]


def test_silence_is_no_yes() -> None:
    with socket.create_server((HOST, 0), backlog=0) as listener:
        port = listener.getsockname()[1]
        held = []
        for _ in range(4):  # fills the queue: what comes then gets no answer
            one = socket.socket()
            one.setblocking(False)
            one.connect_ex((HOST, port))
            held.append(one)
        assert list(neighbour.scan([(HOST, port)], seconds=0.2)) == []
        for one in held:
            one.close()


def test_http_with_and_without_a_token() -> None:
    with http({"/logs/": 401, "/api/healthz": 200}) as port:
        said = neighbour.ask(HOST, port)
    assert said["kind"] == "http"
    paths = said["paths"]
    assert isinstance(paths, dict)
    assert (paths["GET /logs/"], paths["GET /api/healthz"], paths["GET /metrics"]) == (401, 200, 404)


@pytest.mark.parametrize(
    ("code", "number"), [(grpc.StatusCode.UNAUTHENTICATED, 16), (grpc.StatusCode.OK, 0), (grpc.StatusCode.INTERNAL, 13)]
)
def test_grpc_statuses_as_a_real_server_sends_them(code: grpc.StatusCode, number: int) -> None:
    with grpc_server(code) as port:
        said = neighbour.ask(HOST, port)
    assert said["kind"] == "grpc"
    calls = said["calls"]
    assert isinstance(calls, dict)
    assert calls["NodeInfoGcsService/GetAllNodeInfo"] == number
    assert calls["NodeManagerService/GetNodeStats"] == 12


def test_a_server_that_says_nothing_is_silent() -> None:
    with socket.create_server((HOST, 0)) as listener:
        assert neighbour.call(HOST, listener.getsockname()[1], neighbour.CALLS[0]) is None


@pytest.fixture(scope="module")
def leaf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate with its key, signed by itself."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    wanted = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=x", "-days", "1"]
    subprocess.run(
        ["openssl", "req", "-x509", *wanted, "-keyout", path, "-out", f"{path}.crt"], check=True, capture_output=True
    )
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text())
    return path


def server_context(leaf: Path, *, mutual: bool = False) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(leaf)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if mutual:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(leaf)
    return context


def test_tls_that_asks_for_a_certificate_refuses_and_other_accepts(leaf: Path) -> None:
    with http({"/": 200}, server_context(leaf, mutual=True)) as port:
        assert neighbour.ask(HOST, port) == {"kind": "tls", "outcome": "refused"}
    with http({"/": 200}, server_context(leaf)) as port:
        assert str(neighbour.ask(HOST, port)["outcome"]).startswith("accepted")
        wish = {"host": HOST, "port": port, "server_name": "x"}
        assert neighbour.greet({**wish, "newest": "TLSv1_1"}) == "refused"
        assert neighbour.greet({**wish, "newest": "TLSv1_2"}) == "accepted (TLSv1.2)"
    with http({"/": 200}) as port:
        assert neighbour.greet({"host": HOST, "port": port}) == "not TLS"
    assert neighbour.greet({"host": HOST, "port": port}) == "unreachable"


def test_requests_go_as_they_are_with_tokens_filled_in(leaf: Path, tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("secret\n")
    with http({"/v1/session": 401}, server_context(leaf)) as port:
        wish = {
            "host": HOST, "port": port, "method": "POST", "target": "/v1/session",
            "headers": [["Host", "evil.example"], ["X-Token", "{token:mine}"]], "body": "t={token:mine}",
        }  # fmt: skip
        answer = neighbour.send(wish, {"tokens": {"mine": str(token)}})
    assert answer["status"] == 401
    said = json.loads(str(answer["body"]))
    assert (said["headers"]["Host"], said["headers"]["X-Token"], said["body"]) == ("evil.example", "secret", "t=secret")
    nobody = neighbour.send({**wish, "headers": [], "body": ""}, {})
    assert nobody["status"] == 0 and nobody["note"]


def test_the_program_alone_prints_one_report_with_its_own_port_found() -> None:
    with http({"/metrics": 200}) as port:
        wish = {
            "mark": "rfv:",
            "targets": {
                "vision/head": {"host": HOST, "ports": [[port, port]]},
                "listener/self": {"host": "self", "ports": []},
                "service/none": {"host": "no-such-name.invalid", "ports": [[443, 443]]},
            },
        }
        argument = base64.b64encode(json.dumps(wish).encode()).decode()
        code = Path(neighbour.__file__).read_text(encoding="utf-8")
        done = subprocess.run([sys.executable, "-I", "-c", code, argument], capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    report = json.loads(line.removeprefix("rfv:"))
    assert report["targets"]["vision/head"]["open"][0][0] == port
    assert report["targets"]["vision/head"]["open"][0][1]["paths"]["GET /metrics"] == 200
    assert len(report["targets"]["listener/self"]["open"]) == 1
    assert report["targets"]["service/none"]["open"] == []


def test_a_listener_answers_until_its_time_is_over() -> None:
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    thread = threading.Thread(target=neighbour.listen, args=(port, 2.0), daemon=True)
    thread.start()
    for _ in range(40):
        if list(neighbour.scan([(HOST, port)])):
            break
    said = neighbour.ask(HOST, port)
    assert said["kind"] == "http"
    thread.join(timeout=10)
    assert not thread.is_alive()
