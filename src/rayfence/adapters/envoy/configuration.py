"""Writes Envoy's files and sees to it that Envoy runs them.

1. Write each file that differs by rename, in the given order: what is referred to comes first.
2. Wait until Envoy reports the version of every file.
3. Where it does not, put the old files back and say what it refused: a half-taken configuration must not stay.
"""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from rayfence.adapters.envoy.admin import EnvoyAdmin
from rayfence.adapters.envoy.versions import not_in_force, refused_resources, running_versions, wanted_versions
from rayfence.errors import ProcessError, cut
from rayfence.model.desired import ConfigFile

#: Seconds Envoy has to take new files; seen: a tenth of one.
PATIENCE_SECONDS: Final = 10.0
_MODE: Final = 0o600


def write_files(files: Sequence[ConfigFile]) -> tuple[ConfigFile, ...]:
    """Write what differs, by rename. Returns the replaced files with their old content; new ones have content "".

    Raises OSError (disk full, folder gone); files written so far stay.
    """
    replaced = []
    for file in files:
        path = Path(file.path)
        old = path.read_text(encoding="utf-8") if path.exists() else ""
        if old == file.content:
            continue  # an untouched listener does not drain: its log tails live on
        fresh = path.with_name(f".{path.name}.new")
        fresh.touch(mode=_MODE)
        fresh.write_text(file.content, encoding="utf-8")
        fresh.chmod(_MODE)
        fresh.replace(path)
        replaced.append(ConfigFile(path=file.path, content=old, account=file.account))
    return tuple(replaced)


def difference(admin: EnvoyAdmin, files: Sequence[ConfigFile]) -> tuple[str, ...]:
    """What Envoy does not run as these files say, in words; empty is good.

    Raises ProcessError when it does not answer.
    """
    dump = admin.config_dump()
    found = not_in_force(wanted_versions(file.content for file in files), running_versions(dump))
    return (*found, *(cut(reason) for reason in refused_resources(dump)))


def replace_configuration(
    admin: EnvoyAdmin,
    files: Sequence[ConfigFile],
    *,
    patience: float = PATIENCE_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> bool:
    """Steps 1 to 3 for a running Envoy. Returns whether anything changed.

    Raises ProcessError when Envoy refuses; the old files are back in force then.
    """
    replaced = write_files(files)
    problems = _wait(admin, files, patience, sleep)
    if not problems:
        return bool(replaced)
    write_files([file for file in replaced if file.content])
    raise ProcessError(
        f"Envoy does not take its new configuration: {cut('; '.join(problems))}",
        hint="the former configuration is in force again; see Envoy's log",
    )


def _wait(
    admin: EnvoyAdmin, files: Sequence[ConfigFile], patience: float, sleep: Callable[[float], None]
) -> tuple[str, ...]:
    deadline = time.monotonic() + patience
    while True:
        problems = difference(admin, files)
        if not problems or time.monotonic() > deadline:
            return problems
        sleep(0.1)
