"""The test cluster as tests and the command line use it: made whole, found again, asked, taken away."""

import os
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from tests.cluster.harness import lifecycle
from tests.cluster.harness.forward import Forward, dial_in, listener
from tests.cluster.harness.places import ClusterError, Place
from tests.cluster.harness.programs import built, module_folder
from tests.cluster.images.archive import Archive
from tests.cluster.images.stock import operator_image, pause_image, ray_image
from tests.cluster.images.store import store_of
from tests.cluster.inside.keeper import Plan
from tests.cluster.inside.settings import CONTAINERD_SOCKET
from tests.cluster.objects import definitions, operator

#: Commands that must exist, and the Debian package that brings each.
TOOLS: Final[Mapping[str, str]] = {
    "containerd": "containerd",
    "ctr": "containerd",
    "runc": "runc",
    "etcd": "etcd-server",
    "ip": "iproute2",
    "iptables": "iptables",
    "nft": "nftables",
    "conntrack": "conntrack",
    "debootstrap": "debootstrap",
    "nsenter": "util-linux",
}
_CNI: Final = Path("/usr/lib/cni/bridge")
_PATH: Final = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"


class Content(StrEnum):
    """How much of a platform a new cluster has."""

    KUBERNETES = "kubernetes"  # alone: no custom kinds
    KINDS = "kinds"  # and KubeRay's kinds and images; a test installs the operator itself
    RAY = "ray"  # and the operator at work


@dataclass(frozen=True, slots=True)
class Cluster:
    """A cluster that runs. `images`: name with tag to the reference by which pods name it, with its digest."""

    place: Place
    kubectl_program: str
    images: Mapping[str, str]

    @property
    def kubeconfig(self) -> Path:
        """For clients on this machine, as administrator."""
        return self.place.kubeconfig

    @property
    def first_process(self) -> int:
        """Number of the first process of the cluster's namespaces. Raises: ClusterError when it ended."""
        process = lifecycle.first_process(self.place)
        if process is None:
            raise ClusterError(f"cluster {self.place.name} has ended", "python -m tests.cluster down, then up")
        return process.pid

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run kubectl as administrator. Raises: ClusterError with what it said, unless `check` is false."""
        command = [self.kubectl_program, f"--kubeconfig={self.kubeconfig}", f"--cache-dir={self.place.folder / 'home'}"]
        done = subprocess.run([*command, *arguments], input=stdin, capture_output=True, text=True, check=False)
        if check and done.returncode != 0:
            raise ClusterError(f"kubectl {' '.join(arguments)}: {done.stderr.strip()[-1500:]}")
        return done

    def inside(self, command: Sequence[str]) -> list[str]:
        """The command as it runs in the cluster's network namespace: it reaches pods, Services and names."""
        return ["nsenter", f"--net=/proc/{self.first_process}/ns/net", *command]

    def forward(self, host: str, port: int) -> Forward:
        """A port of this machine that leads to a pod's or Service's address; use it with `with`."""
        return Forward(listener(), dial_in(f"/proc/{self.first_process}/ns/net", (host, port)))

    def import_image(self, archive: Archive) -> str:
        """Put an image on the node; return the reference by which pods name it."""
        self._ctr("import", str(archive.path))
        self.name_image(archive.name, archive.pinned)
        return archive.pinned

    def name_image(self, existing: str, reference: str) -> None:
        """Give an image that is there one more name, as `registry.example.com/ray/ray@sha256:…` of a manifest."""
        self._ctr("tag", "--force", existing, reference)

    def _ctr(self, *arguments: str) -> None:
        inside = ["nsenter", f"--target={self.first_process}", "--mount", "--pid", "--net"]
        ctr = [*inside, "ctr", f"--address={CONTAINERD_SOCKET}", "--namespace=k8s.io", "images"]
        done = subprocess.run([*ctr, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise ClusterError(f"ctr images {arguments[0]}: {done.stderr.strip()[-1000:]}")


def up(name: str, say: Callable[[str], None], content: Content = Content.RAY, kinds: Sequence[str] = ()) -> Cluster:
    """Start a cluster whole, making first what the cache lacks. `kinds`: sets of custom kinds besides the usual ones.

    Raises: ClusterError; nothing is left running then.
    """
    place = Place(name)
    _require_machine()
    if lifecycle.first_process(place):
        raise ClusterError(f"a cluster named {name} runs already", f"python -m tests.cluster down --name {name}")
    programs = built(say)
    images = [pause_image(programs["pause"])]
    if content is not Content.KUBERNETES:
        images += [operator_image(programs["ray-operator"]), ray_image(say)]
        kinds = (*_usual(kinds), *kinds)
    install = content is Content.RAY

    def plan(folder: Path) -> Plan:
        """What to start; manifests that must be made are written into the cluster's folder."""
        return Plan(
            programs={key: str(path) for key, path in programs.items()},
            images=tuple((str(image.path), image.name, image.pinned) for image in images),
            kinds=tuple(path for kind in kinds for path in definitions.manifests(kind, folder)),
            objects=(_operator_manifest(images[1].pinned, folder),) if install else (),
            deployments=((operator.NAMESPACE, operator.NAME),) if install else (),
            folder=str(folder),
            store=str(store_of(images)),
        )

    lifecycle.start(place, plan, say)
    return _found(place)


def _usual(kinds: Sequence[str]) -> tuple[str, ...]:
    """The usual sets; one of KubeRay's takes the place of another."""
    own = any(kind.startswith("kuberay") for kind in kinds)
    return tuple(kind for kind in definitions.USUAL if not (own and kind == "kuberay"))


def running(name: str) -> Cluster | None:
    """The cluster of this name if it runs whole."""
    place = Place(name)
    return _found(place) if lifecycle.is_ready(place) else None


def _found(place: Place) -> Cluster:
    plan = Plan.read(place.plan)
    return Cluster(place, plan.programs["kubectl"], {name: pinned for _, name, pinned in plan.images})


def _operator_manifest(image: str, folder: Path) -> str:
    config = module_folder("definitions", definitions.PUBLISHED["kuberay"][0]) / "config"
    target = folder / "operator.json"
    target.write_text(operator.as_list(operator.operator_objects(config, image)), encoding="utf-8")
    return str(target)


def down(name: str) -> bool:
    """Take a cluster away, in whatever state it is; True when there was one. Raises: ClusterError."""
    return lifecycle.stop(Place(name))


def missing_packages() -> tuple[str, ...]:
    """Debian packages that this machine lacks."""
    lacking = {package for command, package in TOOLS.items() if shutil.which(command, path=_PATH) is None}
    if not _CNI.exists():
        lacking.add("containernetworking-plugins")
    return tuple(sorted(lacking))


def _require_machine() -> None:
    if os.geteuid() != 0:
        raise ClusterError("a test cluster needs root: it makes namespaces and control groups", "use sudo")
    lacking = missing_packages()
    if lacking:
        raise ClusterError(f"Debian packages are missing: {', '.join(lacking)}", f"apt-get install {' '.join(lacking)}")
