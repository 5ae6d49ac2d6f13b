"""One walled Ray of two nodes under the real keeper, with certificates and token of our own making; no gateway.

Everything that `up` would do for Ray and nothing else, so that a failure here is Ray's, the walls' or the keeper's.
"""

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rayfence.adapters.net import ports
from rayfence.adapters.processes import keeper_control, process_table, walls
from rayfence.adapters.processes.accounts import pick_ray_uid
from rayfence.adapters.processes.process_table import Ident
from rayfence.adapters.processes.state_file import KeeperStatus
from rayfence.adapters.tls import authority, leaf, secrets
from rayfence.model.desired import (
    Account,
    AuthorityRequest,
    CertificateRequest,
    ProcessSpec,
    ReadinessProbe,
    Sandbox,
    SecretKind,
    SecretRequest,
)
from rayfence.model.host import HeadPorts, NodePorts
from rayfence.model.process_file import processes_to_json
from rayfence.render.ray.node import NodeFiles, head_flags, node_environment, worker_flags

HEAD, WORKER, GUARD = "ray-head", "ray-worker", "guard"
NAMES = (GUARD, HEAD, WORKER)
OBJECT_STORE = 100_000_000
READY_SECONDS = 240  # of a start on a busy machine; bounds of restarts are the tests' own


@dataclass(frozen=True)
class RayInstance:
    """Folders, ports and specs of one instance."""

    root: Path
    uid: int | None
    head: HeadPorts
    nodes: tuple[NodePorts, NodePorts]

    @property
    def state(self) -> Path:
        """Ours; hidden from Ray."""
        return self.root / "s"

    @property
    def runtime(self) -> str:
        """The keeper's."""
        return str(self.root / "g")

    @property
    def ray(self) -> Path:
        """Ray's account's."""
        return self.root / "r"

    @property
    def token(self) -> str:
        """Ray's token, our copy."""
        return (self.state / "token").read_text(encoding="ascii")

    def owner(self, account: Account) -> tuple[int, int]:
        """Ray's folder belongs to Ray's account."""
        if account is Account.RAY and self.uid is not None:
            return self.uid, self.uid
        return os.geteuid(), os.getegid()

    def status(self) -> KeeperStatus:
        """Now."""
        return keeper_control.read_status(self.runtime)

    def pid(self, name: str) -> int:
        """Outermost process of one part."""
        item = self.status().process(name)
        assert item is not None
        return item.pid

    def start(self) -> KeeperStatus:
        """Start or repair, and wait."""
        keeper_control.start_keeper(f"{self.runtime}/processes.json", self.runtime)
        return keeper_control.wait_ready(self.runtime, NAMES, READY_SECONDS)

    def program(self, part: str, words: str) -> Ident:
        """The process of a part whose command line holds `words`."""
        for row in process_table.descendants([self.pid(part)]):
            command = Path(f"/proc/{row.ident.pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if words in command and "sandbox.py" not in command and "adapters.ray.node" not in command:
                return row.ident
        raise AssertionError(f"{part} has no process {words}")

    def everything(self) -> set[Ident]:
        """Every process of the instance."""
        roots = [item.pid for item in self.status().processes if item.pid]
        return {row.ident for row in process_table.descendants(roots)}


def promised(seconds: float) -> float:
    """A promised time, stretched on a machine that has more to do than it can: the promise is for one that can."""
    return seconds * max(1.0, os.getloadavg()[0] / (os.cpu_count() or 1))


def wait_until(condition: Callable[[], object], seconds: float, what: str) -> float:
    """Wait for something that must happen; returns the seconds it took."""
    began = time.monotonic()
    while not condition():
        assert time.monotonic() - began < seconds, f"{what} took more than {seconds} s"
        time.sleep(0.05)
    return time.monotonic() - began


def make(root: Path) -> RayInstance:
    """Everything on disk; nothing started. `root` must be short: Ray's socket paths end at 107 bytes."""
    chosen = ports.free_ports(6 + 2 * 6)
    first = ports.free_range(80, exclude=chosen)
    nodes = (_ports(chosen[6:12], first), _ports(chosen[12:18], first + 40))
    instance = RayInstance(root, pick_ray_uid(root.name), HeadPorts(*chosen[:6]), nodes)
    _folders(instance)
    _secrets(instance)
    content = processes_to_json((_guard(instance), _node(instance, HEAD), _node(instance, WORKER)))
    Path(instance.runtime, "processes.json").write_text(content, encoding="utf-8")
    return instance


def _ports(fixed: tuple[int, ...], first: int) -> NodePorts:
    manager, objects, http, grpc, environments, metrics = fixed
    return NodePorts(manager, objects, http, grpc, environments, metrics, first, first + 39)


def certificate_request(instance: RayInstance, name: str) -> CertificateRequest:
    """Leaf of one node."""
    return CertificateRequest(
        name=name,
        authority="nodes",
        certificate=str(instance.ray / f"{name}.crt"),
        key=str(instance.ray / f"{name}.key"),
        dns=("localhost",),
        ips=("127.0.0.1",),
        server=True,
        client=True,
        lifetime_hours=24,
        renew_before_hours=1,
        account=Account.RAY,
    )


def authority_request(instance: RayInstance) -> AuthorityRequest:
    """Authority of the nodes."""
    copies = ((str(instance.ray / "ca.pem"), Account.RAY),)
    return AuthorityRequest("nodes", str(instance.state), "test nodes", 30, copies)


def _folders(instance: RayInstance) -> None:
    instance.root.chmod(0o755)
    for name in ("s", "g"):
        (instance.root / name).mkdir(mode=0o700)
    for name in ("r", "r/s", "r/home", "r/tmp"):
        (instance.root / name).mkdir(mode=0o700)
        os.chown(instance.root / name, *instance.owner(Account.RAY))


def _secrets(instance: RayInstance) -> None:
    copies = ((str(instance.ray / "token"), Account.RAY),)
    request = SecretRequest("token", SecretKind.RAY_TOKEN, str(instance.state / "token"), copies=copies)
    secrets.ensure_secret(request, instance.owner)
    authority.make_authority(authority_request(instance), instance.owner)
    for name in (HEAD, WORKER):
        leaf.issue(certificate_request(instance, name), authority_request(instance), instance.owner)


def _guard(instance: RayInstance) -> ProcessSpec:
    """Stands for the gateway: a process of ours that jobs must not reach."""
    argv = (sys.executable, "-I", "-c", "import time; time.sleep(100000)")
    probe = ReadinessProbe("alive", 10)
    log = f"{instance.runtime}/guard.log"
    return ProcessSpec(GUARD, argv, (("SECRET", "guarded"),), Account.OPERATOR, "/", log, None, probe)


def _node(instance: RayInstance, name: str) -> ProcessSpec:
    is_head = name == HEAD
    q, node = instance.ray, instance.nodes[0 if is_head else 1]
    request = certificate_request(instance, name)
    files = NodeFiles(f"{q}/s", f"{q}/token", f"{q}/ca.pem", request.certificate, request.key, f"{q}/home")
    if is_head:
        flags = head_flags(instance.head, node, files, 1, OBJECT_STORE)
    else:
        flags = worker_flags(instance.head, node, 1, OBJECT_STORE)
    own = [f"--role={name.removeprefix('ray-')}", "--version=2.60.0", f"--marker={q}/{name}.started"]
    if not is_head:
        own.append(f"--leader-marker={q}/{HEAD}.started")
    facts = (
        ("dashboard", str(instance.head.dashboard)),
        ("token", str(instance.state / "token")),
        ("marker", f"{q}/{name}.started"),
        ("gcs", str(instance.head.gcs)),
        ("certificate", request.certificate),
        ("key", request.key),
        ("ca", f"{instance.state}/ca.pem"),
    )
    path = f"{Path(sys.executable).parent}:/usr/bin:/bin"
    return ProcessSpec(
        name=name,
        argv=(sys.executable, "-I", "-m", "rayfence.adapters.ray.node", *own, "--start-timeout=200", "--", *flags),
        env=node_environment(instance.head, files, path, "ray"),
        account=Account.RAY,
        cwd=f"{q}/home",
        log=f"{instance.runtime}/{name}.log",
        sandbox=_walls(instance),
        readiness=ReadinessProbe(f"ray-{own[0].removeprefix('--role=')}", 200, facts),
        restart_with=() if is_head else (HEAD,),
        listens=(*(instance.head.all() if is_head else ()), *node.fixed()),
        stop_seconds=15,
    )


def _walls(instance: RayInstance) -> Sandbox:
    q = instance.ray
    hide = (str(instance.state), instance.runtime)
    return Sandbox(instance.uid, hide, walls.exposures(), f"{q}/tmp", True, (str(q),))
