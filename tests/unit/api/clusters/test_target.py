"""Twin of rayfence.api.clusters.target."""

from pathlib import Path

import pytest

from rayfence.api.clusters import records
from rayfence.api.clusters.target import ClusterTarget, LocalTarget, Where, target_of, workload_of
from rayfence.errors import PreflightError, RayfenceError, SpecError, StateError
from tests.sim.kubernetes.door import spec

LOCAL = "apiVersion: rayfence.dev/v1alpha1\nkind: Platform\nmetadata: {name: lab}\ntarget: {local: {}}\n"


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Where records go."""
    monkeypatch.setattr("rayfence.api.clusters.records.state_root", lambda _: tmp_path / "state")
    return tmp_path / "instances"


def cluster(where: Where) -> ClusterTarget:
    found = target_of(where)
    assert isinstance(found, ClusterTarget)
    return found


def test_a_spec_decides_by_its_target(tmp_path: Path) -> None:
    found = cluster(Where(spec=spec(tmp_path), tenant="vision", context="c"))
    assert (found.platform.name, found.context, found.one().name) == ("research", "c", "vision")
    local = tmp_path / "local.yaml"
    local.write_text(LOCAL)
    assert target_of(Where(spec=local)) == LocalTarget("lab", None)
    with pytest.raises(PreflightError, match="neither tenants"):
        target_of(Where(spec=local, tenant="vision"))
    with pytest.raises(SpecError, match="other"):
        target_of(Where(spec=spec(tmp_path), name="other"))


def test_a_name_is_an_instance_first_and_a_recorded_platform_then(tmp_path: Path, state: Path) -> None:
    assert target_of(Where()) == LocalTarget(None, None)
    assert target_of(Where(name="research", state_dir=state)) == LocalTarget("research", state)
    records.remember("research", spec(tmp_path), "prod", None)
    found = cluster(Where(name="research", state_dir=state, tenant="speech"))
    assert (found.context, found.one().name) == ("prod", "speech")
    assert cluster(Where(name="research", state_dir=state, context="other")).context == "other"
    spec(tmp_path).unlink()
    with pytest.raises(StateError, match="any more"):
        target_of(Where(name="research", state_dir=state))
    spec(tmp_path, ("metadata.name", "renamed"))
    with pytest.raises(StateError, match="any more"):
        target_of(Where(name="research", state_dir=state))


def test_options_of_clusters_need_a_platform(tmp_path: Path, state: Path) -> None:
    for where in (Where(tenant="vision"), Where(name="absent", state_dir=state, context="c")):
        with pytest.raises(PreflightError, match="about a platform in a cluster") as caught:
            target_of(where)
        assert "-f" in caught.value.hint
    records.remember("research", spec(tmp_path), None, None)
    with pytest.raises(PreflightError) as caught:
        target_of(Where(name="absent", state_dir=state, tenant="vision"))
    assert "research" in caught.value.hint


def test_one_tenant_must_be_meant_where_one_is_needed(tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="speech"):
        cluster(Where(spec=spec(tmp_path))).one()
    with pytest.raises(PreflightError) as caught:
        target_of(Where(spec=spec(tmp_path), tenant="absent"))
    assert "vision, speech" in caught.value.hint


def test_a_ray_object_by_name_or_label_or_the_main_one(tmp_path: Path) -> None:
    vision, speech = cluster(Where(spec=spec(tmp_path))).tenants
    assert workload_of(vision, None).label == workload_of(vision, "train").label == "cluster-train"
    assert workload_of(speech, "service-transcribe").name == "transcribe"
    with pytest.raises(RayfenceError) as caught:
        workload_of(vision, "absent")
    assert "cluster-train" in caught.value.hint
