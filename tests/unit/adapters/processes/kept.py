"""Small process specs and walls for tests of the keeper: shells that sleep, and the walls this machine allows."""

import os
import sys
from pathlib import Path

from rayfence.adapters.processes import walls
from rayfence.adapters.processes.accounts import pick_ray_uid
from rayfence.model.desired import Account, ProcessSpec, ReadinessProbe, Sandbox


def shell(folder: Path, name: str, script: str = "sleep 600", sandbox: Sandbox | None = None) -> ProcessSpec:
    """A process that counts as ready as soon as it runs; `dataclasses.replace` gives it bonds."""
    return ProcessSpec(
        name=name,
        argv=("/bin/sh", "-c", script),
        env=(("PATH", "/usr/bin:/bin"),),
        account=Account.OPERATOR,
        cwd="/",
        log=str(folder / f"{name}.log"),
        sandbox=sandbox,
        readiness=ReadinessProbe("alive", 20),
        stop_seconds=5,
    )


def python(folder: Path, name: str, code: str) -> ProcessSpec:
    """A process that runs Python."""
    spec = shell(folder, name)
    return ProcessSpec(
        spec.name, (sys.executable, "-I", "-c", code), spec.env, spec.account, spec.cwd, spec.log, None, spec.readiness
    )


def foreign_uid() -> int | None:
    """A uid for inside the walls where we are root, else None: our own stays."""
    return pick_ray_uid(f"test-{os.getpid()}")


def own_walls(folder: Path, hide: tuple[Path, ...] = (), expose: tuple[Path, ...] = ()) -> Sandbox:
    """Walls with everything this machine allows; `folder/q` is writable inside, `folder/tmp` is its /tmp."""
    uid = foreign_uid()
    for name in ("q", "tmp"):
        (folder / name).mkdir(mode=0o700, exist_ok=True)
        if uid is not None:
            os.chown(folder / name, uid, uid)
    return Sandbox(
        uid=uid,
        hide=tuple(map(str, hide)),
        expose=(*walls.exposures(), *map(str, expose)),
        own_tmp=str(folder / "tmp"),
        namespaces=True,
        writable=(str(folder / "q"),),
    )
