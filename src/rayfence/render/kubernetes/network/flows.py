"""One network policy, its peers and ports, as JSON.

Policies only ever add to each other: each of ours opens one flow, named after it, over a default deny.
Source: networking.k8s.io/v1 NetworkPolicy.
"""

from collections.abc import Iterable, Mapping

from rayfence.render.kubernetes.names import NAMESPACE_NAME
from rayfence.render.kubernetes.shape import Json, resource


def policy(
    name: str,
    namespace: str,
    pods: Mapping[str, str],
    *,
    ingress: list[Json] | None = None,
    egress: list[Json] | None = None,
    notice: Mapping[str, str] | None = None,
) -> Json:
    """A policy of the pods with these labels (none: all). None for a direction leaves it to other policies."""
    spec: Json = {"podSelector": {"matchLabels": dict(pods)} if pods else {}}
    types = []
    if ingress is not None:
        types.append("Ingress")
        if ingress:
            spec["ingress"] = ingress
    if egress is not None:
        types.append("Egress")
        if egress:
            spec["egress"] = egress
    spec["policyTypes"] = types
    return resource("networking.k8s.io/v1", "NetworkPolicy", name, namespace, annotations=notice, spec=spec)


def default_deny(namespace: str) -> Json:
    """Nothing in, nothing out. Applied before anything runs: pods may start before their own policy exists."""
    return policy("default-deny", namespace, {}, ingress=[], egress=[])


def pods(labels: Mapping[str, str], namespace: str | None = None) -> Json:
    """Pods with these labels, of the policy's own namespace or of one by name."""
    peer: Json = {"podSelector": {"matchLabels": dict(labels)} if labels else {}}
    if namespace is not None:
        peer["namespaceSelector"] = {"matchLabels": {NAMESPACE_NAME: namespace}}
    return peer


def namespaces(labels: Mapping[str, str], pod_labels: Mapping[str, str] | None = None) -> Json:
    """Pods of every namespace with these labels. An empty selector would be every namespace: refused."""
    if not labels:
        raise ValueError("a selector of all namespaces is no peer")
    peer: Json = {"namespaceSelector": {"matchLabels": dict(labels)}}
    if pod_labels:
        peer["podSelector"] = {"matchLabels": dict(pod_labels)}
    return peer


def blocks(cidrs: Iterable[str], without: Iterable[str] = ()) -> list[Json]:
    """Address ranges; `without` is cut out of those that hold it (same address family)."""
    excluded = list(without)
    found: list[Json] = []
    for cidr in cidrs:
        inside = [part for part in excluded if (":" in part) == (":" in cidr)]
        found.append({"ipBlock": {"cidr": cidr, "except": inside} if inside else {"cidr": cidr}})
    return found


def tcp(*ports: int) -> list[Json]:
    """TCP ports."""
    return [{"protocol": "TCP", "port": port} for port in ports]


def udp(*ports: int) -> list[Json]:
    """UDP ports."""
    return [{"protocol": "UDP", "port": port} for port in ports]


def into(peers: list[Json], ports: list[Json]) -> Json:
    """An ingress rule. Without a peer or a port it would mean everything: refused."""
    if not peers or not ports:
        raise ValueError("an ingress rule needs peers and ports")
    return {"from": peers, "ports": ports}


def out_to(peers: list[Json], ports: list[Json]) -> Json:
    """An egress rule. Without a peer or a port it would mean everything: refused."""
    if not peers or not ports:
        raise ValueError("an egress rule needs peers and ports")
    return {"to": peers, "ports": ports}
