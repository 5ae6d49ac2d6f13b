"""Kubernetes, CoreDNS and the KubeRay operator, built from pinned Go modules into the user's cache.

`tests/cluster/programs/*/go.mod` and `go.sum` pin versions and content. A group is built once for its go.mod, go.sum,
sources, flags and compiler; a half-finished build is never taken for a whole one.
"""

import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.cluster.harness.places import ROOT, ClusterError, cache, key_of

SOURCES: Final = ROOT / "tests" / "cluster" / "programs"
#: go.mod says the same; said here as well so that an older compiler gets a sentence, not a download.
OLDEST_GO: Final = (1, 26)
KUBERNETES: Final = "1.36.3"
_VERSION: Final = "k8s.io/component-base/version"


@dataclass(frozen=True, slots=True)
class Group:
    """Programs of one Go module. `packages`: import path to file name. `static`: runs in an empty image."""

    name: str
    packages: tuple[tuple[str, str], ...]
    stamps: tuple[tuple[str, str], ...] = ()
    static: bool = False

    @property
    def flags(self) -> tuple[str, ...]:
        """What `go build` is called with. Stamps are variables that upstream's release build sets."""
        stamps = "".join(f" -X {name}={value}" for name, value in self.stamps)
        return ("-trimpath", "-buildvcs=false", "-ldflags", f"-s -w{stamps}")

    def ingredients(self) -> list[bytes]:
        """Everything that a build of this group depends on, but for the compiler."""
        files = sorted(path for path in (SOURCES / self.name).rglob("*") if path.is_file())
        return [*(path.name.encode() + b"\0" + path.read_bytes() for path in files), repr(self).encode()]


#: Smallest first: whoever waits sees progress. The API server alone takes minutes.
GROUPS: Final = (
    Group("pause", (("rayfence.dev/tests/cluster/pause", "pause"),), static=True),
    Group(
        "kubernetes",
        tuple(
            (f"k8s.io/kubernetes/cmd/{name}", name)
            for name in (
                "kube-apiserver",
                "kube-controller-manager",
                "kube-scheduler",
                "kubelet",
                "kube-proxy",
                "kubectl",
            )
        ),
        # Without a version of its own the server says v0.0.0-master+$Format, which clients can't parse.
        (
            (f"{_VERSION}.gitVersion", f"v{KUBERNETES}"),
            (f"{_VERSION}.gitMajor", KUBERNETES.split(".")[0]),
            (f"{_VERSION}.gitMinor", KUBERNETES.split(".")[1]),
        ),
    ),
    Group("kuberay", (("github.com/ray-project/kuberay/ray-operator", "ray-operator"),), static=True),
    Group("coredns", (("rayfence.dev/tests/cluster/coredns", "coredns"),)),
)


def built(say: Callable[[str], None], groups: Sequence[Group] = GROUPS) -> dict[str, Path]:
    """Build what is missing; return each program's file by its name.

    Raises: ClusterError when Go is missing or too old, or a build fails.
    """
    go = _compiler()
    found: dict[str, Path] = {}
    for group in groups:
        folder = cache() / "programs" / f"{group.name}-{key_of([go, *group.ingredients()])}"
        with only_one(folder):
            if not folder.is_dir():
                _build(group, folder, say)
        found.update({name: folder / name for _, name in group.packages})
    return found


def module_folder(group: str, module: str) -> Path:
    """Where the unpacked source of a module lies that a group's go.mod pins, for files in it such as CRDs.

    Raises: ClusterError when it can't be had.
    """
    command = ["go", "mod", "download", "-json", module]
    done = subprocess.run(command, cwd=SOURCES / group, env=_environment(), capture_output=True, text=True, check=False)
    answer: dict[str, str] = json.loads(done.stdout or "{}")
    if done.returncode != 0 or "Dir" not in answer:
        raise ClusterError(f"Go module {module} can't be had: {(answer.get('Error') or done.stderr).strip()[-300:]}")
    return Path(answer["Dir"])


@contextlib.contextmanager
def only_one(target: Path) -> Iterator[None]:
    """Let one process at a time make `target`; others wait and find it made."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with Path(f"{target}.lock").open("w", encoding="ascii") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _build(group: Group, folder: Path, say: Callable[[str], None]) -> None:
    partial = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    for package, name in group.packages:
        say(f"building {name}")
        started = time.monotonic()
        command = ["go", "build", "-o", str(partial / name), *group.flags, package]
        environment = _environment() | ({"CGO_ENABLED": "0"} if group.static else {})
        done = subprocess.run(
            command, cwd=SOURCES / group.name, env=environment, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise ClusterError(f"go build {package} failed: {done.stderr.strip()[-2000:]}")
        say(f"built {name} in {time.monotonic() - started:.0f} s")
    partial.rename(folder)


def _environment() -> dict[str, str]:
    # No other compiler is fetched, and no workspace of the user's changes what is built.
    return os.environ | {"GOTOOLCHAIN": "local", "GOWORK": "off"}


def _compiler() -> str:
    hint = f"install Go {OLDEST_GO[0]}.{OLDEST_GO[1]} or newer, from go.dev or a newer Debian"
    try:
        done = subprocess.run(
            ["go", "env", "GOVERSION"], capture_output=True, text=True, check=True, env=_environment()
        )
    except (OSError, subprocess.CalledProcessError) as problem:
        raise ClusterError(
            "the test cluster's programs are built with Go, and there is none on PATH", hint
        ) from problem
    version = done.stdout.strip()
    numbers = version.removeprefix("go").split(".")
    if not version.startswith("go1.") or (int(numbers[0]), int(numbers[1])) < OLDEST_GO:
        raise ClusterError(f"{version} is too old to build the test cluster's programs", hint)
    return version
