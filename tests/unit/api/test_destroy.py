"""`destroy` as a use case."""

import json
from pathlib import Path

import pytest

from rayfence.api.apply import Wishes, apply
from rayfence.api.destroy import destroy
from rayfence.apply.kubernetes import Condemned
from rayfence.errors import OrganizationError, SpecError
from rayfence.model.receipt import Outcome
from tests.sim.kubernetes.door import ONE_TENANT, behind, spec
from tests.sim.kubernetes.stand import Stand


@pytest.fixture
def stand(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Stand:
    found = Stand()
    behind(found, monkeypatch, tmp_path / "state")
    found.settle()
    return found


def yes(_name: str, _what: Condemned) -> bool:
    return True


def test_nothing_is_left_and_the_receipt_is_here(stand: Stand, tmp_path: Path) -> None:
    before, path = stand.cluster.references(), spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()
    done = destroy(path, None, stand.told.append, yes)
    stand.settle()
    assert stand.cluster.references() == before
    assert done.receipt is not None and done.path is not None and "Namespace vision" in done.objects
    told = json.loads(done.path.read_text())
    assert (told["action"], told["outcome"]) == ("destroy", "complete")
    again = destroy(path, None, print, yes)
    assert again.receipt is not None and again.receipt.outcome is Outcome.UNCHANGED and again.path is None


def test_without_consent_nothing_goes(stand: Stand, tmp_path: Path) -> None:
    path = spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    asked: list[tuple[str, int]] = []

    def no(name: str, what: Condemned) -> bool:
        asked.append((name, len(what.references)))
        return False

    before = stand.cluster.references()
    done = destroy(path, None, print, no)
    assert done.receipt is None and stand.cluster.references() == before
    assert asked == [("research", len(done.objects))]


def test_a_plan_that_can_t_be_made_any_more_keeps_nobody_from_it(
    stand: Stand, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    stand.settle()

    def gone_policies(*_: object) -> None:
        raise OrganizationError(("org-policies: no such folder",))

    monkeypatch.setattr("rayfence.api.destroy.plan_cluster", gone_policies)
    done = destroy(path, None, stand.told.append, yes)
    assert done.receipt is not None and done.receipt.outcome is Outcome.COMPLETE
    assert any("removing by kind" in text for text in stand.told)
    gone = [item.reference for item in done.receipt.done]
    assert gone.index("RayCluster vision/train") < gone.index("Deployment ray-system/kuberay-operator")


def test_a_dry_run_asks_nobody(stand: Stand, tmp_path: Path) -> None:
    path = spec(tmp_path, ONE_TENANT)
    apply(path, Wishes(), print, lambda _: False)
    before = stand.cluster.references()

    def never(_name: str, _what: Condemned) -> bool:
        raise AssertionError

    done = destroy(path, None, print, never, dry_run=True)
    assert done.receipt is not None and done.receipt.outcome is Outcome.DRY_RUN and done.path is None
    assert stand.cluster.references() == before


def test_a_platform_on_this_machine_is_sent_to_its_own_verb(stand: Stand, tmp_path: Path) -> None:
    path = tmp_path / "local.yaml"
    path.write_text("apiVersion: rayfence.dev/v1alpha1\nkind: Platform\nmetadata: {name: x}\ntarget: {local: {}}\n")
    with pytest.raises(SpecError, match="rayfence down"):
        destroy(path, None, print, yes)
