"""Network policies as nftables rules in a test cluster's own network namespace: what an enforcing network would do.

Test equipment. Covers what rayfence renders: TCP, selectors by labels and expressions, address ranges, port ranges.
Leaves out UDP, names of ports, and what a pod sends to the node itself. Only the first packet of a connection is looked
at, so answers need no memory. Source: networking.k8s.io/v1 NetworkPolicy.
"""

import contextlib
import subprocess
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from rayfence.model.api_objects import Json, at, name_of, namespace_of, object_at, objects_at, text_at
from rayfence.ports.kubernetes import KubernetesApi
from tests.cluster.harness.cluster import Cluster

TABLE: Final = "rayfence_policies"
_FAMILIES: Final = ("inet", "bridge")  # between pods of one node packets are bridged, to Services they are routed
_OPENING: Final = "tcp flags & (syn | ack) == syn"
_PAUSE: Final = 0.2


def ruleset(policies: Iterable[Json], pods: Iterable[Json], namespaces: Iterable[Json]) -> str:
    """The whole table for `nft -f`, replacing the one before."""
    labels = {name_of(value): _labels(value) for value in namespaces}
    running = [pod for pod in pods if text_at(pod, "status", "podIP")]
    by_home: dict[str, list[Json]] = {}
    for policy in policies:
        by_home.setdefault(namespace_of(policy), []).append(policy)
    chains: list[str] = []
    jumps: list[str] = []
    for pod in running:
        own = [
            one for one in by_home.get(namespace_of(pod), ()) if _selects(at(one, "spec", "podSelector"), _labels(pod))
        ]
        address = text_at(pod, "status", "podIP")
        for direction, side, other, peers in (
            ("Ingress", "daddr", "saddr", "from"),
            ("Egress", "saddr", "daddr", "to"),
        ):
            holding = [one for one in own if direction in _types(one)]
            if not holding:
                continue
            name = f"{direction.lower()}_{address.replace('.', '_')}"
            rules = [
                f"ip {other} {{ {', '.join(sources)} }} {ports} return"
                for one in holding
                for rule in objects_at(one, "spec", direction.lower())
                for sources in [sorted(_addresses(objects_at(rule, peers), one, running, labels))]
                for ports in _ports(objects_at(rule, "ports"))
                if sources
            ]
            chains.append(f"chain {name} {{\n{chr(10).join(dict.fromkeys(rules))}\ndrop\n}}")
            jumps.append(f"ip {side} {address} jump {name}")
    parts = []
    for family in _FAMILIES:
        base = "\n".join([f"type filter hook forward priority 10; policy accept;\n{_OPENING} jump judged"])
        judged = "\n".join(jumps)
        parts.append(
            f"table {family} {TABLE}\ndelete table {family} {TABLE}\ntable {family} {TABLE} {{\n"
            f"{chr(10).join(chains)}\nchain judged {{\n{judged}\n}}\nchain forwarded {{\n{base}\n}}\n}}\n"
        )
    return "".join(parts)


def _addresses(
    peers: Sequence[Json], policy: Json, pods: Sequence[Json], namespaces: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """Addresses of everybody whom a rule names; without a peer it is everybody."""
    if not peers:
        yield "0.0.0.0/0"
    for peer in peers:
        cidr = text_at(peer, "ipBlock", "cidr")
        if cidr:
            if ":" not in cidr:
                yield cidr
            continue
        for pod in pods:
            home = namespace_of(pod)
            selector = at(peer, "namespaceSelector")
            inside = home == namespace_of(policy) if selector is None else _selects(selector, namespaces.get(home, {}))
            if inside and _selects(at(peer, "podSelector"), _labels(pod)):
                yield text_at(pod, "status", "podIP")


def _types(policy: Json) -> Sequence[object]:
    found = at(policy, "spec", "policyTypes")
    return found if isinstance(found, list) else ["Ingress"]


def _ports(ports: Sequence[Json]) -> Iterator[str]:
    if not ports:
        yield ""
    for port in ports:
        if port.get("protocol", "TCP") == "TCP":
            first = port["port"]
            yield f"tcp dport {first}-{port['endPort']}" if "endPort" in port else f"tcp dport {first}"


def _selects(selector: object, labels: Mapping[str, str]) -> bool:
    """A missing or empty selector selects everything."""
    wanted = object_at(selector, "matchLabels")
    if not wanted.items() <= labels.items():
        return False
    return all(_holds(one, labels) for one in objects_at(selector, "matchExpressions"))


def _holds(expression: Json, labels: Mapping[str, str]) -> bool:
    value, operator = labels.get(text_at(expression, "key")), expression.get("operator")
    values: Any = expression.get("values") or []
    if operator == "In":
        return value in values
    if operator == "NotIn":
        return value not in values
    return (value is not None) == (operator == "Exists")


def _labels(value: Json) -> Mapping[str, str]:
    return {key: str(text) for key, text in object_at(value, "metadata", "labels").items()}


class Enforced(contextlib.AbstractContextManager["Enforced"]):
    """Policies hold while the context lasts; what changes in the cluster is followed."""

    def __init__(self, cluster: Cluster, api: KubernetesApi) -> None:
        self._cluster, self._api = cluster, api
        self._kinds = api.kinds()
        self._ended = threading.Event()
        self._problem: BaseException | None = None
        self._written = ""
        self._thread = threading.Thread(target=self._follow, name="network policies", daemon=True)

    def __enter__(self) -> Self:
        self.write()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join(timeout=30)
        for family in _FAMILIES:
            self._nft(f"table {family} {TABLE}\ndelete table {family} {TABLE}\n")
        if self._problem is not None and error is None:
            raise self._problem

    def write(self) -> None:
        """Bring the rules to what the cluster says now."""
        read = [
            self._api.list(self._kinds[key])
            for key in (("networking.k8s.io/v1", "NetworkPolicy"), ("v1", "Pod"), ("v1", "Namespace"))
        ]
        text = ruleset(*read)
        if text != self._written:
            self._nft(text)
            self._written = text

    def _follow(self) -> None:
        try:
            while not self._ended.wait(_PAUSE):
                self.write()
        except BaseException as problem:  # noqa: BLE001 - told by the context's end
            self._problem = problem

    def _nft(self, text: str) -> None:
        subprocess.run(self._cluster.inside(["nft", "-f", "-"]), input=text, text=True, check=True)
