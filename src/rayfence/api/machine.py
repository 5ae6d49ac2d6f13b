"""`LocalMachine`: the adapters behind `ports.Machine`, for one instance on this machine."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rayfence.adapters import files
from rayfence.adapters.processes import keeper_control, state_file
from rayfence.adapters.tls import authority as tls_authority
from rayfence.adapters.tls import leaf as tls_leaf
from rayfence.adapters.tls import secrets as tls_secrets
from rayfence.api.sightings import exposed_listeners
from rayfence.model.desired import (
    Account,
    AuthorityRequest,
    CertificateRequest,
    ConfigFile,
    Desired,
    Folder,
    ProcessSpec,
    SecretRequest,
)
from rayfence.model.plan import Leaf, Observed, Running
from rayfence.model.process_file import processes_from_json, processes_to_json
from rayfence.model.resolution import Resolution
from rayfence.plan.diff import content_digest, spec_digest
from rayfence.ports.machine import Reporter
from rayfence.render.local.layout import Layout


class LocalMachine:
    """Implements `ports.Machine`. Remembers nothing: every answer comes from a fresh look."""

    def __init__(self, resolution: Resolution, desired: Desired) -> None:
        host = resolution.host
        self._layout = Layout(host.places)
        self._ray_uid = host.ray_uid
        self._desired = desired
        self._authorities = {request.name: request for request in desired.authorities}

    def observe(self, desired: Desired) -> Observed:
        """Look at everything `desired` names."""
        folders = (f.path for f in desired.folders if files.folder_is_right(f.path, self._uid(f.account), f.mode))
        return Observed(
            folders=frozenset(folders),
            secrets=frozenset(request.name for request in desired.secrets if tls_secrets.has_secret(request)),
            leaves=self._leaves(desired),
            files={file.path: seen for file in desired.files if (seen := files.digest(file.path)) is not None},
            processes=self._processes(),
            specs=self._specs(),
        )

    def make_folder(self, folder: Folder) -> None:
        """See `ports.Machine`."""
        uid, gid = self._owner(folder.account)
        files.make_folder(folder.path, uid, gid, folder.mode)

    def make_secret(self, request: SecretRequest) -> None:
        """See `ports.Machine`."""
        tls_secrets.ensure_secret(request, self._owner)

    def make_authority(self, request: AuthorityRequest) -> None:
        """See `ports.Machine`."""
        tls_authority.make_authority(request, self._owner)

    def publish_authority(self, request: AuthorityRequest) -> None:
        """See `ports.Machine`."""
        tls_authority.write_copies(request, self._owner)

    def issue(self, request: CertificateRequest) -> None:
        """See `ports.Machine`."""
        tls_leaf.issue(request, self._authorities[request.authority], self._owner)

    def write(self, file: ConfigFile) -> None:
        """See `ports.Machine`."""
        uid, gid = self._owner(file.account)
        files.write_file(file.path, file.content, uid, gid)

    def start(self, processes: Sequence[ProcessSpec], restart: frozenset[str]) -> None:
        """See `ports.Machine`."""
        file, runtime = self._layout.processes, self._layout.places.runtime
        content = processes_to_json(tuple(processes))
        changed = files.digest(file) != content_digest(content)
        files.write_file(file, content, os.geteuid(), os.getegid())
        running = keeper_control.read_status(runtime).keeper is not None
        keeper_control.start_keeper(file, runtime)
        if running and (changed or restart):
            keeper_control.request(runtime, restart)

    def await_ready(self, names: Sequence[str], report: Reporter) -> None:
        """See `ports.Machine`."""
        told: dict[str, str] = {}

        def progress(status: state_file.KeeperStatus) -> None:
            for item in status.processes:
                if item.name not in names or told.get(item.name, state_file.WAITING) == item.phase:
                    continue  # waiting for others is the normal thing at first, and theirs to explain
                told[item.name] = item.phase
                ready = item.phase == state_file.READY
                report(f"{item.name} is ready: {item.detail}" if ready else f"{item.name} is {item.phase}")

        # One after the other is the longest it can take: the keeper holds each to its own time.
        timeouts = [spec.readiness.timeout_seconds + 30 for spec in self._desired.processes if spec.name in names]
        keeper_control.wait_ready(self._layout.places.runtime, names, sum(timeouts), progress)

    def exposed_listeners(self) -> tuple[str, ...]:
        """See `ports.Machine`."""
        return exposed_listeners(keeper_control.read_status(self._layout.places.runtime))

    def stop(self) -> None:
        """See `ports.Machine`."""
        if self._has_runtime():
            keeper_control.stop_instance(self._layout.places.runtime)

    def _owner(self, account: Account) -> tuple[int, int]:
        # Ray's group has the uid's number as well: it must share no group with anybody.
        if account is Account.RAY and self._ray_uid is not None:
            return self._ray_uid, self._ray_uid
        return os.geteuid(), os.getegid()

    def _uid(self, account: Account) -> int:
        return self._owner(account)[0]

    def _leaves(self, desired: Desired) -> dict[str, Leaf]:
        now = datetime.now(UTC)
        seen = {request.name: tls_authority.condition(request, now) for request in desired.authorities}
        for request in desired.certificates:
            seen[request.name] = tls_leaf.condition(request, self._authorities[request.authority], now)
        return seen

    def _processes(self) -> dict[str, Running]:
        if not self._has_runtime():
            return {}
        status = keeper_control.read_status(self._layout.places.runtime)
        if status.keeper is None and status.warden is None:
            return {}  # nobody watches what may still run: the keeper that `up` starts adopts it
        return {
            item.name: Running.READY if item.phase == state_file.READY else Running.STARTING
            for item in status.processes
            if item.pid
        }

    def _specs(self) -> dict[str, str]:
        try:
            specs = processes_from_json(Path(self._layout.processes).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return {spec.name: spec_digest(spec) for spec in specs}

    def _has_runtime(self) -> bool:
        return Path(self._layout.places.runtime).is_dir()
