"""Brings a cluster up from inside its namespaces, then keeps watch over its daemons until everything is ended.

1. Containers' runtime, and the images into it, while
2. etcd and the API server start; then controllers and scheduler.
3. Kinds: custom ones are stored before anything that watches them starts.
4. Node: kubelet, services' addresses, names.
5. KubeRay's operator, as a pod like in any cluster.
A report of each step goes to whoever started the cluster; when nobody listens any more before the end, all ends.
`plan.json` in the cluster's folder says which programs, images and kinds.
"""

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.harness.forward import Forward, dial_here
from tests.cluster.harness.places import ClusterError
from tests.cluster.images.store import keep
from tests.cluster.inside import settings

HOME: Final = Path(settings.HOME)
#: A start that takes longer hangs; on a busy machine it takes three times as long as on an idle one. In seconds.
PATIENCE: Final = 240.0
_PAUSE: Final = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start, all paths as outside. `images`: archives with their name and pinned reference.

    `kinds`, `objects`: manifests; `deployments`: namespace and name of those to wait for. `folder`: the cluster's.
    `store`: where containerd's store with these images is kept; the cluster has it already when it is there.
    """

    programs: dict[str, str]
    images: tuple[tuple[str, str, str], ...]
    kinds: tuple[str, ...]
    objects: tuple[str, ...]
    deployments: tuple[tuple[str, str], ...]
    folder: str
    store: str

    def write(self, target: Path) -> None:
        """Store it for the other side."""
        content = {name: getattr(self, name) for name in self.__slots__}
        target.write_text(json.dumps(content), encoding="utf-8")

    @classmethod
    def read(cls, source: Path) -> "Plan":
        """What `write` stored."""
        content = json.loads(source.read_text(encoding="utf-8"))
        return cls(
            programs=content["programs"],
            images=tuple(tuple(image) for image in content["images"]),
            kinds=tuple(content["kinds"]),
            objects=tuple(content["objects"]),
            deployments=tuple(tuple(deployment) for deployment in content["deployments"]),
            folder=content["folder"],
            store=content["store"],
        )


class Daemons:
    """The daemons of this cluster: started once, never restarted; an end before the cluster's is news."""

    def __init__(self) -> None:
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._lock = threading.Lock()

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start one; what it says goes to its log."""
        environment = {
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            "HOME": str(HOME / "home"),
            "TMPDIR": str(HOME / "tmp"),
        }
        with (HOME / "log" / name).open("ab") as log:
            process = subprocess.Popen(
                list(command), stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=HOME, env=environment
            )
        with self._lock:
            self._running[name] = process

    def stop(self, name: str) -> None:
        """End one in order, and forget it."""
        with self._lock:
            process = self._running.pop(name)
        process.terminate()
        process.wait(timeout=PATIENCE)

    def ended(self) -> dict[str, int]:
        """Daemons that run no more, with their exit status."""
        with self._lock:
            statuses = {name: process.poll() for name, process in self._running.items()}
        return {name: status for name, status in statuses.items() if status is not None}

    def wait(self, what: str, check: Callable[[], bool], patience: float = PATIENCE) -> None:
        """Wait until `check` holds. Raises: ClusterError at once when a daemon ends, or when patience does."""
        until = time.monotonic() + patience
        while not check():
            if ended := self.ended():
                name = next(iter(ended))
                raise ClusterError(
                    f"{name} ended with status {ended[name]} while waiting for {what}: {last_lines(name)}"
                )
            if time.monotonic() > until:
                raise ClusterError(f"{what} took more than {patience:.0f} s")
            time.sleep(_PAUSE)


class Report:
    """Lines of JSON for whoever waits outside."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._started = time.monotonic()
        self._lock = threading.Lock()

    def say(self, step: str) -> None:
        """Tell that a step is done. Raises: BrokenPipeError when nobody is there any more."""
        self._write({"step": step, "seconds": round(time.monotonic() - self._started, 1)})

    def finish(self, error: str = "") -> None:
        """Tell the outcome; nothing is said after this."""
        self._write({"failed": error} if error else {"ready": True})
        os.close(self._descriptor)

    def _write(self, message: dict[str, object]) -> None:
        with self._lock:
            os.write(self._descriptor, json.dumps(message).encode() + b"\n")


def main(listening: int, report_descriptor: int) -> int:
    """Bring the cluster up and stay; return only when it could not be brought up."""
    report = Report(report_descriptor)
    daemons = Daemons()
    plan = Plan.read(HOME / "plan.json")
    try:
        bring_up(plan, daemons, report, listening)
    except BrokenPipeError:
        return 1
    except Exception as problem:  # noqa: BLE001  the other side shows it; here nobody reads
        report.finish(f"{type(problem).__name__}: {problem}")
        return 1
    report.finish()
    while True:
        time.sleep(1)
        (HOME / "ended.json").write_text(json.dumps(daemons.ended()), encoding="utf-8")


def bring_up(plan: Plan, daemons: Daemons, report: Report, listening: int) -> None:
    """Start everything in order. Raises: ClusterError."""
    with ThreadPoolExecutor(max_workers=1) as aside:
        images = aside.submit(_start_runtime, plan, daemons, report)
        daemons.start("etcd", settings.etcd())
        daemons.start("apiserver", settings.api_server(plan.programs["kube-apiserver"]))
        kubectl = Kubectl(plan.programs["kubectl"])
        daemons.wait("the API server", lambda: kubectl.succeeds("get", "--raw", "/readyz"))
        Forward(socket.socket(fileno=listening), dial_here(("127.0.0.1", settings.API_PORT))).start()
        report.say("API server answers")
        daemons.start("controllers", settings.controllers(plan.programs["kube-controller-manager"]))
        daemons.start("scheduler", settings.scheduler(plan.programs["kube-scheduler"]))
        kubectl.apply(plan.kinds)
        report.say(f"{len(plan.kinds)} files of custom kinds applied")
        images.result()
    daemons.start("kubelet", settings.kubelet(plan.programs["kubelet"]))
    daemons.start("proxy", settings.proxy(plan.programs["kube-proxy"]))
    daemons.start("dns", settings.dns(plan.programs["coredns"]))
    ready = ("get", "node", settings.NODE, "-o", 'jsonpath={.status.conditions[?(@.type=="Ready")].status}')
    daemons.wait("the node", lambda: kubectl.output(*ready) == "True")
    daemons.wait("the default service account", lambda: kubectl.succeeds("get", "serviceaccount", "default"))
    report.say("node is ready")
    kubectl.apply(plan.objects)
    for namespace, name in plan.deployments:
        available = ("-n", namespace, "get", "deployment", name, "-o", "jsonpath={.status.availableReplicas}")
        daemons.wait(f"deployment {name}", lambda query=available: kubectl.output(*query) not in ("", "0"))  # type: ignore[misc]
        report.say(f"{name} is available")


def _start_runtime(plan: Plan, daemons: Daemons, report: Report) -> None:
    ctr = ("ctr", f"--address={settings.CONTAINERD_SOCKET}", "--namespace=k8s.io")

    def start() -> None:
        daemons.start("containerd", settings.containerd())
        asked = (*ctr, "version")
        daemons.wait("containerd", lambda: subprocess.run(asked, capture_output=True, check=False).returncode == 0)

    start()
    if Path(plan.store).is_dir():
        report.say("images are there")
        return
    for archive, name, pinned in plan.images:
        _run([*ctr, "images", "import", archive])
        # Pods name images by digest; kubelet finds one that is there only under the very name it asks for.
        _run([*ctr, "images", "tag", "--force", name, pinned])
        report.say(f"image {name} imported")
    daemons.stop("containerd")
    # Not by way of HOME: that is another mount, across which nothing can be linked.
    keep(Path(plan.folder, "containerd"), Path(plan.store))
    start()


class Kubectl:
    """kubectl as administrator, from inside."""

    def __init__(self, program: str) -> None:
        self._command = (program, f"--kubeconfig={HOME / 'admin.kubeconfig'}", f"--cache-dir={HOME / 'home'}")

    def output(self, *arguments: str) -> str:
        """What it prints, and nothing when it fails."""
        done = subprocess.run([*self._command, *arguments], capture_output=True, text=True, check=False, timeout=60)
        return done.stdout if done.returncode == 0 else ""

    def succeeds(self, *arguments: str) -> bool:
        """Whether it does."""
        done = subprocess.run([*self._command, *arguments], capture_output=True, check=False, timeout=60)
        return done.returncode == 0

    def apply(self, manifests: Sequence[str]) -> None:
        """Server-side: KubeRay's kinds are larger than what client-side apply can remember of them."""
        if manifests:
            files = [f"--filename={manifest}" for manifest in manifests]
            _run([*self._command, "apply", "--server-side", "--field-manager=test-cluster", *files])


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(list(command), capture_output=True, text=True, check=False, timeout=PATIENCE)
    if done.returncode != 0:
        raise ClusterError(f"{Path(command[0]).name} failed: {done.stderr.strip()[-1000:]}")


def last_lines(name: str, size: int = 1500) -> str:
    """The end of a daemon's log."""
    text = (HOME / "log" / name).read_text(encoding="utf-8", errors="replace")
    return text[-size:].strip()
