"""`rayfence.spec.v1alpha1.rules.addresses`: ranges are apart, and large enough."""

import pytest

from tests.sim.platforms import changed, gke, mistakes

NETWORK = "target.gke.network.spoke"


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("servicesCidr", "10.4.0.0/20", "10.4.0.0/20 overlaps with podsCidr 10.4.0.0/16"),
        ("proxyOnlyCidr", "10.0.0.0/23", "10.0.0.0/23 overlaps with nodesCidr 10.0.0.0/22"),
        ("nodesCidr", "10.0.0.0/30", "10.0.0.0/30 is too small for a subnet; at least a /29"),
        ("nodesCidr", "10.0.0.0/29", "10.0.0.0/29 has room for 4 nodes, but pools may have 8"),
        ("podsCidr", "10.4.0.0/22", "10.4.0.0/22 has room for 4 nodes of 110 pods; at least 8"),
        ("servicesCidr", "10.8.0.0/28", "10.8.0.0/28: the range of Services is a /16 to /27"),
        ("servicesCidr", "10.12.0.0/14", "10.12.0.0/14: the range of Services is a /16 to /27"),
        ("proxyOnlyCidr", "10.9.0.0/27", "10.9.0.0/27 is too small for a proxy-only subnet; at least a /26"),
    ],
)
def test_told(field: str, value: str, said: str) -> None:
    assert mistakes(changed(gke(), (f"{NETWORK}.{field}", value))) == (f"{NETWORK}.{field}: {said}",)


def test_nodes_of_all_pools_count() -> None:
    told = mistakes(changed(gke(), ("target.gke.pools.0.maxNodes", 300)))
    assert told == (f"{NETWORK}.podsCidr: 10.4.0.0/16 has room for 256 nodes of 110 pods; at least 304",)


def test_proxies_need_a_subnet() -> None:
    told = mistakes(changed(gke(), (f"{NETWORK}.proxyOnlyCidr", ...)))
    assert told == (f"exposure.iap.scope: scope: internal needs {NETWORK}.proxyOnlyCidr",)
