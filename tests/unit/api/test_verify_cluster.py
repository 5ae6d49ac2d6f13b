"""`verify` on a cluster as a use case: its parts, what is asked for, and that nothing is left."""

from pathlib import Path
from typing import Any

import pytest

from rayfence.api.verify_cluster import verify_cluster
from rayfence.errors import Forbidden, SpecError, StateError
from rayfence.model.api_objects import Json
from rayfence.model.evidence import Verification
from rayfence.model.verdict import Verdict
from rayfence.verify.kubernetes.inside.crew import PROBE
from tests.sim.kubernetes.door import ONE_TENANT, applied_stand, spec
from tests.sim.kubernetes.probes import HELLO, SimProbes
from tests.sim.kubernetes.stand import Stand

GATEWAY = "gateway.vision-gateway.svc"


class Site:
    """A platform with one tenant, applied, with a head that runs and a network."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
        self.stand: Stand = applied_stand(monkeypatch, folder)
        self.path = spec(folder, ONE_TENANT)
        self.probes = SimProbes(self.stand.cluster)
        head = self.stand.cluster.find("Pod vision/train-head")
        head["metadata"]["labels"]["rayfence.dev/workload"] = "cluster-train"
        head["status"]["podIP"] = "10.0.0.1"
        labels = {"app.kubernetes.io/name": "rayfence-gateway"}
        metadata = {"name": "gateway-0", "namespace": "vision-gateway", "labels": labels}
        gateway = self.stand.cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": metadata})
        ready = {"type": "Ready", "status": "True"}
        gateway["status"] = {"phase": "Running", "podIP": "10.0.0.2", "conditions": [ready]}
        metrics: dict[str, object] = {"kind": "http", "paths": {"GET /metrics": 200}}
        self.probes.ports |= {"10.0.0.1": {8080: metrics}, "10.0.0.2": {8443: HELLO}, GATEWAY: {443: HELLO}}
        allowed = {("friend", "10.0.0.1", 8080), ("friend", GATEWAY, 443)}
        self.probes.let_in = lambda *way: way in allowed
        self.told: list[str] = []

    def verify(self, only: str = "") -> Verification:
        return verify_cluster(self.path, None, None, self.told.append, only)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Site:
    return Site(monkeypatch, tmp_path)


def verdicts(result: Verification, part: str) -> set[Verdict]:
    return {row.verdict for row in result.evidence if row.attack.startswith(part)}


def test_every_part_has_its_say_and_nothing_is_left_or_changed(site: Site) -> None:
    before = {name: value["metadata"]["resourceVersion"] for name, value in site.stand.cluster.objects.items()}
    result = site.verify()
    assert (result.instance, result.leftovers) == ("research", ())
    assert verdicts(result, "guard.") == {Verdict.PASS}
    assert verdicts(result, "rights.") == {Verdict.PASS}
    # The simulated server has no admission: it takes everything, and that is a hole.
    assert verdicts(result, "admission.") == {Verdict.FAIL}
    assert verdicts(result, "network.") == {Verdict.PASS}
    assert {Verdict.PASS} <= verdicts(result, "ports.") <= {Verdict.PASS, Verdict.NOT_APPLICABLE}
    assert result.exit_status == 1
    now = site.stand.cluster.objects
    assert {name: value["metadata"]["resourceVersion"] for name, value in now.items() if name in before} == before
    assert not [value for value in now.values() if PROBE in value["metadata"].get("labels", {})]
    assert any("attacking" in line for line in site.told)


@pytest.mark.parametrize("only", ["guard.*", "rights.vision.ray-head.secrets", "admission.*unpinned"])
def test_what_needs_no_pod_makes_none(site: Site, only: str) -> None:
    result = site.verify(only)
    assert result.evidence and all(row.attack.startswith(only.partition(".")[0]) for row in result.evidence)
    assert not [call for call in site.stand.cluster.writes if "probe" in call[1]]


def test_who_asks_about_policies_only_waits_for_no_search(site: Site) -> None:
    result = site.verify("network.*")
    assert verdicts(result, "network.") == {Verdict.PASS}
    assert "vision/train-head" not in site.probes.wishes["neighbour"]["targets"]


def test_a_word_inside_names_asks_every_part(site: Site) -> None:
    result = site.verify("metrics")
    assert [row.attack for row in result.evidence] == [
        "ports.vision.cluster-train.head.metrics",
        "ports.vision.cluster-train.head.autoscaler-metrics",
        "ports.vision.cluster-train.head.dashboard-metrics",
    ]
    assert (result.exit_status, result.seconds >= 0) == (0, True)


def test_no_attack_of_that_name(site: Site) -> None:
    with pytest.raises(StateError, match="nonsense"):
        site.verify("nonsense")


def test_an_interruption_removes_the_probe(site: Site) -> None:
    def interrupt(verb: str, value: Json) -> None:
        if verb == "create" and "friend" in str(value):
            raise KeyboardInterrupt

    site.stand.cluster.faults.append(interrupt)
    with pytest.raises(KeyboardInterrupt):
        site.verify("network.*")
    assert not [name for name in site.stand.cluster.references() if "probe" in name]


def test_what_can_not_be_removed_is_named_and_counts(site: Site) -> None:
    site.stand.cluster.denied.add(("delete", "namespaces"))
    result = site.verify("network.*")
    assert set(result.leftovers) == {"Namespace research-probe", "Namespace research-probe-friend"}
    assert result.exit_status == 1 and any("could not remove" in line for line in site.told)


def test_who_may_not_see_pods_or_policies_learns_nothing_about_them(site: Site) -> None:
    def no(verb: str, value: Json) -> None:
        metadata: Any = value.get("metadata") or {}
        if verb == "list" and value.get("kind") in ("Pod", "NetworkPolicy") and metadata.get("namespace"):
            raise Forbidden("cannot list")

    site.stand.cluster.faults.append(no)
    result = site.verify("network.*")
    assert verdicts(result, "network.") == {Verdict.UNKNOWN} and result.exit_status == 2
    assert site.verify("guard.foreign-policies").evidence[0].verdict is Verdict.UNKNOWN


def test_without_the_gateways_image_nothing_is_attacked_from_inside(site: Site, tmp_path: Path) -> None:
    folder = tmp_path / "bare"
    folder.mkdir()
    path = spec(folder, ONE_TENANT, ("images.gateway", ...))
    result = verify_cluster(path, None, None, site.told.append, "network.*")
    (row,) = result.evidence
    assert row.verdict is Verdict.UNKNOWN and "images.gateway" in row.seen


def test_a_local_spec_is_refused(site: Site, tmp_path: Path) -> None:
    local = tmp_path / "local.yaml"
    local.write_text("apiVersion: rayfence.dev/v1alpha1\nkind: Platform\nmetadata: {name: x}\ntarget: {local: {}}\n")
    with pytest.raises(SpecError, match="rayfence verify"):
        verify_cluster(local, None, None, site.told.append)
