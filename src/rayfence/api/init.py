"""`init`: the first spec, written where the user wants it."""

import os
from dataclasses import replace
from pathlib import Path

from rayfence.adapters.gcp.configuration import read_configuration
from rayfence.errors import StateError
from rayfence.spec.draft import Draft, missing, spec_text, unused

__all__ = ["Draft", "from_gcloud", "missing", "unused", "write"]


def from_gcloud(draft: Draft) -> Draft:
    """The draft with project and location of gcloud's local configuration where it has none.

    Raises ConfigurationUnreadable; StateError where neither has a project.
    """
    found = read_configuration(os.environ, Path.home())
    filled = replace(draft, project=draft.project or found.project, location=draft.location or found.region)
    if not filled.project:
        raise StateError("gcloud has no project set", hint="gcloud config set project PROJECT, or give --project")
    return filled


def write(draft: Draft, path: Path | None, *, force: bool) -> str:
    """Write the spec to `path` (None: nowhere) and return its text.

    Raises SpecError where a value is not what its field may hold; StateError where the file is there already and
    `force` is not given, or where it can't be written.
    """
    text = spec_text(draft)
    if path is not None:
        try:
            with path.open("w" if force else "x", encoding="utf-8") as file:
                file.write(text)
        except FileExistsError as error:
            raise StateError(f"{path} exists already", hint="give another -o FILE, or --force to replace it") from error
        except OSError as error:
            raise StateError(f"{path} can't be written: {error.strerror}", hint="give another -o FILE") from error
    return text
