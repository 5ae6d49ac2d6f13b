"""Rendered files of an instance, for reading and review."""

import json
from collections.abc import Iterator, Mapping
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


def write_files(made: Mapping[str, str], folder: Path) -> Iterator[Path]:
    """Write files below `folder` and yield each path; then remove what an earlier run wrote and this one did not.

    A file of a tenant that has left the spec would otherwise be applied on. Only files listed in `RECORD` are ever
    removed. Raises StateError when a file can't be written.
    """
    earlier = _recorded(folder)
    try:
        for name, content in made.items():
            target = folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
            yield target
        for name in sorted(earlier - set(made)):
            (folder / name).unlink(missing_ok=True)
        (folder / RECORD).write_text(json.dumps(sorted(made), indent=1) + "\n", encoding="utf-8")
    except OSError as error:
        where = error.filename or folder
        raise StateError(f"{where} can't be written: {error.strerror}", hint="choose another folder") from error


def _recorded(folder: Path) -> set[str]:
    """Names that an earlier run wrote. Names that lead out of the folder are no names of ours."""
    try:
        names = json.loads((folder / RECORD).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return set()
    listed = [name for name in names if isinstance(name, str)] if isinstance(names, list) else []
    return {name for name in listed if not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts}
