"""The root file system of images: Debian's minimal base with Python, of the release that this machine runs.

Made by debootstrap from the mirror that apt is configured for, with apt's own signature checks; kept in the cache.
"""

import platform
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Final

from tests.cluster.harness.places import ClusterError, cache, key_of
from tests.cluster.harness.programs import only_one

#: openssl: KubeRay's init container for mTLS calls it. python3-venv: the gateway's image is built here too.
PACKAGES: Final = ("python3", "python3-venv", "ca-certificates", "openssl")
#: Layers carry no times, so byte code must be told to trust its source, else Python compiles all it imports each time.
COMPILE: Final = ("python3", "-m", "compileall", "-q", "-f", "-j", "2", "--invalidation-mode", "unchecked-hash")
#: Left out of the image: lists and caches, and documents that no test reads.
_SURPLUS: Final = (
    "var/cache/apt",
    "var/lib/apt/lists",
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "var/log",
)


def base_rootfs(say: Callable[[str], None]) -> Path:
    """The folder of the root file system; a minute when it has to be made. Raises: ClusterError."""
    release, mirror = _source()
    folder = cache() / "rootfs" / f"{release}-{key_of([release, *PACKAGES, *COMPILE])}"
    with only_one(folder):
        if not folder.is_dir():
            say(f"making a root file system of {release}")
            partial = folder.with_name(f"{folder.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            command = ["debootstrap", "--variant=minbase", f"--include={','.join(PACKAGES)}"]
            done = subprocess.run(
                [*command, release, str(partial), mirror], capture_output=True, text=True, check=False, timeout=900
            )
            if done.returncode != 0:
                raise ClusterError(f"debootstrap failed: {(done.stderr + done.stdout).strip()[-1000:]}")
            _trim(partial)
            partial.rename(folder)
    return folder


def python_of(rootfs: Path) -> str:
    """The version of the root file system's Python, as `3.11`."""
    return (rootfs / "usr/bin/python3").readlink().name.removeprefix("python")


def _trim(rootfs: Path) -> None:
    for name in _SURPLUS:
        shutil.rmtree(rootfs / name, ignore_errors=True)
        (rootfs / name).mkdir(parents=True, exist_ok=True)
    (rootfs / "usr/bin/python").symlink_to("python3")
    libraries = [f"/usr/lib/{path.name}" for path in (rootfs / "usr/lib").glob("python3*")]
    # Some packages carry samples that don't compile: what does not, fails when it is imported, as it would anyway.
    subprocess.run(["chroot", str(rootfs), *COMPILE, *libraries], capture_output=True, check=False, timeout=600)


def _source() -> tuple[str, str]:
    """Release and mirror, from apt's own configuration."""
    release = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    listed = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(COMPONENT) $(REPO_URI)"],
        capture_output=True,
        text=True,
        check=False,
    )
    for line in listed.stdout.splitlines():
        codename, component, mirror = line.split(" ", 2)
        if (codename, component) == (release, "main"):
            return release, mirror
    raise ClusterError("apt knows no mirror of this machine's release", "run it on Debian, after apt-get update")
