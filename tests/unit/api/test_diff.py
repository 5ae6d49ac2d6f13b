"""`diff` as a use case."""

import json
from pathlib import Path

import pytest

from rayfence.api.apply import Wishes, apply
from rayfence.api.diff import diff, save
from rayfence.errors import StateError
from rayfence.model.live import FieldState
from tests.sim.kubernetes.door import ONE_TENANT, behind, spec
from tests.sim.kubernetes.stand import Stand


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    found = Stand()
    behind(found, monkeypatch, tmp_path / "state")
    return found


def test_before_everything_is_missing_and_after_nothing(stand: Stand, tmp_path: Path) -> None:
    path = spec(tmp_path, ONE_TENANT)
    before = diff(path, None, None, print)
    assert before.differs and before.last is None and len(before.drift.objects) == before.drift.compared
    assert stand.cluster.writes == []
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()
    after = diff(path, None, None, print)
    assert not after.differs and after.unready == () and after.last is not None
    assert (after.last["outcome"], after.last["by"]) == ("complete", "admin")


def test_who_changed_what_is_told(stand: Stand, tmp_path: Path) -> None:
    path = spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()
    stand.cluster.edit("StatefulSet vision-gateway/gateway", "kubectl-edit", lambda v: v["spec"].update(replicas=0))
    found = diff(path, None, None, print)
    (item,) = found.drift.objects
    (change,) = item.changes
    assert (change.path, change.state, change.want, change.have) == ("spec.replicas", FieldState.CHANGED, 2, 0)
    assert change.by is not None and change.by.manager == "kubectl-edit"


def test_a_missing_secret_is_a_difference(stand: Stand, tmp_path: Path) -> None:
    path = spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()
    del stand.cluster.objects["v1", "Secret", "vision-gateway", "gateway-stamp-keys"]
    found = diff(path, None, None, print)
    assert found.differs and found.secrets == ("Secret vision-gateway/gateway-stamp-keys",)


def test_a_saved_one_is_a_plan_with_its_differences(stand: Stand, tmp_path: Path) -> None:
    found = diff(spec(tmp_path, ONE_TENANT), None, None, print)
    save(found, tmp_path / "plan.json")
    data = json.loads((tmp_path / "plan.json").read_text())
    assert data["digest"] == found.plan.digest and set(data["live"]) == {one.reference for one in found.drift.objects}
    with pytest.raises(StateError):
        save(found, tmp_path / "absent" / "plan.json")


def test_other_bytes_in_a_secret_are_a_difference_that_an_apply_leaves(stand: Stand, tmp_path: Path) -> None:
    path, name = spec(tmp_path, ONE_TENANT), "Secret vision-gateway/gateway-stamp-keys"
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()
    key = next(iter(stand.cluster.find(name)["data"]))
    stand.cluster.edit(name, "kubectl-edit", lambda v: v["data"].update({key: "cGxhbnRlZA=="}))
    found = diff(path, None, None, print)
    assert [item.reference for item in found.drift.objects] == [name] and found.drift.security
    stand.cluster.writes.clear()
    apply(path, Wishes(), stand.told.append, lambda _: False)
    assert stand.cluster.writes == [] and any(name in text and "kubectl-edit" in text for text in stand.told)
