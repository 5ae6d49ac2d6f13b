"""Apply, diff and destroy on a real API server: what the simulator's tests say of order and repair holds there too.

Workloads are not waited for (their pods need minutes and room); guards are. Each test has a platform of its own.
"""

import json
import threading
from dataclasses import replace
from typing import Any, cast

import pytest

from rayfence.adapters.kubernetes import connect
from rayfence.api.clock import SystemClock
from rayfence.apply.kubernetes import execute
from rayfence.apply.kubernetes.order import prospect
from rayfence.apply.kubernetes.rehearsal import Conflicts
from rayfence.apply.kubernetes.waiting import NotReady
from rayfence.errors import Busy, Forbidden, KubernetesError
from rayfence.model.api_objects import text_at
from rayfence.model.kubernetes import Manifest
from rayfence.model.receipt import Deed, Outcome
from rayfence.ports.kubernetes import KubernetesApi
from tests.cluster.site import Site

pytestmark = pytest.mark.cluster


def test_applied_twice_repaired_and_taken_back(site: Site) -> None:
    order, before = site.order("a", "b"), site.listing()
    first = execute(order, site.where())
    assert first.outcome is Outcome.COMPLETE and any(item.deed is Deed.SECRET for item in first.done)
    # Nothing differs: nothing is written, seen by the versions of the objects themselves.
    home = f"{site.name}-a"
    versions = site.kubectl("get", "networkpolicies,roles,secrets,resourcequotas", "-n", home, "-o", VERSIONS)
    assert execute(order, site.where()).outcome is Outcome.UNCHANGED
    assert site.kubectl("get", "networkpolicies,roles,secrets,resourcequotas", "-n", home, "-o", VERSIONS) == versions
    # What was taken away comes back; what was changed is shown, and changed back on demand.
    site.kubectl("label", "namespace", home, "rayfence.dev/role-")
    site.kubectl("-n", home, "delete", "networkpolicy", "default-deny")
    assert {item.reference for item in prospect(order, site.where()).changes} == {
        f"Namespace {home}",
        f"NetworkPolicy {home}/default-deny",
    }
    assert execute(order, site.where()).outcome is Outcome.COMPLETE
    patch = json.dumps({"spec": {"hard": {"pods": "999"}}})
    site.kubectl("-n", home, "patch", "resourcequota", "tenant", "--type=merge", "-p", patch)
    with pytest.raises(Conflicts, match=r"\.spec\.hard\.pods \(set by kubectl-patch\)"):
        execute(order, site.where())
    forced = replace(order, forced=frozenset({f"ResourceQuota {home}/tenant"}))
    assert [item.deed for item in execute(forced, site.where()).done] == [Deed.FORCED]
    assert prospect(order, site.where()).drift.objects == ()
    # A tenant that left the spec goes, and in the end everything.
    less = replace(site.order("a"), prune=True)
    assert execute(less, site.where()).outcome is Outcome.COMPLETE
    assert not [line for line in site.listing() if f"{site.name}-b" in line]
    site.destroy(order)
    assert site.listing() == before == set()


VERSIONS = 'jsonpath={range .items[*]}{.metadata.name}={.metadata.resourceVersion}{"\\n"}{end}'


class Cut:
    """A server that is gone after so many calls."""

    def __init__(self, inner: KubernetesApi, calls: int) -> None:
        self._inner, self._left = inner, calls

    def __getattr__(self, name: str) -> Any:
        if self._left <= 0:
            raise KeyboardInterrupt
        self._left -= 1
        return getattr(self._inner, name)


@pytest.mark.parametrize("calls", [30, 60, 90, 110])
def test_interrupted_a_second_apply_completes_it(site: Site, calls: int) -> None:
    order = site.order("a")
    with pytest.raises(KeyboardInterrupt):
        execute(order, site.where(cast(KubernetesApi, Cut(site.api, calls)), "the first"))
    assert execute(order, site.where(host="the second")).outcome in (Outcome.COMPLETE, Outcome.UNCHANGED)
    assert prospect(order, site.where()).drift.objects == ()


def test_two_at_once_do_not_harm_each_other(site: Site) -> None:
    order, ended = site.order("a"), list[object]()

    def run(host: str) -> None:
        api = connect(None, SystemClock(), {"KUBECONFIG": str(site.cluster.kubeconfig)})
        try:
            ended.append(execute(order, site.where(api, host)).outcome)
        except Busy as busy:
            ended.append(busy)
        finally:
            api.close()

    both = [threading.Thread(target=run, args=(host,)) for host in ("one", "two")]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert len(ended) == 2 and Outcome.COMPLETE in ended
    assert prospect(order, site.where()).drift.objects == ()


def test_a_spec_that_kuberay_refuses_fails_with_its_words(site: Site) -> None:
    order = replace(site.order("a"), wait=True, deadline=90.0)
    manifests = tuple(_too_old(one) if one.object["kind"] == "RayCluster" else one for one in order.manifests)
    quiet = tuple(one for one in manifests if one.object["kind"] not in ("StatefulSet", *GUARDS))
    with pytest.raises(NotReady, match=r"InvalidRayClusterSpec.*2\.52") as caught:
        execute(replace(order, manifests=quiet), site.where())
    assert caught.value.left == (f"RayCluster {site.name}-a/train",)


#: Our own admission policies would refuse that spec before the operator sees it.
GUARDS = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")


def _too_old(manifest: Manifest) -> Manifest:
    spec = manifest.object["spec"]
    assert isinstance(spec, dict)
    return replace(manifest, object={**manifest.object, "spec": {**spec, "rayVersion": "2.40.0"}})


def test_our_guards_refuse_that_spec_already(site: Site) -> None:
    order = site.order("a")
    bad = tuple(_too_old(one) if one.object["kind"] == "RayCluster" else one for one in order.manifests)
    with pytest.raises(KubernetesError, match="rayVersion must be a release from"):
        execute(replace(order, manifests=bad), site.where())
    assert not [line for line in site.listing() if line.startswith("RayCluster ")]


def test_missing_rights_are_named_before_anything_is_written(site: Site, namespace: str) -> None:
    site.kubectl("-n", namespace, "create", "serviceaccount", "weak")
    site.kubectl(
        *("create", "clusterrolebinding", f"{site.name}-weak", "--clusterrole=view"),
        f"--serviceaccount={namespace}:weak",
    )
    token = site.kubectl("-n", namespace, "create", "token", "weak").strip()
    config = json.loads(site.kubectl("config", "view", "--raw", "--flatten", "-o", "json"))
    config["users"] = [{"name": user["name"], "user": {"token": token}} for user in config["users"]]
    path = site.folder / "weak.json"
    path.write_text(json.dumps(config))
    weak = connect(None, SystemClock(), {"KUBECONFIG": str(path)})
    try:
        with pytest.raises(Forbidden) as caught:
            execute(site.order("a"), site.where(weak))
    finally:
        weak.close()
        site.kubectl("delete", "clusterrolebinding", f"{site.name}-weak")
    assert "list" in str(caught.value) or "create" in str(caught.value)
    assert site.api.get(site.api.kinds()["v1", "Namespace"], f"{site.name}-a") is None


def test_the_receipt_names_the_user_whom_the_server_saw(site: Site) -> None:
    receipt = execute(site.order("a"), site.where(host="ada@laptop"))
    kind = site.api.kinds()["v1", "ConfigMap"]
    stored = json.loads(text_at(site.api.get(kind, "receipt", f"{site.name}-rayfence"), "data", "receipt.json"))
    assert (stored["by"], stored["host"], stored["outcome"]) == (receipt.by, "ada@laptop", "complete")
    assert len(stored["done"]) == len(receipt.done)
