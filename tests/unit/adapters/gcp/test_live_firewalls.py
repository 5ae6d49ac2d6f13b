"""Firewall rules of a network, or of one that is yet to be made."""

import pytest

from rayfence.adapters.gcp.live_firewalls import inherited_firewalls, network_firewalls
from rayfence.adapters.gcp.rest import GoogleApi, GoogleApiError
from tests.sim.google_apis import SimGoogle


def test_a_network_that_is_not_there_tells_nothing() -> None:
    with SimGoogle() as sim, GoogleApi("", sim.overrides) as api:
        assert network_firewalls(api, "acme-ml", "vpc") is None


def test_googles_default_order_is_written_out() -> None:
    sim = SimGoogle(networks={"acme-ml/vpc": {"network": {"name": "vpc"}, "firewalls": {}}})
    with sim, GoogleApi("", sim.overrides) as api:
        found = network_firewalls(api, "acme-ml", "vpc")
    assert found == {"networkFirewallPolicyEnforcementOrder": "AFTER_CLASSIC_FIREWALL"}


def test_policies_come_from_the_organisation_downwards() -> None:
    sim = SimGoogle(
        associations={"organizations/1": ["1"], "folders/2": ["2", "3"]},
        firewall_policies={number: {"shortName": number} for number in "123"},
    )
    with sim, GoogleApi("", sim.overrides) as api:
        found = inherited_firewalls(api, ("folders/2", "organizations/1"))
    policies = found["firewallPolicys"]
    assert isinstance(policies, list)
    assert [policy["shortName"] for policy in policies] == ["1", "2", "3"]


def test_a_policy_that_is_named_and_not_there_is_an_error() -> None:
    with (
        SimGoogle(associations={"folders/2": ["9"]}) as sim,
        GoogleApi("", sim.overrides) as api,
        pytest.raises(GoogleApiError, match="404"),
    ):
        inherited_firewalls(api, ("folders/2",))
