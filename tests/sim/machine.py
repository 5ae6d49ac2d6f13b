"""`ports.Machine` in memory: what `apply` makes is what `observe` sees next."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from rayfence.errors import ProcessError
from rayfence.model.desired import (
    AuthorityRequest,
    CertificateRequest,
    ConfigFile,
    Desired,
    Folder,
    ProcessSpec,
    SecretRequest,
)
from rayfence.model.plan import Leaf, Observed, Running
from rayfence.plan.diff import content_digest, spec_digest
from rayfence.ports.machine import Reporter


class Killed(Exception):
    """The simulated end of our own process, at a chosen call."""


@dataclass
class SimMachine:
    """`killed_at`: the number of the call at which it raises. `refuses`: a process that never gets ready."""

    killed_at: int = 0
    refuses: str = ""
    exposed: tuple[str, ...] = ()
    calls: list[str] = field(default_factory=list)
    folders: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    leaves: dict[str, Leaf] = field(default_factory=dict)
    published: set[str] = field(default_factory=set)
    files: dict[str, str] = field(default_factory=dict)
    running: dict[str, ProcessSpec] = field(default_factory=dict)

    def _call(self, what: str) -> None:
        self.calls.append(what)
        if len(self.calls) == self.killed_at:
            raise Killed(what)

    def observe(self, desired: Desired) -> Observed:
        return Observed(
            folders=frozenset(self.folders),
            secrets=frozenset(self.secrets),
            leaves=dict(self.leaves),
            files={path: content_digest(content) for path, content in self.files.items()},
            processes=dict.fromkeys(self.running, Running.READY),
            specs={name: spec_digest(spec) for name, spec in self.running.items()},
        )

    def make_folder(self, folder: Folder) -> None:
        self._call(f"folder {folder.path}")
        self.folders.add(folder.path)

    def make_secret(self, request: SecretRequest) -> None:
        self._call(f"secret {request.name}")
        self.secrets.add(request.name)

    def make_authority(self, request: AuthorityRequest) -> None:
        self._call(f"authority {request.name}")
        self.leaves[request.name] = Leaf.VALID

    def publish_authority(self, request: AuthorityRequest) -> None:
        self.published.add(request.name)

    def issue(self, request: CertificateRequest) -> None:
        self._call(f"certificate {request.name}")
        self.leaves[request.name] = Leaf.VALID

    def write(self, file: ConfigFile) -> None:
        self._call(f"file {file.path}")
        self.files[file.path] = file.content

    def start(self, processes: Sequence[ProcessSpec], restart: frozenset[str]) -> None:
        for spec in processes:
            self._call(f"{'restart' if spec.name in restart else 'start'} {spec.name}")
            self.running[spec.name] = spec

    def await_ready(self, names: Sequence[str], report: Reporter) -> None:
        if self.refuses in names:
            raise ProcessError(f"{self.refuses} did not get ready")
        for name in names:
            report(f"{name} is ready: seen")

    def exposed_listeners(self) -> tuple[str, ...]:
        return self.exposed

    def stop(self) -> None:
        self.calls.append("stop")
        self.running.clear()
