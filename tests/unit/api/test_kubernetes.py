"""What verbs on a cluster share."""

import json
from pathlib import Path

import pytest

from rayfence.api.cluster import save_plan
from rayfence.api.kubernetes import (
    LIVE,
    ReceiptFile,
    chosen_context,
    connected,
    expected_of,
    keep_receipt,
    order_of,
    receipt_path,
    whoami,
)
from rayfence.errors import PreflightError, ServerUnreachable, StalePlan
from rayfence.model.receipt import ClusterReceipt, Outcome
from tests.sim.kubernetes.door import behind
from tests.sim.kubernetes.stand import Stand
from tests.sim.planning import example

RECEIPT = ClusterReceipt("ml", "apply", "d", "t0", "ada", "ada@x", "v1.36.3", Outcome.COMPLETE, "t1")


def test_which_context_is_meant() -> None:
    two, gke = example("two-tenants").platform, example("minimal").platform
    assert chosen_context(two, None) == "research-cluster" and chosen_context(two, "other") == "other"
    assert chosen_context(gke, "made") == "made"
    with pytest.raises(PreflightError, match="made by Terraform"):
        chosen_context(gke, None)


def test_a_connection_is_closed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    stand, closed = Stand(), list[bool]()
    behind(stand, monkeypatch, tmp_path)
    monkeypatch.setattr(stand.cluster, "close", lambda: closed.append(True))
    with pytest.raises(RuntimeError), connected(example("two-tenants").platform, None):
        raise RuntimeError
    assert closed == [True]


def test_without_the_extra_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "rayfence.adapters.kubernetes", None)
    with pytest.raises(PreflightError) as caught, connected(example("two-tenants").platform, None):
        pass
    assert "rayfence[kubernetes]" in caught.value.hint


def test_an_order_is_the_plan() -> None:
    planned = example("two-tenants")
    order = order_of(planned)
    assert (order.platform, order.digest, order.manifests) == ("research", planned.plan.digest, planned.manifests)
    assert (order.operator_version, order.operator_ours, order.prune, order.forced) == (
        "1.7.0",
        True,
        False,
        frozenset(),
    )


def test_secrets_of_the_plan_are_asked_for() -> None:
    stand = Stand()
    found = order_of(example("two-tenants")).secrets.missing(stand.cluster, stand.cluster.kinds())
    assert "Secret vision-gateway/gateway-tls" in found and "Secret speech-gateway/gateway-signing-keys" in found


def test_a_saved_plan_holds_while_nothing_changed(tmp_path: Path) -> None:
    path, plan = tmp_path / "plan.json", example("two-tenants").plan
    save_plan(plan, path)
    assert expected_of(path, plan) is None
    path.write_text(json.dumps({**json.loads(path.read_text()), LIVE: {"Namespace vision": "d"}}))
    assert expected_of(path, plan) == {"Namespace vision": "d"}
    other = example("minimal").plan
    with pytest.raises(StalePlan, match="is a plan of 'research'"):
        expected_of(path, other)
    path.write_text(json.dumps({**json.loads(path.read_text()), "digest": "0" * 64}))
    with pytest.raises(StalePlan, match="digest 000000000000"):
        expected_of(path, plan)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"digest": 3}', "\x00"])
def test_what_is_no_plan_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "plan.json"
    path.write_text(text)
    with pytest.raises(PreflightError):
        expected_of(path, example("two-tenants").plan)


def test_a_receipt_lies_beside_the_plan_and_nobody_else_reads_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("rayfence.api.kubernetes.state_root", lambda _: tmp_path / "state")
    assert receipt_path("ml", tmp_path / "plan.json") == tmp_path / "plan.json.receipt.json"
    path = receipt_path("ml", None)
    keep_receipt(RECEIPT, path)
    keep_receipt(RECEIPT, path)
    assert json.loads(path.read_text())["by"] == "ada"
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_who_we_are_names_user_machine_and_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "@" in whoami() and "process" in whoami()

    def nobody() -> str:
        raise OSError

    monkeypatch.setattr("getpass.getuser", nobody)
    assert whoami().startswith("uid ")


@pytest.mark.parametrize("begun", [True, False])
def test_what_had_begun_never_ends_as_if_nothing_was_changed(tmp_path: Path, begun: bool) -> None:
    file, told = ReceiptFile(tmp_path / "receipts" / "ml.json"), list[str]()
    with pytest.raises(ServerUnreachable) as caught, file.told("apply", told.append):
        if begun:
            file.keep(RECEIPT)
        raise ServerUnreachable("gone", hint="look")
    assert caught.value.exit_status == (5 if begun else 4)
    where = f"; how far it came is in {file.path}; `rayfence apply` again completes it"
    assert caught.value.hint == f"look{where if begun else ''}"
    with pytest.raises(KeyboardInterrupt), file.told("destroy", told.append):
        raise KeyboardInterrupt
    assert (told != []) is begun
