"""containerd's store with images already in it: importing them takes longer than all the rest of a start.

A store is kept in the cache and given to each cluster as hard links: layers and blobs never change once they are there.
containerd's databases do, so those are copied. Only a store of a containerd that has ended is kept.
"""

import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.cluster.harness.places import ClusterError, cache, key_of
from tests.cluster.harness.programs import only_one
from tests.cluster.images.archive import Archive


def store_of(images: Sequence[Archive]) -> Path:
    """Where the store with exactly these images is or will be."""
    done = subprocess.run(["containerd", "--version"], capture_output=True, text=True, check=True)
    parts = [part for image in images for part in (image.name, image.digest)]
    return cache() / "stores" / key_of([done.stdout, *parts])


def take(store: Path, target: Path) -> None:
    """Give a cluster its own view of a kept store; `target` must not exist. Raises: ClusterError."""
    _link(store, target)


def keep(source: Path, store: Path) -> None:
    """Keep the store of a containerd that has ended. Raises: ClusterError."""
    with only_one(store):
        if not store.is_dir():
            partial = store.with_name(f"{store.name}.partial")
            shutil.rmtree(partial, ignore_errors=True)
            _link(source, partial)
            partial.rename(store)


def _link(source: Path, target: Path) -> None:
    done = subprocess.run(["cp", "-al", str(source), str(target)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise ClusterError(f"the image store can't be linked: {done.stderr.strip()[-500:]}")
    for database in target.rglob("*.db"):
        if "snapshots" not in database.relative_to(target).parts:  # those are files of images
            original = database.read_bytes()
            database.unlink()
            database.write_bytes(original)
            database.chmod(0o600)
