"""Twin of rayfence.render.kubernetes.operator.deployment."""

import json

import pytest

from rayfence.errors import RenderError
from rayfence.model.cluster_platform import Operator
from rayfence.render.kubernetes.operator.deployment import CRD_DIGESTS, operator_arguments, operator_deployment
from tests.unit.render.kubernetes.resolutions import OPERATOR_IMAGE, at, existing


def test_it_watches_our_tenants_only() -> None:
    arguments = operator_arguments(existing())
    assert "--watch-namespace=vision,speech" in arguments
    assert arguments[0].startswith("--feature-gates=GCSFaultToleranceEmbeddedStorage=false,")


def test_it_is_pinned_and_restricted() -> None:
    value = operator_deployment(existing())
    container = at(value, "spec", "template", "spec", "containers", 0)
    assert at(container, "image") == OPERATOR_IMAGE
    assert at(container, "securityContext", "readOnlyRootFilesystem") is True
    for image in (None, "quay.io/kuberay/operator:v1.7.0"):
        with pytest.raises(RenderError, match="digest"):
            operator_deployment(existing(operator=Operator(image=image)))


def test_its_kinds_are_named_by_release_and_digest() -> None:
    annotation = at(operator_deployment(existing()), "metadata", "annotations", "rayfence.dev/kinds")
    kinds = json.loads(str(annotation))
    assert kinds.pop("release") == "1.7.0"
    assert kinds == CRD_DIGESTS["1.7.0"]
    for digests in CRD_DIGESTS.values():
        assert len(digests) == 4
        assert all(len(digest) == 64 for digest in digests.values())
