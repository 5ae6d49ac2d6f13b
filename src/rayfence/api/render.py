"""Rendered files of an instance, for reading and review."""

import json
import os
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import asdict
from pathlib import Path, PurePosixPath
from typing import Final

from rayfence.errors import StateError
from rayfence.model.desired import Desired

#: Lists what was written, in the folder itself.
RECORD: Final = ".rayfence-rendered.json"


def rendered_files(desired: Desired) -> Iterator[tuple[str, str]]:
    """(name, content) of everything that `up` would make: requests and specs as JSON, configuration as it would be
    written.
    """
    requests = asdict(desired)
    for name in ("folders", "secrets", "authorities", "certificates", "processes"):
        yield f"{name}.json", json.dumps(requests[name], indent=1) + "\n"
    for file in desired.files:
        path = PurePosixPath(file.path)
        parent = path.parent.name if path.parent.name == "envoy" else ""
        yield f"{parent}/{path.name}" if parent else path.name, file.content


def write_files(made: Mapping[str, str], folder: Path, parts: Sequence[str] = ()) -> Iterator[Path]:
    """Write files below `folder` and yield each path; then remove what an earlier run wrote and this one did not.

    A file of a tenant that has left the spec would otherwise be applied on. Only files listed in `RECORD` are ever
    removed, and only those in `parts` (folders below `folder`; none given: anywhere): who renders Terraform again keeps
    the manifests. `RECORD` names a file before it is written, so an interrupted run is cleared by the next. Raises
    StateError when a file can't be written.
    """
    recorded = _recorded(folder)
    kept = {name for name in recorded if parts and PurePosixPath(name).parts[:1] not in {(part,) for part in parts}}
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _record(folder, recorded | set(made))
        for parent in {(folder / name).parent for name in made}:
            parent.mkdir(parents=True, exist_ok=True)
        for name, content in made.items():
            target = folder / name
            _put(target, content)
            yield target
        for name in sorted(recorded - kept - set(made)):
            (folder / name).unlink(missing_ok=True)
        _record(folder, kept | set(made))
    except OSError as error:
        where = error.filename or folder
        raise StateError(f"{where} can't be written: {error.strerror}", hint="choose another folder") from error


def _record(folder: Path, names: Set[str]) -> None:
    _put(folder / RECORD, json.dumps(sorted(names), indent=1) + "\n")


def _put(target: Path, content: str) -> None:
    """Replace a file in one step: who interrupts leaves the old one or the new one, never half of a policy."""
    half = target.with_name(f".{target.name}.{os.getpid()}.half")
    try:
        half.write_text(content, encoding="utf-8")
        half.replace(target)
    except BaseException:
        half.unlink(missing_ok=True)
        raise


def _recorded(folder: Path) -> set[str]:
    """Names that an earlier run wrote. Names that lead out of the folder are no names of ours."""
    try:
        names = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    listed = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return {name for name in listed if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts}
