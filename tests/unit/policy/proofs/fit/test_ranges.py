from dataclasses import replace

from rayfence.catalog.gke_capacity import load_gke_capacity
from rayfence.model.verdict import Verdict
from rayfence.policy.proofs.fit.pods import pod_needs
from rayfence.policy.proofs.fit.ranges import most_nodes, overlaps, parse_range, range_uses
from tests.unit.policy.proofs.made import GKE, INTERNAL, NETWORK, POOL, resolution

FIGURES = load_gke_capacity()
NEEDS = pod_needs(resolution().platform, FIGURES)


def test_a_node_of_110_pods_takes_a_24() -> None:
    gke = replace(GKE, pools=(replace(POOL, max_nodes=15),), network=replace(NETWORK, pods_cidr="10.16.0.0/20"))
    uses = {use.name: use for use in range_uses(gke, resolution().platform, NEEDS, FIGURES.networks)}
    assert (uses["pods"].has, uses["pods"].needs, uses["pods"].verdict) == (16, 16, Verdict.PASS)
    more = replace(gke, pools=(replace(POOL, max_nodes=16),))
    uses = {use.name: use for use in range_uses(more, resolution().platform, NEEDS, FIGURES.networks)}
    assert uses["pods"].verdict is Verdict.FAIL
    tiny = replace(gke, network=replace(NETWORK, pods_cidr="10.16.0.0/25"))
    assert range_uses(tiny, resolution().platform, NEEDS, FIGURES.networks)[1].has == 0


def test_internal_load_balancers_take_addresses_of_the_nodes() -> None:
    plain = range_uses(GKE, resolution().platform, NEEDS, FIGURES.networks)[0].needs
    exposed = replace(GKE, internal=INTERNAL)
    assert range_uses(exposed, resolution().platform, NEEDS, FIGURES.networks)[0].needs == plain + 1
    assert most_nodes(GKE, NEEDS) == 9


def test_overlaps_and_what_is_no_range() -> None:
    crossing = replace(NETWORK, services_cidr="10.16.4.0/22", proxy_only_cidr=None)
    assert list(overlaps(crossing)) == [("podsCidr", "servicesCidr")]
    assert list(overlaps(NETWORK)) == []
    assert parse_range("nonsense") is None and parse_range("2001:db8::/32") is None and parse_range(None) is None
