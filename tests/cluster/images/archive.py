"""Images as OCI archives: what a registry would hold, in one file that containerd imports.

Covers: layers from folders, configuration, manifest, index. Leaves out: compression (the archive never travels), and
what is in the layers. The same folders give the same digest: names are sorted, times and owners fixed.
Source: OCI image specification 1.0, image-layout.md, manifest.md, config.md.
"""

import hashlib
import io
import json
import subprocess
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

_TYPE: Final = "application/vnd.oci.image"


@dataclass(frozen=True, slots=True)
class Image:
    """What runs and as whom. `name` has a tag; `layers` are folders, lowest first; `user` is a number."""

    name: str
    layers: tuple[Path, ...]
    entrypoint: tuple[str, ...] = ()
    user: int = 65532
    environment: dict[str, str] = field(default_factory=lambda: {"PATH": "/usr/local/bin:/usr/bin:/bin"})


@dataclass(frozen=True, slots=True)
class Archive:
    """An image in a file. `digest` is that of its manifest: `sha256:…`."""

    name: str
    path: Path
    digest: str

    @property
    def pinned(self) -> str:
        """The reference by which a pod names exactly this image: repository and digest."""
        return f"{self.name.rsplit(':', 1)[0]}@{self.digest}"


def write_archive(image: Image, target: Path) -> Archive:
    """Write the archive and, beside it, the digest; a file that was being written is never taken for a whole one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix="oci-") as scratch:
        partial = Path(scratch, "archive.tar")
        with tarfile.open(partial, "w") as archive:
            digest = _fill(archive, image, Path(scratch))
        partial.rename(target)
    note = {"name": image.name, "digest": digest}
    target.with_suffix(".json").write_text(json.dumps(note), encoding="utf-8")
    return Archive(image.name, target, digest)


def read_archive(target: Path) -> Archive | None:
    """The archive that an earlier call wrote whole; None when there is none."""
    note = target.with_suffix(".json")
    if not (target.exists() and note.exists()):
        return None
    facts: dict[str, str] = json.loads(note.read_text(encoding="utf-8"))
    return Archive(facts["name"], target, facts["digest"])


def _fill(archive: tarfile.TarFile, image: Image, scratch: Path) -> str:
    layers = [_add_layer(archive, folder, scratch / f"layer{number}.tar") for number, folder in enumerate(image.layers)]
    config = {
        "architecture": "amd64",
        "os": "linux",
        "config": {
            "User": str(image.user),
            "Entrypoint": list(image.entrypoint),
            "Env": [f"{name}={value}" for name, value in sorted(image.environment.items())],
        },
        # Layers are not compressed, so a layer's digest is also that of its content.
        "rootfs": {"type": "layers", "diff_ids": [layer["digest"] for layer in layers]},
    }
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{_TYPE}.manifest.v1+json",
        "config": {"mediaType": f"{_TYPE}.config.v1+json", **_add_blob(archive, config)},
        "layers": layers,
    }
    described = _add_blob(archive, manifest)
    entry = {
        "mediaType": f"{_TYPE}.manifest.v1+json",
        **described,
        "annotations": {"io.containerd.image.name": image.name},
    }
    _add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())
    _add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
    return str(described["digest"])


def _add_layer(archive: tarfile.TarFile, folder: Path, layer: Path) -> dict[str, object]:
    # GNU tar: sockets, devices, long names and hard links as they are, at the speed of the disk.
    fixed = ("--sort=name", "--mtime=@0", "--numeric-owner", "--owner=0", "--group=0", "--one-file-system")
    subprocess.run(["tar", *fixed, "-C", str(folder), "-cf", str(layer), "."], check=True)
    with layer.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    size = layer.stat().st_size
    archive.add(layer, f"blobs/sha256/{digest}")
    layer.unlink()
    return {"mediaType": f"{_TYPE}.layer.v1.tar", "digest": f"sha256:{digest}", "size": size}


def _add_blob(archive: tarfile.TarFile, content: object) -> dict[str, object]:
    body = json.dumps(content, sort_keys=True).encode()
    digest = hashlib.sha256(body).hexdigest()
    _add(archive, f"blobs/sha256/{digest}", body)
    return {"digest": f"sha256:{digest}", "size": len(body)}


def _add(archive: tarfile.TarFile, path: str, body: bytes) -> None:
    entry = tarfile.TarInfo(path)
    entry.size = len(body)
    archive.addfile(entry, io.BytesIO(body))
