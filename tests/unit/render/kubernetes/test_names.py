"""Twin of rayfence.render.kubernetes.names."""

import pytest

from rayfence.render.kubernetes.names import (
    exposure_namespace,
    gateway_identity,
    gateway_namespace,
    kuberay_name,
    tenant_group,
)


def test_names_of_a_tenant() -> None:
    assert gateway_namespace("vision") == "vision-gateway"
    assert gateway_identity("vision") == "gateway.vision-gateway.svc"
    assert exposure_namespace("ml") == "ml-exposure"
    assert tenant_group("vision", "Ray") == "Tenant vision: Ray"


@pytest.mark.parametrize(
    ("cluster", "name"),
    [
        ("train", "train"),
        ("a" * 53, "a" * 50),
        ("abc1" + "b" * 49, "r" + "b" * 49),
        ("abc-" + "b" * 49, "r" + "b" * 49),
    ],
)
def test_names_that_kuberay_clips(cluster: str, name: str) -> None:
    assert kuberay_name(cluster) == name
