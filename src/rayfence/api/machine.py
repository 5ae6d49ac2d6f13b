"""`LocalMachine`: the adapters behind `ports.Machine`, for one instance on this machine."""

import os
from collections.abc import Sequence

from rayfence.adapters import files
from rayfence.adapters.processes import keeper_control
from rayfence.adapters.tls import authority as tls_authority
from rayfence.adapters.tls import leaf as tls_leaf
from rayfence.adapters.tls import secrets as tls_secrets
from rayfence.model.desired import (
    AuthorityRequest,
    CertificateRequest,
    ConfigFile,
    Desired,
    Folder,
    ProcessSpec,
    SecretRequest,
)
from rayfence.model.plan import Observed, Running
from rayfence.model.process_file import processes_to_json
from rayfence.model.resolution import Resolution
from rayfence.render.local.layout import Layout

_PHASES = {"ready": Running.READY}
_ABSENT = frozenset({"stopped", "failed", ""})


class LocalMachine:
    """Implements `ports.Machine`. Holds no state of its own: every answer comes from the machine."""

    def __init__(self, resolution: Resolution, desired: Desired) -> None:
        host = resolution.host
        self._layout = Layout(host.places)
        self._ray_uid = host.ray_uid
        self._desired = desired
        self._authorities = {request.name: request for request in desired.authorities}

    def observe(self, desired: Desired) -> Observed:
        """Look at everything `desired` names."""
        return Observed(
            folders=frozenset(
                f.path for f in desired.folders if files.folder_is_right(f.path, self._uid(f.account), f.mode)
            ),
            secrets=frozenset(request.name for request in desired.secrets if self._has_secret(request)),
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

    def issue(self, request: CertificateRequest) -> None:
        """See `ports.Machine`."""
        tls_leaf.issue(request, self._authorities[request.authority], self._owner)

    def write(self, file: ConfigFile) -> None:
        """See `ports.Machine`."""
        uid, gid = self._owner(file.account)
        files.write_file(file.path, file.content, uid, gid)

    def start(self, processes: Sequence[ProcessSpec], restart: frozenset[str]) -> None:
        """See `ports.Machine`. A changed set of specs is a new keeper: it reads them once."""
        places = self._layout.places
        content = processes_to_json(tuple(processes))
        changed = files.digest(self._layout.processes) != files.content_digest(content)
        if changed and keeper_control.read_status(places.runtime).keeper is not None:
            keeper_control.stop_instance(places.runtime)
            restart = frozenset()
        files.write_file(self._layout.processes, content, os.geteuid(), os.getegid())
        keeper_control.start_keeper(self._layout.processes, places.runtime, places.state, self._layout.logs)
        if restart:
            keeper_control.restart(places.runtime, tuple(sorted(restart)), timeout=90)

    def stop(self) -> None:
        """See `ports.Machine`."""
        keeper_control.stop_instance(self._layout.places.runtime)

    def exposed_listeners(self) -> tuple[str, ...]:
        """See `ports.Machine`."""
        return exposed_listeners(self._layout.places.runtime)
