"""Address ranges: apart from each other, and large enough for what will live in them."""

from collections.abc import Iterator
from ipaddress import IPv4Network

from rayfence.spec.view import Problem, View

_FIELDS = ("nodesCidr", "podsCidr", "servicesCidr", "proxyOnlyCidr")


def _ranges(document: View) -> list[tuple[View, IPv4Network]]:
    network = document.at("target", "gke", "network")
    found = []
    for kind in network.names():
        for field in _FIELDS:
            view = network.at(kind, field)
            try:
                found.append((view, IPv4Network(view.text or "")))
            except ValueError:
                continue
    return found


def apart(document: View) -> Iterator[Problem]:
    """Ranges of one network do not overlap."""
    seen: list[tuple[View, IPv4Network]] = []
    for view, network in _ranges(document):
        for other, taken in seen:
            if network.overlaps(taken):
                yield view.problem(f"{network} overlaps with {other.path[-1]} {taken}")
        seen.append((view, network))


def large_enough(document: View) -> Iterator[Problem]:
    """Room for the nodes that pools may have, their pods (a /24 per node: 110 pods) and Services.

    Four addresses of a subnet are Google's. Source: GKE, "Creating a VPC-native cluster", sizes of ranges.
    """
    pools = list(document.at("target", "gke", "pools").items())
    counts = [pool.at("maxNodes").number if pool.at("maxNodes").given else 4 for pool in pools]
    nodes = sum(count for count in counts if count is not None)
    for view, network in _ranges(document):
        room, what = network.num_addresses, view.path[-1]
        if what == "nodesCidr":
            if network.prefixlen > 29:
                yield view.problem(f"{network} is too small for a subnet; at least a /29")
            elif room - 4 < nodes:
                yield view.problem(f"{network} has room for {room - 4} nodes, but pools may have {nodes}")
        elif what == "podsCidr":
            if network.prefixlen > 21 or room // 256 < nodes:
                yield view.problem(f"{network} has room for {room // 256} nodes of 110 pods; at least {max(nodes, 8)}")
        elif what == "servicesCidr" and not 16 <= network.prefixlen <= 27:
            yield view.problem(f"{network}: the range of Services is a /16 to /27")
        elif what == "proxyOnlyCidr" and network.prefixlen > 26:
            yield view.problem(f"{network} is too small for a proxy-only subnet; at least a /26")


def proxies(document: View) -> Iterator[Problem]:
    """Regional and internal application load balancers need their proxies' subnet."""
    scope = document.at("exposure", "iap", "scope")
    network = document.at("target", "gke", "network")
    if scope.text not in ("regional", "internal"):
        return
    for kind in network.names():
        if not network.at(kind, "proxyOnlyCidr").given:
            yield scope.problem(f"scope: {scope.text} needs target.gke.network.{kind}.proxyOnlyCidr")
