"""What the in-cluster gateway asks of an API server, over HTTP on loopback: one ConfigMap with versions and a watch,
and TokenReview.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATH = "/api/v1/namespaces/vision-gateway/configmaps"
REVIEWS = "/apis/authentication.k8s.io/v1/tokenreviews"


class SimApi:
    """The state. `reviewed` maps tokens to (user name, audiences); `token` is what the gateway must show."""

    def __init__(self, name: str = "gateway-state", token: str = "pod-token") -> None:  # noqa: S107
        self.token = token
        self.reviewed: dict[str, tuple[str, list[str]]] = {}
        self.people: dict[str, tuple[str, list[str]]] = {}  # tokens to (user name, groups); they know no audiences
        self.reviews = 0
        self.conflicts = 0  # how many of the next writes come too late
        self.down = False
        self.changed = threading.Condition()
        self.version = 1
        metadata = {"name": name, "namespace": "vision-gateway", "resourceVersion": "1"}
        self.object: dict[str, Any] = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata}
        self.calls: list[tuple[str, str]] = []

    def put(self, data: dict[str, str]) -> None:
        """Somebody else writes."""
        with self.changed:
            self.version += 1
            metadata = {**self.object["metadata"], "resourceVersion": str(self.version)}
            self.object = {**self.object, "metadata": metadata, "data": data}
            self.changed.notify_all()

    def text(self) -> str:
        """What replicas have written."""
        return str(self.object.get("data", {}).get("state.v1.json", ""))

    def answer(self, method: str, path: str, body: bytes, authorization: str) -> tuple[int, dict[str, Any]]:
        """Everything but the watch."""
        self.calls.append((method, path))
        if authorization != f"Bearer {self.token}":
            return 401, {"kind": "Status", "code": 401}
        if method == "POST" and path == REVIEWS:
            return 201, self._review(json.loads(body))
        if path != f"{PATH}/{self.object['metadata']['name']}":
            return 403, {"kind": "Status", "code": 403}
        if method == "GET":
            return 200, self.object
        value = json.loads(body)
        with self.changed:
            late = value["metadata"]["resourceVersion"] != str(self.version)
        if self.conflicts:
            self.conflicts -= 1
            self.put(self.object.get("data", {}))
            late = True
        if late:
            return 409, {"kind": "Status", "code": 409}
        self.put(value["data"])
        return 200, self.object

    def _review(self, review: dict[str, Any]) -> dict[str, Any]:
        self.reviews += 1
        if "audiences" not in review["spec"]:
            name, groups = self.people.get(review["spec"]["token"], ("", []))
            known: dict[str, Any] = {"authenticated": bool(name), "user": {"username": name, "groups": groups}}
            return {**review, "status": known}
        user, audiences = self.reviewed.get(review["spec"]["token"], ("", []))
        shared = [one for one in review["spec"]["audiences"] if one in audiences]
        status: dict[str, Any] = {"authenticated": bool(user and shared)}
        if user and shared:
            status |= {"user": {"username": user, "groups": ["system:serviceaccounts"]}, "audiences": shared}
        return {**review, "status": status}


@contextmanager
def serving(api: SimApi) -> Iterator[str]:
    """Serve it; yields the address. Ended with the context, watches too."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

        def _serve(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            if api.down:
                self.close_connection = True
                self.connection.close()
                return
            if "watch=true" in query:
                self._watch(query)
                return
            status, value = api.answer(self.command, path, body, self.headers.get("authorization", ""))
            text = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(text)))
            self.end_headers()
            self.wfile.write(text)

        def _watch(self, query: str) -> None:
            api.calls.append(("WATCH", query))
            self.send_response(200)
            self.send_header("content-type", "application/json")
            self.end_headers()
            self.close_connection = True
            seen = int(query.partition("resourceVersion=")[2].partition("&")[0])
            while not ended.is_set() and not api.down:
                with api.changed:
                    if api.version == seen:
                        api.changed.wait(0.2)
                    found, value = api.version, api.object
                try:
                    if found != seen:
                        self.wfile.write(json.dumps({"type": "MODIFIED", "object": value}).encode() + b"\n")
                        self.wfile.flush()
                except OSError:
                    return
                seen = found

        do_GET = do_PUT = do_POST = _serve

    ended = threading.Event()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        ended.set()
        server.shutdown()
        thread.join()
        server.server_close()
