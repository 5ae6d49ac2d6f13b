"""Twin of rayfence.render.kubernetes.network.redis."""

from dataclasses import replace

import pytest

from rayfence.errors import RenderError
from rayfence.model.tenancy import FaultTolerance, NamedCluster
from rayfence.render.kubernetes.network.redis import redis, redis_address
from rayfence.render.kubernetes.workloads.listing import workloads
from tests.unit.render.kubernetes.resolutions import PODS, SPEECH, at


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("redis:6379", ("redis", 6379)),
        ("redis", ("redis", 6379)),
        ("redis://r.data.svc:7000/", ("r.data.svc", 7000)),
        ("10.0.0.3:6380", ("10.0.0.3", 6380)),
        ("[fd00::1]:6379", ("fd00::1", 6379)),
    ],
)
def test_addresses(text: str, expected: tuple[str, int]) -> None:
    assert redis_address(text) == expected


@pytest.mark.parametrize("text", ["", ":1", "redis:", "redis:x", "redis:0", "redis:65536", "redis:\u0663"])
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match="Redis"):
        redis_address(text)


def _peers(address: str) -> object:
    pods = replace(PODS, fault_tolerance=FaultTolerance(address, "redis"))
    tenant = replace(SPEECH, clusters=(NamedCluster("asr", pods),))
    (policy,) = redis(workloads(tenant)[0], tenant)
    assert at(policy, "spec", "podSelector", "matchLabels") == {
        "rayfence.dev/workload": "cluster-asr",
        "ray.io/node-type": "head",
    }
    return at(policy, "spec", "egress", 0, "to"), at(policy, "metadata").get("annotations", {})  # type: ignore[attr-defined]


def _namespace(name: str) -> list[object]:
    return [{"podSelector": {}, "namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}]


@pytest.mark.parametrize(
    ("address", "peers"),
    [
        ("10.0.0.3:6380", [{"ipBlock": {"cidr": "10.0.0.3/32"}}]),
        ("[fd00::1]:6379", [{"ipBlock": {"cidr": "fd00::1/128"}}]),
        ("redis:6379", _namespace("speech")),
        ("redis.data:6379", _namespace("data")),
        ("redis.data.svc.cluster.local:6379", _namespace("data")),
    ],
)
def test_peers_are_as_narrow_as_the_address_allows(address: str, peers: list[object]) -> None:
    assert _peers(address) == (peers, {})


def test_a_foreign_name_is_wide_and_says_so() -> None:
    peers, annotations = _peers("redis.acme.example.com:6379")  # type: ignore[misc]
    assert len(peers) == 3  # type: ignore[has-type]
    assert "wide" in str(annotations)  # type: ignore[has-type]


def test_no_state_store_no_rule() -> None:
    tenant = replace(SPEECH, clusters=(NamedCluster("asr", PODS),))
    assert redis(workloads(tenant)[0], tenant) == ()
