"""Rendered files of an instance, for reading and review."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path, PurePosixPath

from rayfence.errors import StateError
from rayfence.model.desired import Desired


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


def write_rendered(desired: Desired, folder: Path) -> Iterator[Path]:
    """Write the rendered files below `folder` and yield each path. Raises StateError when a file can't be written."""
    for name, content in rendered_files(desired):
        target = folder / name
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(content, encoding="utf-8")
        except OSError as error:
            raise StateError(f"{target} can't be written: {error.strerror}", hint="choose another folder") from error
        yield target
