"""Images as archives: what is written is what a registry would hold, and the same content has the same digest."""

import hashlib
import json
import os
import tarfile
from pathlib import Path

from tests.cluster.images.archive import Image, read_archive, write_archive


def sample(folder: Path) -> Path:
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/tool").write_text("#!/bin/true\n", encoding="utf-8")
    (folder / "bin/tool").chmod(0o755)
    (folder / "bin/alias").symlink_to("tool")
    return folder


def blobs(path: Path) -> dict[str, bytes]:
    found = {}
    with tarfile.open(path) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member)
            assert stream is not None
            found[member.name] = stream.read()
    return found


def test_every_blob_is_named_by_its_digest_and_reached_from_the_index(tmp_path: Path) -> None:
    image = Image("localhost/tool:1", (sample(tmp_path / "a"),), ("/bin/tool",), user=7, environment={"A": "b"})
    written = write_archive(image, tmp_path / "out.tar")
    content = blobs(written.path)
    for name, body in content.items():
        if name.startswith("blobs/sha256/"):
            assert name.rpartition("/")[2] == hashlib.sha256(body).hexdigest()
    index = json.loads(content["index.json"])
    assert index["manifests"][0]["digest"] == written.digest
    assert index["manifests"][0]["annotations"] == {"io.containerd.image.name": "localhost/tool:1"}
    manifest = json.loads(content[f"blobs/sha256/{written.digest[7:]}"])
    config = json.loads(content[f"blobs/sha256/{manifest['config']['digest'][7:]}"])
    assert config["config"] == {"User": "7", "Entrypoint": ["/bin/tool"], "Env": ["A=b"]}
    assert config["rootfs"]["diff_ids"] == [layer["digest"] for layer in manifest["layers"]]
    assert written.pinned == f"localhost/tool@{written.digest}"


def test_times_and_owners_do_not_change_the_digest(tmp_path: Path) -> None:
    first, second = sample(tmp_path / "a"), sample(tmp_path / "b")
    os.utime(second / "bin/tool", (1, 1))
    written = [
        write_archive(Image("localhost/t:1", (folder,)), tmp_path / f"{folder.name}.tar") for folder in (first, second)
    ]
    assert written[0].digest == written[1].digest
    (second / "bin/tool").write_text("other", encoding="utf-8")
    assert write_archive(Image("localhost/t:1", (second,)), tmp_path / "c.tar").digest != written[0].digest


def test_only_a_whole_archive_is_found_again(tmp_path: Path) -> None:
    target = tmp_path / "out.tar"
    assert read_archive(target) is None
    written = write_archive(Image("localhost/t:1", (sample(tmp_path / "a"),)), target)
    assert read_archive(target) == written
    target.with_suffix(".json").unlink()
    assert read_archive(target) is None
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "out.tar"]
