"""Where a test cluster keeps what it needs: built programs and images are kept, a running cluster's folder is not.

Everything lies in one folder of the user's cache, never in the project. Two clusters differ by name alone.
"""

import hashlib
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

#: The project's own folder.
ROOT: Final = Path(__file__).resolve().parents[3]
#: The cluster that is meant when none is named.
DEFAULT_NAME: Final = "main"
#: Names also name control groups and folders.
_NAME: Final = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")


class ClusterError(Exception):
    """The test cluster can't do what was asked. `hint` is the next step, or empty."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.hint = hint


def cache() -> Path:
    """The folder of everything that is kept; RAYFENCE_TEST_CACHE moves it."""
    chosen = os.environ.get("RAYFENCE_TEST_CACHE")
    if chosen:
        return Path(chosen).absolute()
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(base, "rayfence", "testcluster")


def key_of(parts: Iterable[str | bytes]) -> str:
    """A short name for a build, which changes when one of its ingredients does."""
    digest = hashlib.sha256()
    for part in parts:
        raw = part.encode() if isinstance(part, str) else part
        digest.update(len(raw).to_bytes(8, "big") + raw)
    return digest.hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Place:
    """The folder of one cluster, as seen from outside its namespaces."""

    name: str

    def __post_init__(self) -> None:
        """Refuse names that could leave the folder or that a control group can't have."""
        if not _NAME.fullmatch(self.name):
            raise ClusterError(f"{self.name!r} is no name for a cluster", "use at most 32 of a-z, 0-9 and -")

    @property
    def folder(self) -> Path:
        """Everything that the cluster writes; deleted with it."""
        return cache() / "clusters" / self.name

    @property
    def lock(self) -> Path:
        """Held while the cluster is made or taken away."""
        return cache() / "clusters" / f"{self.name}.lock"

    @property
    def record(self) -> Path:
        """Who is the cluster's first process; written before it does anything."""
        return self.folder / "cluster.json"

    @property
    def plan(self) -> Path:
        """What the cluster was started with."""
        return self.folder / "plan.json"

    @property
    def kubeconfig(self) -> Path:
        """For clients outside the network namespace, as administrator."""
        return self.folder / "kubeconfig"

    @property
    def logs(self) -> Path:
        """One file for each daemon."""
        return self.folder / "log"

    @property
    def cgroup(self) -> str:
        """Name of the control group of the cluster's containers, in every hierarchy."""
        return f"rayfence-{self.name}"
