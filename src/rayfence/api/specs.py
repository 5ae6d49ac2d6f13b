"""Reading the file of a spec."""

import os
import sys
from pathlib import Path

from rayfence.errors import SpecError
from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.model.platform import LocalPlatform
from rayfence.spec import load
from rayfence.spec.document import MAX_BYTES


def read_platform(path: Path) -> tuple[LocalPlatform | ClusterPlatform, str]:
    """The platform of a file (`-` is standard input), and the file's text. Raises SpecError."""
    text = read_text(path)
    # Any package that is installed can register a plugin, which would read and change what is validated here.
    os.environ["PYDANTIC_DISABLE_PLUGINS"] = "__all__"
    return load(text, str(path)), text


def read_cluster(path: Path) -> ClusterPlatform:
    """The platform of a file, which must be one on Kubernetes or GKE. Raises SpecError."""
    platform, _ = read_platform(path)
    if not isinstance(platform, ClusterPlatform):
        raise SpecError((f"{path}: target local is bound by no organisation: `rayfence plan` shows all of it",))
    return platform


def read_on_kubernetes(path: Path, instead: str) -> ClusterPlatform:
    """The platform of a file, which must be one on a cluster; `instead`: the verb for one on this machine.

    Raises SpecError.
    """
    platform, _ = read_platform(path)
    if not isinstance(platform, ClusterPlatform):
        raise SpecError((f"{path}: target local is on this machine, not on a cluster: use `{instead}`",))
    return platform


def read_text(path: Path) -> str:
    """The text of a file (`-` is standard input). Raises SpecError when it can't be read or is no UTF-8."""
    try:
        if str(path) == "-":
            raw = sys.stdin.buffer.read(MAX_BYTES + 1)
        else:
            with path.open("rb") as file:
                raw = file.read(MAX_BYTES + 1)  # /dev/zero has no end
        if len(raw) > MAX_BYTES:
            raise SpecError((f"{path}:1:1: the spec is larger than {MAX_BYTES // 1024} KiB",))
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
        raise SpecError((f"{path}:{line}:{column}: not UTF-8 text (byte {error.start})",)) from error
    except OSError as error:
        raise SpecError((f"{path}: {error.strerror}",)) from error
