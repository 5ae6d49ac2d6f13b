"""Private Service Connect, and IPv6 in every place it can be switched on."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.compute.endpoints import GOOGLE_ORGANIZATION
from tests.unit.policy.constraints.platforms import Made, enforced, listed, made

PRODUCER = "compute.restrictPrivateServiceConnectProducer"
CONSUMER = "compute.disablePrivateServiceConnectCreationForConsumers"


def _endpoint(target: str) -> Made:
    return made().add(
        "compute.googleapis.com/ForwardingRule", "e", {"target": target}, "google_compute_forwarding_rule"
    )


def test_private_service_connect() -> None:
    assert made().judge([listed(CONSUMER, denied=("SERVICE_PRODUCERS",))])[CONSUMER].outcome is Outcome.UNKNOWN
    attachment = "projects/acme-kms/regions/us-central1/serviceAttachments/a"
    assert _endpoint(attachment).judge([listed(CONSUMER, deny_all=True)])[CONSUMER].outcome is Outcome.VIOLATED
    google = f"under:{GOOGLE_ORGANIZATION}"
    assert made().judge([listed(PRODUCER, google)])[PRODUCER].outcome is Outcome.SATISFIED
    assert made().judge([listed(PRODUCER, "under:folders/5")])[PRODUCER].outcome is Outcome.UNKNOWN
    assert _endpoint(attachment).judge([listed(PRODUCER, google)])[PRODUCER].outcome is Outcome.VIOLATED
    assert (
        _endpoint(attachment).judge([listed(PRODUCER, google, "under:folders/3")])[PRODUCER].outcome
        is Outcome.SATISFIED_BY
    )


@pytest.mark.parametrize(
    ("kind", "path", "value", "external"),
    [
        ("Subnetwork", "stackType", "IPV4_IPV6", Outcome.SATISFIED),
        ("Subnetwork", "ipv6AccessType", "EXTERNAL", Outcome.VIOLATED),
        ("Cluster", "ipAllocationPolicy.ipv6AccessType", "EXTERNAL", Outcome.VIOLATED),
        ("Network", "enableUlaInternalIpv6", True, Outcome.SATISFIED),
    ],
)
def test_ipv6(kind: str, path: str, value: object, external: Outcome) -> None:
    names = ("compute.disableAllIpv6", "compute.disableVpcExternalIpv6")
    found = made().set(kind, path, value).judge([enforced(name) for name in names])
    assert found[names[0]].outcome is Outcome.VIOLATED
    assert found[names[1]].outcome is external


def test_external_ipv6_addresses() -> None:
    name = "compute.disableVpcExternalIpv6"
    block = "google_compute_global_address"
    platform = made().add("compute.googleapis.com/GlobalAddress", "a", {"ipVersion": "IPV6"}, block)
    assert platform.judge([enforced(name)])[name].outcome is Outcome.VIOLATED
