"""Attacks on Ray that were published, as their authors wrote them, and their obvious variants.

Sources: CVE-2023-48022 (ShadowRay), CVE-2023-48023 (log_proxy), CVE-2023-6019/-6020/-6021 and CVE-2026-32981
(traversal, profiling), CVE-2025-62593 (DNS rebinding), CVE-2026-27482 (DELETE without identity), ray#62531 (profiling
by rebinding).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from rayfence.model.routes import Role, Surface
from rayfence.model.wire import Fields
from rayfence.verify.attack import UNAUTHENTICATED, Attack, Expect
from rayfence.verify.scene import EVERY_RIGHT, Scene
from rayfence.verify.tokens.target import control as version_control

GROUP: Final = "published attacks"
#: The gateway may say that it knows no such route, or that it is open to nobody.
_CLOSED: Final = Expect(frozenset({400, 403, 404}))
_MISDIRECTED: Final = Expect(frozenset({421}))
_FOREIGN: Final = Expect(frozenset({403}))
_PASSWD: Final = ("root:x:", "root:*:", "daemon:")
#: First bytes of files whose names are guessed; any of them in an answer is the file.
_NO_FILE: Final = Expect(frozenset(), refused=False, hides=(*_PASSWD, "BEGIN PRIVATE KEY", "BEGIN EC PRIVATE KEY"))
_SHELL: Final = b'{"entrypoint":"true # rayfence-verify-attack"}'  # harmless, should it ever run

#: A body no deletion takes: should the role check fail, the size check still saves the applications that run.
_STOPPER: Final = b"{}"

#: Paths that older Rays, or lists about them, name; this Ray has none of them.
ABSENT: Final = (
    ("GET", "/log_proxy?url=http://169.254.169.254/latest/meta-data/", "CVE-2023-48023"),
    ("GET", "/log_proxy?url=http%3A%2F%2F127.0.0.1%3A6379%2F", "CVE-2023-48023"),
    ("GET", "/logs", ""),
    ("GET", "/logs/gcs_server.out", ""),
    ("GET", "/kill_actor?actor_id=00", ""),
    ("GET", "/api/actors/kill?actor_id=00&force_kill=true", ""),
    ("GET", "/api/actors", ""),
    ("GET", "/api/snapshot", ""),
    ("POST", "/api/job_agent/jobs/", "CVE-2023-48022"),
    ("DELETE", "/api/job_agent/jobs/raysubmit_1", "CVE-2026-27482"),
    ("GET", "/api/launch_profiling", ""),
    ("GET", "/ray/api/version", ""),
    ("POST", "/get_or_create_runtime_env", ""),
    ("GET", "/api/grafana/api/datasources", ""),
    ("GET", "/proxy?url=http://169.254.169.254/", ""),
    ("GET", "/metrics", ""),
    ("GET", "/config_dump", ""),
    ("POST", "/quitquitquit", ""),
    ("TRACE", "/api/version", ""),
    ("CONNECT", "169.254.169.254:80", ""),
    ("OPTIONS", "/api/jobs/", ""),
    ("PATCH", "/api/jobs/", ""),
    ("PROPFIND", "/", ""),
)
#: `..` and its disguises, below /static and where logs are named.
TRAVERSALS: Final = (
    ("/static/../../../../../../etc/passwd", "CVE-2023-6020"),
    ("/static/js/../../../../../../etc/passwd", "CVE-2023-6020"),
    ("/static/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "CVE-2026-32981"),
    ("/static/..%2f..%2f..%2f..%2fetc%2fpasswd", "CVE-2026-32981"),
    ("/static/%252e%252e%252f%252e%252e%252fetc%252fpasswd", "CVE-2026-32981"),
    ("/static/..%5c..%5c..%5cetc%5cpasswd", "CVE-2026-32981"),
    ("/static/..\\..\\..\\etc\\passwd", "CVE-2026-32981"),
    ("/static/....//....//....//etc/passwd", "CVE-2026-32981"),
    ("/static/..;/..;/..;/etc/passwd", "CVE-2026-32981"),
    ("/static/%c0%ae%c0%ae/%c0%ae%c0%ae/etc/passwd", "CVE-2026-32981"),
    ("/static//etc/passwd", "CVE-2023-6020"),
    ("/static/%00/etc/passwd", "CVE-2023-6020"),
    ("/static/js/%2e%2e%2f%2e%2e%2f/etc/passwd", "CVE-2026-32981"),
    ("/api/v0/logs/file?node_ip=127.0.0.1&filename=../../../../../../etc/passwd", "CVE-2023-6021"),
    ("/api/v0/logs/file?node_ip=127.0.0.1&filename=%2e%2e%2f%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd", "CVE-2023-6021"),
    ("/api/v0/logs/file?node_ip=127.0.0.1&filename=/etc/passwd", "CVE-2023-6021"),
    ("/api/v0/logs/file?node_ip=127.0.0.1&filename=..%252f..%252f..%252fetc%252fpasswd", "CVE-2023-6021"),
    ("/api/v0/logs?node_ip=127.0.0.1&glob=../../../../../etc/*", "CVE-2023-6021"),
    ("/api/v0/logs?node_ip=127.0.0.1&glob=/etc/pass*", "CVE-2023-6021"),
)  # fmt: skip


def published_attacks(scene: Scene) -> tuple[Attack, ...]:
    """All of them."""
    return (
        *_anonymous(scene),
        *_rebinding(scene),
        *_cross_site(scene),
        *_absent(scene),
        *_traversal(scene),
        *_profiling(scene),
        *_server_side(scene),
    )


def _anonymous(scene: Scene) -> Iterator[Attack]:
    """ShadowRay and what followed: no identity, or one that is made up."""
    submitted = scene.control(
        "submit", "POST", "/api/jobs/", role=Role.SUBMITTER, body=_SHELL, says=("submission_id",), seconds=30
    )
    operated = scene.control("operate", "GET", "/api/jobs/", role=Role.OPERATOR)
    rows: tuple[tuple[str, str, str, Fields, bytes, str], ...] = (
        ("shadowray", "POST", "/api/jobs/", (), _SHELL, "CVE-2023-48022"),
        ("shadowray-curl", "POST", "/api/jobs/", (("User-Agent", "curl/8.0"),), _SHELL, "CVE-2023-48022"),
        ("shadowray-mozilla", "POST", "/api/jobs/", (("User-Agent", "Mozilla/5.0"),), _SHELL, "CVE-2025-62593"),
        ("shadowray-text", "POST", "/api/jobs/", (("Content-Type", "text/plain"),), _SHELL, "CVE-2025-62593"),
        ("delete-job", "DELETE", "/api/jobs/raysubmit_1", (), b"", "CVE-2026-27482"),
        ("delete-serve", "DELETE", "/api/serve/applications/", (), _STOPPER, "CVE-2026-27482"),
        ("stop-job", "POST", "/api/jobs/raysubmit_1/stop", (), b"", "CVE-2026-27482"),
        ("authenticate", "POST", "/api/authenticate", (("Authorization", f"Bearer {scene.ray_token}"),), b"", ""),
        ("agent-submit", "POST", "/api/job_agent/jobs/", (), _SHELL, "CVE-2023-48022"),
    )
    for name, method, target, headers, body, source in rows:
        shot = scene.request(method, target, headers, body)
        refused = Expect(frozenset({401, 403, 404}))
        right = submitted if body == _SHELL else operated
        yield Attack(f"published.{name}", GROUP, f"{method} {target} by nobody", (shot,), refused, right, source)


def _rebinding(scene: Scene) -> Iterator[Attack]:
    """A page that made its own name point here: the browser sends its Host, and may even know a token."""
    right = version_control(scene)
    port = scene.settings.port
    names = {
        "attacker": f"attacker.example:{port}",
        "attacker-no-port": "attacker.example",
        "suffix": f"localhost.attacker.example:{port}",
        "prefix": f"attacker-localhost:{port}",
        "subdomain": f"x.localhost:{port}",
        "dot": f"localhost.:{port}",
        "user": f"localhost@attacker.example:{port}",
        "zero": f"0.0.0.0:{port}",
        "any-v6": f"[::]:{port}",
        "other-loopback": f"127.0.0.2:{port}",
        "decimal": f"2130706433:{port}",
        "nip": f"127.0.0.1.nip.io:{port}",
        "ray-port": f"127.0.0.1.attacker.example:{scene.settings.ray_dashboard_port}",
        "dashboard-of-another": f"dashboard.other.localhost:{port}",
        "empty": "",
    }
    token = scene.token("rebinding", role=Role.ADMIN, rights=EVERY_RIGHT)
    refused = Expect(frozenset({400, 421}))
    for name, host in names.items():
        shot = scene.request("POST", "/api/jobs/", (), _SHELL, token=token)
        headers = tuple((key, host if key == "Host" else value) for key, value in shot.headers)
        shot = replace(shot, headers=headers)
        yield Attack(
            f"rebinding.{name}", GROUP, f"a right token under Host {host!r}", (shot,),
            refused if name in ("empty", "user") else _MISDIRECTED, right, "CVE-2025-62593",
        )  # fmt: skip
    shot = scene.request("GET", "/", (), surface=Surface.API, host=f"attacker.example:{port}")
    yield Attack("rebinding.page", GROUP, "a page under a rebound name", (shot,), _MISDIRECTED, right, "CVE-2025-62593")


def _cross_site(scene: Scene) -> Iterator[Attack]:
    """Another site's page writes with the user's own token or cookie."""
    own = (("Origin", scene.origin(Surface.API)),)
    right = scene.control(
        "submit-own-origin", "POST", "/api/jobs/", role=Role.SUBMITTER, headers=own, body=b"{}",
        statuses=frozenset({400, 422}),
    )  # fmt: skip
    token = scene.token("cross-site", role=Role.ADMIN, rights=EVERY_RIGHT)
    origins = {
        "attacker": "https://attacker.example",
        "null": "null",
        "http": f"http://localhost:{scene.settings.port}",
        "port": f"https://localhost:{scene.settings.port + 1}",
        "suffix": f"https://localhost.attacker.example:{scene.settings.port}",
        "dashboard": scene.origin(Surface.DASHBOARD),
        "empty": "",
        "ray": f"http://127.0.0.1:{scene.settings.ray_dashboard_port}",
    }
    for name, origin in origins.items():
        shot = scene.request("POST", "/api/jobs/", (("Origin", origin),), _SHELL, token=token)
        yield Attack(f"cross-site.{name}", GROUP, f"a write from Origin {origin!r}", (shot,), _FOREIGN, right)
    for method, target in (("PUT", "/api/serve/applications/"), ("DELETE", "/api/serve/applications/")):
        shot = scene.request(method, target, (("Origin", "https://attacker.example"),), _STOPPER, token=token)
        title = f"{method} {target} from another site"
        yield Attack(f"cross-site.serve-{method.lower()}", GROUP, title, (shot,), _FOREIGN, right, "CVE-2026-27482")
    admin = scene.token("cross-login", surface=Surface.LOGIN, role=Role.ADMIN)
    body = b'{"name":"x","password":"x","role":"admin"}'
    shot = scene.request(
        "POST", "/v1/users", (("Origin", scene.origin(Surface.DASHBOARD)),), body, surface=Surface.LOGIN, token=admin
    )
    title = "a new administrator, asked for by the dashboard's page"
    yield Attack("cross-site.users", GROUP, title, (shot,), _FOREIGN, right)


def _absent(scene: Scene) -> Iterator[Attack]:
    """What Ray lacks must be refused by the gateway: shown by its own words, not by Ray's 404."""
    admin = scene.token("absent", role=Role.ADMIN, rights=EVERY_RIGHT)
    refused = Expect(frozenset({400, 403, 404, 405, 501}))
    for method, target, source in ABSENT:
        shot = scene.request(method, target, (), b"", token=admin)
        path = target.split("?")[0].strip("/").replace("/", "-") or "root"
        name = f"absent.{method.lower()}-{path}{'-encoded' if '%3A' in target else ''}"
        yield Attack(
            name, GROUP, f"{method} {target} by an administrator", (shot,), refused, version_control(scene), source
        )


def _traversal(scene: Scene) -> Iterator[Attack]:
    page = scene.control("page-index", "GET", "/", says=("<html",))
    operator = scene.token("traversal", role=Role.OPERATOR)
    submitter = scene.token("traversal-low", role=Role.SUBMITTER)
    for number, (target, source) in enumerate(TRAVERSALS):
        shot = scene.request("GET", target, token=operator)
        yield Attack(f"traversal.{number:02}", GROUP, f"{target} by an operator", (shot,), _NO_FILE, page, source)
        shot = scene.request("GET", target)
        refused = Expect(frozenset({400, 401}), hides=_PASSWD)
        yield Attack(f"traversal.{number:02}-nobody", GROUP, f"{target} by nobody", (shot,), refused, page, source)
        if target.startswith("/api/v0/logs/"):
            shot = scene.request("GET", target, token=submitter)
            yield Attack(
                f"traversal.{number:02}-submitter", GROUP, f"{target} by a submitter", (shot,), _CLOSED, page, source
            )


def _profiling(scene: Scene) -> Iterator[Attack]:
    """Profilers take a pid and a format, once handed to a shell."""
    query = "pid=1&ip=127.0.0.1&node_id=00&native=0&duration=1&format=`id`"
    right = scene.control(
        "profile", "GET", f"/worker/traceback?{query}", role=Role.OPERATOR, statuses=frozenset(), seconds=10
    )
    token = scene.token("profiling", role=Role.SUBMITTER, rights=EVERY_RIGHT)
    for path in (
        "/worker/traceback", "/worker/cpu_profile", "/worker/gpu_profile", "/worker/jax_profile", "/task/traceback",
        "/task/cpu_profile", "/memory_profile",
    ):  # fmt: skip
        name = path.strip("/").replace("/", "-")
        shot = scene.request("GET", f"{path}?{query}", token=token)
        yield Attack(
            f"profiling.{name}", GROUP, f"GET {path} by a submitter", (shot,), _FOREIGN, right, "CVE-2023-6019"
        )
        shot = scene.request("GET", f"{path}?{query}")
        title = f"GET {path} by nobody"
        yield Attack(f"profiling.{name}-nobody", GROUP, title, (shot,), UNAUTHENTICATED, right, "ray#62531")


def _server_side(scene: Scene) -> Iterator[Attack]:
    """Serve's published prefix must not become a proxy to elsewhere."""
    right = version_control(scene)
    caller = scene.token("serve-ssrf", rights=EVERY_RIGHT)
    # An application may answer whatever it likes; it must not be Ray's dashboard that does.
    expect = Expect(frozenset(), refused=False, hides=("ray_version", *_PASSWD))
    prefix = scene.settings.serve_prefix
    targets = {
        "dashboard": f"{prefix}../api/version",
        "encoded": f"{prefix}%2e%2e/api/version",
        "slash": f"{prefix}..%2fapi%2fversion",
        "absolute": f"{prefix}http://127.0.0.1:{scene.settings.ray_dashboard_port}/api/version",
        "authority": f"{prefix}@127.0.0.1:{scene.settings.ray_dashboard_port}/api/version",
    }
    for name, target in targets.items():
        token = scene.token("serve-none", role=None, rights=EVERY_RIGHT) if name in ("dashboard", "encoded") else caller
        shot = scene.request("GET", target, token=token)
        yield Attack(f"ssrf.serve-{name}", GROUP, f"GET {target}", (shot,), expect, right, "CVE-2023-48023")
