"""The gateway's image is signed with a key, its bill of materials too, and only that key's signature is taken."""

import json
import os
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from rayfence import __version__
from tests.cluster.harness.programs import SIGNING, built
from tests.cluster.images.archive import Archive
from tests.cluster.images.gateway import gateway_image
from tests.cluster.images.registry import publish, registry
from tools.sbom import bill_of_materials, contents

pytestmark = pytest.mark.cluster


@dataclass(frozen=True, slots=True)
class Signer:
    """cosign with a pair of keys. `reference`: the published image."""

    program: Path
    folder: Path
    reference: str

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run it; nothing it does reaches beyond loopback: no transparency log, no time stamps, no certificates."""
        environment = {**os.environ, "COSIGN_PASSWORD": "of a test", "HOME": str(self.folder)}
        command = [str(self.program), *arguments]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, check=False)

    def works(self, *arguments: str) -> str:
        """Run it and return what it prints."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def image() -> Archive:
    """The image of these sources."""
    return gateway_image(print)


@pytest.fixture(scope="module")
def signer(image: Archive, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Signer]:
    """cosign, a registry that holds the image, and keys."""
    programs = built(print, (SIGNING,))
    folder = tmp_path_factory.mktemp("keys")
    with registry(programs["registry"]) as address:
        signer = Signer(programs["cosign"], folder, publish(image, address))
        signer.works("generate-key-pair")
        yield signer


def test_the_bill_of_materials_is_valid_complete_and_always_the_same(image: Archive) -> None:
    digest, rows = contents(image.path)
    assert digest == image.digest
    text = bill_of_materials(rows, digest, __version__)
    assert text == bill_of_materials(list(reversed(rows)), digest, __version__)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    known = {component["purl"].partition("@")[0] for component in json.loads(text)["components"]}
    assert {"pkg:pypi/starlette", "pkg:pypi/cryptography", "pkg:github/envoyproxy/envoy"} <= known
    # What no Python tool sees: the libraries under the interpreter.
    assert {"pkg:deb/debian/libc6", "pkg:deb/debian/libssl3"} <= known
    assert not known & {"pkg:pypi/pip", "pkg:pypi/ray", "pkg:pypi/pydantic", "pkg:deb/debian/bash"}


def test_only_the_right_key_verifies_and_only_what_was_signed(signer: Signer, image: Archive) -> None:
    offline = ("--key", "cosign.key", "--yes", "--tlog-upload=false", "--use-signing-config=false")
    local = ("--allow-http-registry", "--allow-insecure-registry")
    check = ("verify", "--insecure-ignore-tlog=true", *local)
    assert signer.run(*check, "--key", "cosign.pub", signer.reference).returncode != 0, "nothing is signed yet"

    signer.works("sign", *offline, *local, signer.reference)
    seen = json.loads(signer.works(*check, "--key", "cosign.pub", signer.reference))
    assert [one["critical"]["image"]["docker-manifest-digest"] for one in seen] == [image.digest]

    signer.works("generate-key-pair", "--output-key-prefix", "stranger")
    assert signer.run(*check, "--key", "stranger.pub", signer.reference).returncode != 0


def test_the_bill_of_materials_is_attested_under_the_same_key(signer: Signer, image: Archive) -> None:
    digest, rows = contents(image.path)
    document = signer.folder / "gateway.cdx.json"
    document.write_text(bill_of_materials(rows, digest, __version__), encoding="utf-8")
    offline = ("--key", "cosign.key", "--yes", "--tlog-upload=false", "--use-signing-config=false")
    local = ("--allow-http-registry", "--allow-insecure-registry")
    what = ("--type", "cyclonedx", "--predicate", document.name)
    signer.works("attest", *offline, *local, *what, signer.reference)
    check = ("verify-attestation", "--insecure-ignore-tlog=true", *local, "--type", "cyclonedx")
    assert signer.works(*check, "--key", "cosign.pub", signer.reference)
