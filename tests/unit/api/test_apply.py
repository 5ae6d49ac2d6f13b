"""`apply` as a use case: from a file to a cluster."""

import json
from pathlib import Path

import pytest

from rayfence.api.apply import Wishes, apply
from rayfence.api.diff import diff, save
from rayfence.errors import PreflightError, SpecError, StalePlan
from rayfence.model.receipt import Deed, Outcome
from tests.sim.kubernetes.door import ONE_TENANT, behind, spec
from tests.sim.kubernetes.stand import Stand

LOCAL = "apiVersion: rayfence.dev/v1alpha1\nkind: Platform\nmetadata: {name: x}\ntarget: {local: {}}\n"


def never(_: tuple[str, ...]) -> bool:
    return False


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    found = Stand()
    behind(found, monkeypatch, tmp_path / "state")
    return found


def test_from_a_file_to_a_cluster_with_its_secrets_and_a_receipt(stand: Stand, tmp_path: Path) -> None:
    done = apply(spec(tmp_path, ONE_TENANT), Wishes(), stand.told.append, never)
    assert done.receipt.outcome is Outcome.COMPLETE and done.path is not None
    assert json.loads(done.path.read_text())["outcome"] == "complete"
    secrets = {item.reference for item in done.receipt.done if item.deed is Deed.SECRET}
    assert "Secret vision-gateway/gateway-tls" in secrets and secrets <= set(stand.cluster.references())
    stand.settle()
    stand.cluster.writes.clear()
    again = apply(spec(tmp_path, ONE_TENANT), Wishes(), stand.told.append, never)
    assert (again.receipt.outcome, again.path, stand.cluster.writes) == (Outcome.UNCHANGED, None, [])


def test_a_platform_on_this_machine_is_sent_to_its_own_verb(stand: Stand, tmp_path: Path) -> None:
    path = tmp_path / "local.yaml"
    path.write_text(LOCAL)
    with pytest.raises(SpecError, match="rayfence up"):
        apply(path, Wishes(), print, never)


def test_conflicts_of_the_plan_stop_it_before_the_cluster_is_asked(stand: Stand, tmp_path: Path) -> None:
    broken = spec(tmp_path, ("target.kubernetes.storageClass", ...))
    with pytest.raises(PreflightError, match="storageClass"):
        apply(broken, Wishes(), print, never)
    assert stand.cluster.calls == []


def test_a_forced_object_must_be_in_the_plan(stand: Stand, tmp_path: Path) -> None:
    with pytest.raises(PreflightError, match="Deployment vision/nobody"):
        apply(spec(tmp_path, ONE_TENANT), Wishes(forced=("Deployment vision/nobody",)), print, never)


def test_a_plan_that_was_read_is_held_to(stand: Stand, tmp_path: Path) -> None:
    path, plan = spec(tmp_path, ONE_TENANT), tmp_path / "plan.json"
    save(diff(path, None, None, print), plan)
    done = apply(path, Wishes(plan=plan), print, never)
    assert done.path == tmp_path / "plan.json.receipt.json" and done.path.exists()
    stand.settle()
    stand.cluster.edit("StatefulSet vision-gateway/gateway", "eve", lambda v: v["spec"].update(replicas=0))
    with pytest.raises(StalePlan, match="StatefulSet"):
        apply(path, Wishes(plan=plan), print, never)
    changed = spec(tmp_path, ONE_TENANT, ("tenants.0.quota.pods", 41))
    with pytest.raises(StalePlan, match="have changed since"):
        apply(changed, Wishes(plan=plan), print, never)


def test_what_left_the_spec_is_asked_about_once(stand: Stand, tmp_path: Path) -> None:
    apply(spec(tmp_path), Wishes(), print, never)
    stand.settle()
    asked: list[tuple[str, ...]] = []

    def answer(references: tuple[str, ...]) -> bool:
        asked.append(references)
        return len(asked) > 1

    less = spec(tmp_path, ONE_TENANT)
    first = apply(less, Wishes(), print, answer)
    assert "Namespace speech" in first.receipt.strays and "Namespace speech" in stand.cluster.references()
    second = apply(less, Wishes(), print, answer)
    stand.settle()
    assert len(asked) == 2 and second.receipt.strays == ()
    assert not [name for name in stand.cluster.references() if " speech" in name]


def test_a_dry_run_leaves_no_receipt(stand: Stand, tmp_path: Path) -> None:
    done = apply(spec(tmp_path, ONE_TENANT), Wishes(dry_run=True), print, never)
    assert (done.receipt.outcome, done.path) == (Outcome.DRY_RUN, None)
    assert stand.cluster.writes == [] and not (tmp_path / "state").exists()
