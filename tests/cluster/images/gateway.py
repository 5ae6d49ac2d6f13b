"""The gateway's image, built from the project's Dockerfile by Debian's buildah: no container engine, no registry.

Its storage is a folder that goes with the build, in a mount namespace of its own, so that nothing stays on the machine.
"""

import json
import os
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.cluster.harness.places import ROOT, ClusterError, cache, key_of
from tests.cluster.harness.programs import only_one
from tests.cluster.images.archive import Archive, read_archive
from tests.cluster.images.rootfs import base_rootfs

NAME: Final = "localhost/rayfence-gateway:1"
_BASE: Final = "localhost/build-base:1"
#: What the build is made of, as the Dockerfile copies it.
_INGREDIENTS: Final = ("Dockerfile", "requirements/gateway.txt", "tools/image_root.py", "src/rayfence")


def gateway_image(say: Callable[[str], None]) -> Archive:
    """Build the image, or find the one of the same sources. Raises: ClusterError with what buildah said."""
    rootfs = base_rootfs(say)
    files = [path for name in _INGREDIENTS for path in _files(ROOT / name)]
    parts = [part for path in files for part in (str(path.relative_to(ROOT)).encode(), path.read_bytes())]
    target = cache() / "images" / f"gateway-{key_of([rootfs.name, *parts])}.tar"
    with only_one(target):
        found = read_archive(target)
        if found:
            return found
        say("building the gateway's image")
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix="buildah-") as scratch:
            built = _build(rootfs, files, Path(scratch))
            digest = _digest(built)
            built.rename(target)
        target.with_suffix(".json").write_text(json.dumps({"name": NAME, "digest": digest}), encoding="utf-8")
        return Archive(NAME, target, digest)


def _files(path: Path) -> list[Path]:
    if path.is_file():
        return [path]
    return sorted(file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def _build(rootfs: Path, files: Sequence[Path], scratch: Path) -> Path:
    """Make the base from the root file system, build on it, write the archive."""
    context = scratch / "context"
    for path in files:
        copy = context / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    overlay = scratch / "overlay"
    _machine_settings(overlay)
    archive = scratch / "gateway.tar"
    buildah = "buildah --root storage --runroot run --storage-driver overlay"
    lines = (
        "mount --make-rprivate /",
        f"container=$({buildah} from --name base scratch)",
        f'{buildah} add --quiet "$container" "$1" / >/dev/null',
        f'{buildah} add --quiet "$container" overlay / >/dev/null',
        f'{buildah} commit --quiet "$container" {_BASE} >/dev/null',
        f"{buildah} bud --isolation chroot --network host --timestamp 0 --build-arg BASE={_BASE} --tag {NAME} context",
        f"{buildah} push --quiet --disable-compression {NAME} oci-archive:gateway.tar:{NAME}",
    )
    command = ["unshare", "--mount", "bash", "-euo", "pipefail", "-c", "\n".join(lines), "build", str(rootfs)]
    done = subprocess.run(
        command, cwd=scratch, capture_output=True, text=True, check=False, timeout=900, env=_environment(scratch)
    )
    if done.returncode != 0:
        raise ClusterError(f"the gateway's image can't be built: {(done.stdout + done.stderr).strip()[-3000:]}")
    return archive


def _machine_settings(overlay: Path) -> None:
    """How this machine reaches its package index belongs to the base of a test's build, never to the Dockerfile."""
    (overlay / "etc/ssl/certs").mkdir(parents=True)
    shutil.copy2("/etc/ssl/certs/ca-certificates.crt", overlay / "etc/ssl/certs/ca-certificates.crt")
    listed = subprocess.run(["pip", "config", "list"], capture_output=True, text=True, check=False).stdout
    wanted = [line for line in listed.splitlines() if line.partition("=")[0].endswith(("index-url", "trusted-host"))]
    pairs = [(line.partition("=")[0].rpartition(".")[2], line.partition("=")[2].strip("'")) for line in wanted]
    text = "".join(f"{name} = {value}\n" for name, value in pairs)
    (overlay / "etc/pip.conf").write_text(
        f"[global]\ncert = /etc/ssl/certs/ca-certificates.crt\n{text}", encoding="utf-8"
    )


def _environment(scratch: Path) -> dict[str, str]:
    return {
        "PATH": f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin",
        "HOME": str(scratch),
        "TMPDIR": str(scratch),
    }


def _digest(archive: Path) -> str:
    with tarfile.open(archive) as content:
        stream = content.extractfile("index.json")
        if stream is None:
            raise ClusterError("buildah wrote an archive without an index")
        index = json.load(stream)
    digest: str = index["manifests"][0]["digest"]
    return digest
