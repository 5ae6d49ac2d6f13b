"""A registry in memory for one test, and how an archive gets into it.

Source: OCI distribution specification 1.1, "Pushing blobs" (one POST for a whole blob) and "Pushing manifests".
"""

import contextlib
import http.client
import json
import subprocess
import tarfile
from collections.abc import Iterator
from pathlib import Path

from tests.cluster.harness.places import ClusterError
from tests.cluster.images.archive import Archive

_MANIFEST = "application/vnd.oci.image.manifest.v1+json"


@contextlib.contextmanager
def registry(program: Path) -> Iterator[str]:
    """Run it; gives its address, as `127.0.0.1:PORT`. It ends with this block, or with this process."""
    running = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        port = running.stdout.readline().strip() if running.stdout else ""
        if not port:
            raise ClusterError("the registry did not start")
        yield f"127.0.0.1:{port}"
    finally:
        running.kill()
        running.communicate()


def publish(archive: Archive, address: str) -> str:
    """Push an image; return the reference by which it can be pulled there. Raises: ClusterError."""
    repository = archive.name.rpartition("/")[2].partition(":")[0]
    connection = http.client.HTTPConnection(address, timeout=60)
    with contextlib.closing(connection), tarfile.open(archive.path) as content:
        manifest = _blob(content, archive.digest)
        parts = json.loads(manifest)
        for blob in (parts["config"], *parts["layers"]):
            _send(
                connection,
                "POST",
                f"/v2/{repository}/blobs/uploads/?digest={blob['digest']}",
                _blob(content, blob["digest"]),
            )
        _send(connection, "PUT", f"/v2/{repository}/manifests/{archive.digest}", manifest, _MANIFEST)
    return f"{address}/{repository}@{archive.digest}"


def _blob(content: tarfile.TarFile, digest: str) -> bytes:
    stream = content.extractfile(f"blobs/sha256/{digest.removeprefix('sha256:')}")
    if stream is None:
        raise ClusterError(f"the archive holds no {digest}")
    return stream.read()


def _send(
    connection: http.client.HTTPConnection, method: str, path: str, body: bytes, kind: str = "application/octet-stream"
) -> None:
    connection.request(method, path, body, {"Content-Type": kind})
    answer = connection.getresponse()
    text = answer.read()
    if answer.status != 201:
        raise ClusterError(f"{method} {path}: {answer.status} {text[:300]!r}")
