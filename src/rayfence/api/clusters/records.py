"""Platforms that were applied from this machine, by name: so that a verb needs no `-f` each time.

A record (`platforms/NAME.json` in the state folder) says where the spec lies and which context was meant. It is a
bookmark: everything else comes from the spec and the cluster.
"""

import json
import os
from dataclasses import asdict
from pathlib import Path

from rayfence.adapters import files
from rayfence.api.instances import state_root
from rayfence.errors import StateError
from rayfence.model.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Bookmark:
    """Where a platform's spec lies. `context` and `policies` as they were given; empty: they were not."""

    name: str
    spec: str
    context: str = ""
    policies: str = ""


def remember(name: str, spec: Path, context: str | None, policies: Path | None) -> None:
    """Record a platform, in place of the record before. A spec from standard input has no place. Raises StateError."""
    if str(spec) == "-":
        return
    mark = Bookmark(name, str(spec.absolute()), context or "", str(policies.absolute()) if policies else "")
    path = _path(name)
    files.make_folder(str(path.parent), os.geteuid(), os.getegid(), 0o700)
    files.write_file(str(path), json.dumps(asdict(mark), indent=1) + "\n", os.geteuid(), os.getegid())


def recall(name: str) -> Bookmark | None:
    """The record of a platform; None when there is none. Raises StateError when it can't be read."""
    path = _path(name)
    try:
        return Bookmark(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError) as error:
        raise StateError(f"{path} can't be read", hint="delete it, and name the spec with -f") from error


def forget(name: str) -> None:
    """Drop the record: the platform is gone."""
    _path(name).unlink(missing_ok=True)


def recorded() -> tuple[str, ...]:
    """Names of all recorded platforms, sorted."""
    return tuple(sorted(path.stem for path in _folder().glob("*.json")))


def _folder() -> Path:
    return state_root(None) / "platforms"


def _path(name: str) -> Path:
    if not name or "/" in name or name.startswith("."):
        raise StateError(f"{name!r} is no name of a platform")
    return _folder() / f"{name}.json"
