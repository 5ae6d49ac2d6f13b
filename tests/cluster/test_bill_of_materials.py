"""The bill of materials of the gateway's image: valid, complete, and the same for the same image."""

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from rayfence import __version__
from tests.cluster.images.gateway import gateway_image
from tools.sbom import bill_of_materials, contents

pytestmark = pytest.mark.cluster


def test_the_bill_of_materials_is_valid_complete_and_always_the_same() -> None:
    image = gateway_image(print)
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
