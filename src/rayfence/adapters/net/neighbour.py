"""What a pod tries against other pods: a program of its own, standard library only, run in a probe's container.

Its source is the container's argument; it prints one line with JSON, which is read in the pod's log. It looks for open
ports, asks each what it says to a stranger (HTTP, TLS without a certificate, gRPC without a token), and sends the
requests it is given. It changes nothing where it is answered: only reads, and calls without content. Leaves out the
judging (`verify.kubernetes.inside`). Sources: RFC 9113, RFC 7541, gRPC over HTTP/2.
"""

import base64
import contextlib
import errno
import http.client
import json
import re
import resource
import select
import socket
import ssl
import struct
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

#: Read-only doors of Ray's HTTP servers, one for each server, then those that Ray documents as open.
DOORS = (
    ("GET", "/metrics"),
    ("GET", "/api/version"),
    ("GET", "/logs/"),
    ("POST", "/get_runtime_envs_info"),
    ("GET", "/-/routes"),
    ("GET", "/api/healthz"),
    ("GET", "/api/local_raylet_healthz"),
    ("GET", "/api/gcs_healthz"),
)
#: Calls that only read, one for each gRPC server of Ray, and health last, which answers anybody. They are sent empty:
#: where no token is asked for, `Pull` names no object and no node.
CALLS = (
    "/ray.rpc.NodeInfoGcsService/GetAllNodeInfo",
    "/ray.rpc.NodeManagerService/GetNodeStats",
    "/ray.rpc.ObjectManagerService/Pull",
    "/ray.rpc.CoreWorkerService/NumPendingTasks",
    "/ray.rpc.ReporterService/HealthCheck",
    "/ray.rpc.RayletDriver/ClusterInfo",
    "/grpc.health.v1.Health/Check",
)
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
_STATUS = re.compile(rb"grpc-status.([0-9]{1,2})", re.DOTALL)
_WAIT = 2.0
#: For a port that says neither yes nor no, where thousands are tried: a kernel accepts at once, busy or not.
_SILENCE = 1.0
_AT_ONCE = 3000
_FEW = 500

Open = tuple[str, int]


def main(argument: str) -> None:
    """`argument`: base64 of JSON with `mark`, `targets`, `requests`, `greetings`; or `listen`, to be attacked.

    `targets`: key to `{host, ports: [[first, last]]}`. `requests`: key to `{host, port, method, target, headers, body,
    server_name}`; `{token:NAME}` in a header or body stands for the file NAME of `tokens`. `greetings`: key to `{host,
    port, newest}`, TLS versions such as `TLSv1_1`. `settle`: seconds to wait first.
    """
    wish = json.loads(base64.b64decode(argument))
    if "listen" in wish:
        listen(int(wish["listen"]), float(wish["seconds"]))
        return
    sys.stdout.write(f"{wish['mark']}{json.dumps(report(wish))}\n")
    sys.stdout.flush()


def listen(port: int, seconds: float) -> None:
    """Answer anybody 200 until somebody ends us, or for so long."""

    class Hello(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "6")
            self.end_headers()
            self.wfile.write(b"hello\n")

        def log_message(self, *_words: object) -> None:
            return

    with ThreadingHTTPServer(("", port), Hello) as server:
        server.timeout = 1
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            server.handle_request()


def report(wish: dict[str, Any]) -> dict[str, object]:
    """Everything that was asked for: what is open and what it says, answers, TLS versions."""
    began = time.monotonic()
    time.sleep(float(wish.get("settle", 0)))
    own = socket.create_server(("127.0.0.1", 0))  # found or not, shows whether this search finds anything
    targets = {key: _addressed(spot, own) for key, spot in wish.get("targets", {}).items()}
    pairs = [(spot["host"], port) for spot in targets.values() for port in ports_of(spot["ports"])]
    found = set(scan(pairs))
    listed = sorted(found)
    with ThreadPoolExecutor(16) as pool:
        said = dict(zip(listed, pool.map(lambda pair: ask(*pair), listed), strict=True))
        answers = dict(pool.map(lambda item: (item[0], send(item[1], wish)), wish.get("requests", {}).items()))
        greeted = dict(pool.map(lambda item: (item[0], greet(item[1])), wish.get("greetings", {}).items()))
    own.close()
    return {
        "targets": {
            key: {
                "tried": sum(last - first + 1 for first, last in spot["ports"]),
                "open": [
                    [port, said[spot["host"], port]]
                    for port in ports_of(spot["ports"])
                    if (spot["host"], port) in found
                ],
            }
            for key, spot in targets.items()
        },
        "requests": answers,
        "greetings": greeted,
        "seconds": round(time.monotonic() - began, 1),
    }


def _addressed(spot: dict[str, Any], own: socket.socket) -> dict[str, Any]:
    """The target with an address in place of a name; `self` is our own listener. A name that is none has no ports."""
    if spot["host"] == "self":
        port = own.getsockname()[1]
        return {"host": "127.0.0.1", "ports": [[port, port]]}
    try:
        return {**spot, "host": socket.getaddrinfo(spot["host"], None, type=socket.SOCK_STREAM)[0][4][0]}
    except OSError:
        return {**spot, "ports": []}


def ports_of(ranges: Iterable[Iterable[int]]) -> Iterator[int]:
    """Every port of the ranges."""
    for first, last in ranges:
        yield from range(first, last + 1)


def scan(pairs: list[Open], seconds: float = _SILENCE) -> Iterator[Open]:
    """Those that accept a connection. A few that are silent are tried again; of many it is no accident."""
    silent = yield from _scan(pairs, seconds)
    if len(silent) <= _FEW:
        yield from _scan(silent, seconds)


def _scan(pairs: list[Open], seconds: float) -> Any:
    """Yields those that are open; returns those that said neither yes nor no."""
    silent: list[Open] = []
    size = _many()
    for start in range(0, len(pairs), size):
        waiting: dict[int, tuple[socket.socket, Open]] = {}
        poll = select.epoll()
        for pair in pairs[start : start + size]:
            client = socket.socket(socket.AF_INET6 if ":" in pair[0] else socket.AF_INET, socket.SOCK_STREAM)
            client.setblocking(False)
            code = client.connect_ex(pair)
            if code == errno.EINPROGRESS:
                waiting[client.fileno()] = (client, pair)
                poll.register(client.fileno(), select.EPOLLOUT | select.EPOLLERR | select.EPOLLHUP)
                continue
            client.close()
            if code == 0:
                yield pair
        until = time.monotonic() + seconds
        while waiting and (left := until - time.monotonic()) > 0:
            for number, _ in poll.poll(left):
                client, pair = waiting.pop(number)
                code = client.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                client.close()
                if code == 0:
                    yield pair
        poll.close()
        for client, pair in waiting.values():
            client.close()
            silent.append(pair)
    return silent


def _many() -> int:
    """How many connections at once this process may try."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _AT_ONCE + 100 if hard == resource.RLIM_INFINITY else min(hard, _AT_ONCE + 100)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return max(100, resource.getrlimit(resource.RLIMIT_NOFILE)[0] - 100)


def ask(host: str, port: int) -> dict[str, object]:
    """What an open port says to a stranger: `kind` is `http`, `tls`, `grpc` or `silent`."""
    paths = {}
    for method, path in DOORS:
        status = _http(host, port, method, path)
        if status is None:
            break
        paths[f"{method} {path}"] = status
    if paths:
        return {"kind": "http", "paths": paths}
    calls = {}
    for path in CALLS:
        answer = call(host, port, path)
        if answer is None:
            break
        calls[path.partition("/ray.rpc.")[2] or path[1:]] = answer
    if calls:
        return {"kind": "grpc", "calls": calls}
    outcome = greet({"host": host, "port": port})
    return {"kind": "silent"} if outcome in ("not TLS", "silent") else {"kind": "tls", "outcome": outcome}


def _http(host: str, port: int, method: str, path: str) -> int | None:
    client = http.client.HTTPConnection(host, port, timeout=_WAIT)
    try:
        client.request(method, path, body=b"" if method == "POST" else None, headers={"Connection": "close"})
        return client.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        client.close()


def call(host: str, port: int, path: str) -> int | None:
    """A gRPC call without content: its status; -1 where the answer has none; None where nobody speaks HTTP/2."""
    fields = [(":method", "POST"), (":scheme", "http"), (":path", path), (":authority", f"{host}:{port}")]
    fields += [("te", "trailers"), ("content-type", "application/grpc")]
    block = b"".join(b"\x00" + _text(name) + _text(value) for name, value in fields)
    sent = PREFACE + _frame(4, 0, 0, struct.pack("!HI", 1, 0)) + _frame(1, 4, 1, block) + _frame(0, 1, 1, bytes(5))
    try:
        with socket.create_connection((host, port), _WAIT) as client:
            client.settimeout(_WAIT)
            client.sendall(sent)
            return _answered(client)
    except OSError:
        return None


def _answered(client: socket.socket) -> int | None:
    spoken = False
    try:
        while True:
            head = _exactly(client, 9)
            length, kind, flags = int.from_bytes(head[:3], "big"), head[3], head[4]
            number = int.from_bytes(head[5:], "big") & 0x7FFFFFFF
            if length > 1 << 20 or kind > 9:
                return -1 if spoken else None
            payload = _exactly(client, length)
            spoken = spoken or kind == 4
            if kind == 4 and not flags & 1:
                client.sendall(_frame(4, 1, 0, b""))
            elif kind == 1 and number == 1 and (found := _STATUS.search(payload)):
                return int(found[1])
            elif (number == 1 and flags & 1) or kind == 7:
                return -1
    except OSError:
        return -1 if spoken else None


def _exactly(client: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        piece = client.recv(length - len(data))
        if not piece:
            raise ConnectionError("closed")
        data += piece
    return data


def _frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload


def _text(value: str) -> bytes:
    """A string of RFC 7541, 5.2, without Huffman; ours are shorter than 127."""
    data = value.encode()
    return bytes([len(data)]) + data


def greet(wish: dict[str, Any]) -> str:
    """TLS without a certificate, and a read: in TLS 1.3 a refusal shows only there.

    `accepted`, `refused`, `not TLS`, `silent`, `unreachable`; after `accepted` the version in brackets.
    """
    try:
        plain = socket.create_connection((wish["host"], int(wish["port"])), _WAIT)
    except OSError:
        return "unreachable"
    with plain:
        plain.settimeout(_WAIT)
        try:
            with _lax(wish.get("newest")).wrap_socket(plain, server_hostname=wish.get("server_name")) as secured:
                version = secured.version()
                if "newest" in wish:  # the version is what is asked about
                    return f"accepted ({version})"
                secured.sendall(b"GET / HTTP/1.1\r\nHost: verify\r\nConnection: close\r\n\r\n")
                return f"accepted ({version})" if secured.recv(1) else "refused"
        except TimeoutError:
            return "silent"
        except ssl.SSLError as problem:
            clear = problem.reason in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "HTTP_REQUEST")
            return "not TLS" if clear else "refused"
        except OSError:
            return "refused"


def _lax(newest: str | None = None, alpn: tuple[str, ...] = ("h2", "http/1.1")) -> ssl.SSLContext:
    """An attacker checks nobody, and takes what is old."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(list(alpn))
    if newest:
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion[newest]
    return context


def send(wish: dict[str, Any], whole: dict[str, Any]) -> dict[str, object]:
    """One request over TLS, as it is given; `status` 0: none, and `note` says how it ended."""
    headers = [(name, _filled(value, whole)) for name, value in wish["headers"]]
    body = _filled(wish.get("body", ""), whole).encode()
    client = http.client.HTTPSConnection(wish["host"], int(wish["port"]), timeout=10, context=_lax(alpn=("http/1.1",)))
    try:
        client.putrequest(wish["method"], wish["target"], skip_host=True, skip_accept_encoding=True)
        for name, value in [*headers, ("Connection", "close"), ("Content-Length", str(len(body)))]:
            client.putheader(name, value)
        client.endheaders(body or None)
        answer = client.getresponse()
        return {"status": answer.status, "body": answer.read(2000).decode("utf-8", "replace")}
    except (OSError, http.client.HTTPException) as problem:
        return {"status": 0, "note": f"{type(problem).__name__}: {problem}"[:200]}
    finally:
        client.close()


def _filled(text: str, whole: dict[str, Any]) -> str:
    for name, path in whole.get("tokens", {}).items():
        mark = f"{{token:{name}}}"
        if mark in text:
            text = text.replace(mark, Path(path).read_text(encoding="ascii").strip())
    return text


if __name__ == "__main__":
    main(sys.argv[-1])
