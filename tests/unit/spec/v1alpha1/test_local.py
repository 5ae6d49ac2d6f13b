"""`rayfence.spec.v1alpha1.local`: bounds and checks of the fields of target local."""

import pytest

from rayfence.errors import SpecError
from rayfence.spec import v1alpha1
from rayfence.spec.load import load_local as load

HEAD = f"apiVersion: {v1alpha1.API_VERSION}\nkind: Platform\n"


@pytest.mark.parametrize(
    "body",
    [
        "tenants: [{clusters: [{head: {cpus: 0}, workers: []}]}]",
        "tenants: [{clusters: [{workers: [{name: a}, {name: a}]}]}]",
        "identity: {tokens: {tokenMinutes: 90, maxTokenMinutes: 60}}",
        "target: {local: {gateway: {apiHosts: ['*.example.com']}}}",
        "target: {local: {gateway: {apiHosts: ['host:80']}}}",
        "target: {local: {gateway: {port: 80}}}",
        "tenants: [{name: a}, {name: b}]",
        "limits: {submitsPerMinute: 0}",
        "tenants: [{clusters: [{ray: {version: latest}}]}]",
    ],
)
def test_refused(body: str) -> None:
    with pytest.raises(SpecError):
        load(f"{HEAD}{body}\n")


def test_values_reach_the_internal_form() -> None:
    platform = load(
        HEAD
        + "metadata: {name: ml}\n"
        + "target: {local: {gateway: {port: 9443, apiHosts: [ray.acme.test]}}}\n"
        + "identity: {tokens: {tokenMinutes: 5}}\n"
        + "tenants: [{name: vision, clusters: [{objectStoreMib: 100, workers: [{name: gpu, replicas: 3, cpus: 4}]}]}]\n"
    )
    assert (platform.name, platform.target.port) == ("ml", 9443)
    assert platform.limits.token_seconds == 300
    assert platform.tenant.cluster.object_store_bytes == 100 * 1024 * 1024
    assert [(group.name, group.replicas, group.cpus) for group in platform.tenant.cluster.workers] == [("gpu", 3, 4)]


def test_a_bare_local_target_is_enough() -> None:
    assert load(f"{HEAD}target:\n  local:\n").target.port is None
