"""A tenant's gateway for verbs: pods in the simulated cluster, and behind their port a small HTTPS server on loopback.

It bears the certificate that `apply` has made, and knows sessions by token, and what it was asked.
"""

import base64
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rayfence.cli.entry import rayfence
from tests.sim.kubernetes.door import ONE_TENANT, applied_stand, spec
from tests.sim.kubernetes.pods import SimPods
from tests.sim.kubernetes.stand import Stand

HOME = "vision-gateway"
RUNNER = "token of vision/runner for rayfence:research:vision:clients"


@dataclass
class SimDoor:
    """The gateway's end. `subjects`: tokens of the cluster to who is proven by them; `asked`: (method, host, path)."""

    stand: Stand
    spec: Path
    subjects: dict[str, str] = field(default_factory=lambda: {RUNNER: "system:serviceaccount:vision:runner"})
    sessions: dict[str, str] = field(default_factory=dict)
    asked: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def pods(self) -> SimPods:
        """Pods of the cluster."""
        return self.stand.cluster.pods

    def answer(
        self, method: str, host: str, path: str, bearer: str, body: dict[str, Any]
    ) -> tuple[int, dict[str, Any]]:
        """As the gateway would."""
        self.asked.append((method, host, path))
        ends = int(time.time()) + 3600
        if host.partition(":")[0] not in {f"gateway.{HOME}.svc", f"cluster-train.{HOME}.svc"}:
            return 421, {"error": "unknown_host"}
        if path == "/v1/session":
            subject = self.subjects.get(body.get("cluster_token", ""))
            if subject is None:
                return 401, {"error": "login_failed", "message": "nobody is proven by this"}
            self.sessions[f"session {len(self.sessions)}"] = subject
            return 200, {"session": f"session {len(self.sessions) - 1}", "subject": subject, "expires_at": ends}
        subject = self.sessions.get(bearer)
        if subject is None:
            return 401, {"error": "unauthenticated", "message": "log in"}
        facts = {
            "subject": subject,
            "roles": ["viewer"],
            "rights": [],
            "expires_at": ends,
            "instance": "research-vision",
        }
        if path == "/v1/logout":
            del self.sessions[bearer]
        return 200, {**facts, "token": f"minted {body.get('ttl')} {body.get('role')}"}


def run_verb(*words: str, stdin: str = "") -> Result:
    """One command line, exceptions let through."""
    return CliRunner().invoke(rayfence, list(words), input=stdin, catch_exceptions=False, standalone_mode=False)


def add_pods(stand: Stand, ready: tuple[str, ...] = ("gateway-0", "gateway-1")) -> None:
    """The replicas' pods, as their controller and kubelet would have them."""
    for name in ("gateway-0", "gateway-1"):
        up = name in ready
        state = {"running": {}} if up else {"waiting": {"reason": "ImagePullBackOff"}}
        labels = {"app.kubernetes.io/name": "rayfence-gateway", "rayfence.dev/tenant": "vision"}
        pod: dict[str, Any] = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": HOME, "labels": labels},
            "spec": {"containers": [{"name": "envoy"}], "initContainers": [{"name": "service"}]},
        }
        made = stand.cluster.put(pod)
        made["status"] = {
            "phase": "Running" if up else "Pending",
            "conditions": [{"type": "Ready", "status": "True" if up else "False"}],
            "initContainerStatuses": [{"name": "service", "state": state, "restartCount": 1, "lastState": {}}],
            "containerStatuses": [{"name": "envoy", "state": state, "restartCount": 0, "lastState": {}}],
        }


@contextmanager
def gateway_door(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Iterator[SimDoor]:
    """One applied tenant whose gateway answers; sessions are kept below `folder`."""
    stand = applied_stand(monkeypatch, folder)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(folder / "config"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    door = SimDoor(stand, spec(folder, ONE_TENANT))
    door.pods.accounts.add(("vision", "runner"))
    add_pods(stand)
    with _serving(door, folder) as port:
        door.pods.ports = {(HOME, "gateway-0"): port, (HOME, "gateway-1"): port}
        yield door


@contextmanager
def _serving(door: SimDoor, folder: Path) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Quiet."""

        def _serve(self) -> None:
            text = self.rfile.read(int(self.headers.get("content-length", 0)))
            bearer = self.headers.get("authorization", "").removeprefix("Bearer ")
            body = json.loads(text) if text else {}
            status, value = door.answer(self.command, self.headers.get("host", ""), self.path, bearer, body)
            data = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = _serve

    secret = door.stand.cluster.find(f"Secret {HOME}/gateway-tls")["data"]
    file = folder / "gateway.pem"
    file.write_bytes(base64.b64decode(secret["tls.key"]) + base64.b64decode(secret["tls.crt"]))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
