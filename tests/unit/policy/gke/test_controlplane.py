"""The API server: by its DNS name alone, unless the spec asks for addresses and the organisation lets it."""

from dataclasses import replace

import pytest

from rayfence.model.gke import ControlPlane, ControlPlaneAccess
from rayfence.model.orgpolicy import CustomConstraint
from rayfence.policy.gke.controlplane import DNS_ONLY as RULE
from tests.unit.policy.platforms import decision, facts, minimal, on, refused, resolved, resolved_with, waiver

PRIVATE = ControlPlane(ControlPlaneAccess.PRIVATE, ("10.60.0.0/24",))


def test_dns_alone_by_default() -> None:
    resolution = resolved(minimal(), on(RULE))
    assert resolution.gke is not None
    plane = resolution.gke.control_plane
    assert (plane.dns_endpoint, plane.ip_endpoint, plane.public_ip_endpoint, plane.authorized) == (
        True,
        False,
        False,
        (),
    )
    assert decision(resolution, "gke.control_plane.ip_endpoint").rules == (RULE,)


def test_an_address_contradicts_the_constraint() -> None:
    assert resolved(minimal(control_plane=PRIVATE)).conflicts == ()
    bound = resolved(minimal(control_plane=PRIVATE), on(RULE))
    (conflict,) = bound.conflicts
    assert conflict.fields == ("target.gke.controlPlane.access",)
    assert "rayfence-exception" in conflict.request


def test_public_networks_take_a_waiver() -> None:
    plane = ControlPlane(ControlPlaneAccess.AUTHORIZED, ("198.51.100.0/24", "203.0.113.0/24", "8.8.8.0/24"))
    platform = minimal(control_plane=plane)
    assert "public-control-plane" in refused(resolved(platform))
    waived = resolved(replace(platform, waivers=(waiver("public-control-plane"),)))
    assert waived.conflicts == ()
    assert waived.gke is not None
    assert waived.gke.control_plane.public_ip_endpoint


@pytest.mark.parametrize(
    ("plane", "field"),
    [
        (ControlPlane(ControlPlaneAccess.AUTHORIZED, ("0.0.0.0/0",)), "target.gke.controlPlane.authorized[0]"),
        (ControlPlane(ControlPlaneAccess.AUTHORIZED, ("::/0",)), "target.gke.controlPlane.authorized[0]"),
        (ControlPlane(ControlPlaneAccess.AUTHORIZED, ("here",)), "target.gke.controlPlane.authorized[0]"),
        (ControlPlane(ControlPlaneAccess.PRIVATE, ("8.8.8.0/24",)), "target.gke.controlPlane.authorized[0]"),
        (ControlPlane(ControlPlaneAccess.AUTHORIZED, ()), "target.gke.controlPlane.authorized"),
    ],
)
def test_networks_that_let_everybody_or_nobody_in_are_refused(plane: ControlPlane, field: str) -> None:
    assert field in refused(resolved(minimal(control_plane=plane)))


def test_custom_constraints_on_legacy_fields_are_a_told_risk() -> None:
    rule = CustomConstraint(
        "custom.gkeRequireMasterAuthorizedNetworks",
        ("container.googleapis.com/Cluster",),
        ("CREATE",),
        "resource.masterAuthorizedNetworksConfig.enabled == false",
        True,
        "",
        "custom.json",
    )
    resolution = resolved_with(minimal(), facts(custom=(rule,)))
    assert any(text.startswith(rule.name) for text in resolution.warnings)
