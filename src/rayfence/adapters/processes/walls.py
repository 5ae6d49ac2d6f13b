"""Which walls this machine allows, found by building them: settings and versions of kernels promise too much."""

import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rayfence.adapters.processes.launch import launcher_argv
from rayfence.errors import cut
from rayfence.model.desired import Sandbox

_TRIAL_SECONDS: Final = 30
_SYSTEM: Final = ("/usr", "/usr/local", "/bin", "/lib")
#: What the trial runs inside: the interpreter and this package must be usable there, and a secret must not.
_TRIAL: Final = (
    "import os, sys, rayfence.adapters.ray.node\n"
    "hidden, uid = sys.argv[1], int(sys.argv[2])\n"
    "assert os.getuid() == uid, 'the uid was not changed'\n"
    "assert not os.path.exists(hidden) or not os.access(hidden, os.R_OK), 'a hidden file can be read'\n"
)


@dataclass(frozen=True, slots=True)
class Walls:
    """What was possible. `reason` says in words why something is missing; empty when both walls stand."""

    root: bool
    other_uid: bool  # Ray can run under a uid of its own
    namespaces: bool  # with mount, pid and ipc namespaces
    user_namespaces: bool  # the namespaces need a user namespace, because we are not root
    reason: str


def available_walls(ray_uid: int | None, expose: tuple[str, ...]) -> Walls:
    """Run a short program inside the walls, first both, then the uid alone. Takes a fraction of a second."""
    root = os.geteuid() == 0
    problem = _try(ray_uid, expose, namespaces=True)
    if problem is None:
        missing = "no free uid was found" if root else "only root can give Ray a uid of its own"
        reason = "" if ray_uid is not None else missing
        return Walls(root, ray_uid is not None, True, not root, reason)
    if ray_uid is not None:
        alone = _try(ray_uid, expose, namespaces=False)
        if alone is None:
            return Walls(root, True, False, False, f"no namespaces: {problem}")
        return Walls(root, False, False, False, f"no namespaces: {problem}; no other uid: {alone}")
    return Walls(root, False, False, False, f"no namespaces: {problem}")


def exposures() -> tuple[str, ...]:
    """Folders that another uid needs to run this interpreter with rayfence and Ray: outermost only, sorted."""
    found = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve(), Path(__file__).resolve().parents[3]}
    link = Path(sys.executable)
    while link.is_symlink():  # each hop must be passable, not only its end
        link = link.parent / link.readlink()
        found.add(link.parent.parent.resolve())
    found = {path for path in found if str(path) not in _SYSTEM and path != Path("/")}
    outermost = {path for path in found if not any(other in path.parents for other in found)}
    return tuple(sorted(str(path) for path in outermost))


def _try(uid: int | None, expose: tuple[str, ...], *, namespaces: bool) -> str | None:
    """None when the walls stand; else what went wrong."""
    with tempfile.TemporaryDirectory(prefix="rayfence-walls-") as folder:
        hidden, own_tmp = Path(folder, "hidden"), Path(folder, "tmp")
        hidden.mkdir(mode=0o700)
        own_tmp.mkdir(mode=0o700)
        secret = hidden / "secret"
        secret.touch(mode=0o600)
        sandbox = Sandbox(uid, (str(hidden),), expose, str(own_tmp), namespaces)
        expected = os.geteuid() if uid is None else uid
        argv = launcher_argv(sandbox, (sys.executable, "-I", "-c", _TRIAL, str(secret), str(expected)))
        environment = {"PATH": "/usr/bin:/bin", "LANG": "C.UTF-8", "HOME": "/"}
        try:
            if uid is not None:
                os.chown(own_tmp, uid, uid)  # fails where root is root of a container that has no other uids
            done = subprocess.run(
                argv, env=environment, cwd="/", capture_output=True, timeout=_TRIAL_SECONDS, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as problem:
            return cut(str(problem))
    if done.returncode == 0:
        return None
    words = done.stderr.decode("utf-8", "replace").strip().splitlines()
    return cut(words[-1] if words else f"exit {done.returncode}")
