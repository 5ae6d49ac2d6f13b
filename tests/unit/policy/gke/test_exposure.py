"""Ways in: only load balancers that the organisation allows, to networks that are named."""

from dataclasses import replace

import pytest

from rayfence.model.gke import IapExposure, IapScope, InternalExposure, Network, NetworkKind
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.policy.gke.exposure import NO_GLOBAL, TYPES
from tests.unit.policy.platforms import allow, decision, deny, minimal, on, open_question, refused, resolved

IAP = IapExposure("ray.acme.com", ("group:ml@acme.com",))
INTERNAL = InternalExposure(("10.0.0.0/8",))
CORP = Network(NetworkKind.EXISTING, "corp", "ml")


@pytest.mark.parametrize(
    ("scope", "name"),
    [
        (IapScope.GLOBAL, "gke-l7-global-external-managed"),
        (IapScope.REGIONAL, "gke-l7-regional-external-managed"),
        (IapScope.INTERNAL, "gke-l7-rilb"),
    ],
)
def test_each_scope_has_its_class(scope: IapScope, name: str) -> None:
    resolution = resolved(minimal(iap=replace(IAP, scope=scope)), on("compute.requireSslPolicy"))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.gateway_class == name
    assert resolution.gke.ssl_policy
    assert decision(resolution, "gke.ssl_policy").rules == ("compute.requireSslPolicy",)


def test_neither_by_default() -> None:
    resolution = resolved(minimal())
    assert resolution.gke is not None
    assert (resolution.gke.iap, resolution.gke.internal, resolution.gke.gateway_class) == (None, None, None)


@pytest.mark.parametrize(
    "policy", [on(NO_GLOBAL), open_question(NO_GLOBAL), allow(TYPES, "EXTERNAL_MANAGED_HTTP_HTTPS")]
)
def test_the_regional_one_takes_the_place_of_the_global_one(policy: EffectivePolicy) -> None:
    resolution = resolved(minimal(iap=IAP), policy)
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.gateway_class == "gke-l7-regional-external-managed"
    assert resolution.gke.iap is not None
    assert resolution.gke.iap.scope is IapScope.REGIONAL
    assert decision(resolution, "gke.gateway_class").rules == (policy.constraint,)
    without = resolved(minimal(iap=IAP, network=CORP), policy)
    assert "target.gke.network.existing.proxyOnlyCidr" in refused(without)


def test_internal_only_proposes_the_internal_class_and_stops() -> None:
    resolution = resolved(minimal(iap=IAP), allow(TYPES, "in:INTERNAL"))
    (conflict,) = resolution.conflicts
    assert conflict.rules == (TYPES,)
    assert conflict.fields == ("exposure.iap.scope",)
    assert any("gke-l7-rilb" in remedy for remedy in conflict.remedies)
    assert "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS" in conflict.request
    assert resolution.gke is not None
    assert resolution.gke.gateway_class == "gke-l7-rilb"
    agreed = resolved(minimal(iap=replace(IAP, scope=IapScope.INTERNAL)), allow(TYPES, "in:INTERNAL"))
    assert agreed.conflicts == ()


def test_nothing_allowed_leaves_the_request() -> None:
    (conflict,) = resolved(minimal(iap=IAP), deny(TYPES)).conflicts
    assert not any("rilb" in remedy for remedy in conflict.remedies)
    both = resolved(minimal(iap=IAP), on(NO_GLOBAL), allow(TYPES, "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS"))
    assert both.conflicts[0].rules == (NO_GLOBAL,)


def test_the_articles_ingress_needs_the_classic_type() -> None:
    legacy = replace(IAP, legacy_ingress=True)
    free = resolved(minimal(iap=legacy))
    assert free.conflicts == ()
    assert free.gke is not None
    assert free.gke.gateway_class is None
    assert any("legacy" in text for text in free.warnings)
    for policy in (allow(TYPES, "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS"), on(NO_GLOBAL)):
        assert "exposure.iap.legacyIngress" in refused(resolved(minimal(iap=legacy), policy))
    regional = replace(legacy, scope=IapScope.REGIONAL)
    assert "exposure.iap.scope" in refused(resolved(minimal(iap=regional)))


def test_the_internal_balancer_has_sources_and_a_subnet() -> None:
    resolution = resolved(minimal(internal=INTERNAL), allow(TYPES, "in:INTERNAL"))
    assert resolution.conflicts == ()
    assert resolution.gke is not None
    assert resolution.gke.internal == replace(INTERNAL, subnetwork="ml-nodes")
    assert "exposure.internal" in refused(resolved(minimal(internal=INTERNAL), deny(TYPES, "INTERNAL_TCP_UDP")))
    shared = Network(NetworkKind.SHARED_VPC, "corp", "ml", host_project="acme-net")
    other = minimal(internal=replace(INTERNAL, subnetwork="lb"), network=shared)
    subnets = allow("compute.restrictSharedVpcSubnetworks", "projects/acme-net/regions/us-central1/subnetworks/ml")
    assert "exposure.internal.subnetwork" in refused(resolved(other, subnets))


@pytest.mark.parametrize("ranges", [(), ("0.0.0.0/0",), ("office",)])
def test_the_whole_world_is_no_source(ranges: tuple[str, ...]) -> None:
    fields = refused(resolved(minimal(internal=InternalExposure(ranges))))
    assert any(field.startswith("exposure.internal.sourceRanges") for field in fields)
