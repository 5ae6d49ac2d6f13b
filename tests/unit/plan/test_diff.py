"""What each difference leads to, and that sameness leads to nothing."""

from dataclasses import replace

import pytest

from rayfence.errors import StateError
from rayfence.model.desired import (
    Account,
    AuthorityRequest,
    CertificateRequest,
    ConfigFile,
    Desired,
    Folder,
    ProcessSpec,
    ReadinessProbe,
    SecretKind,
    SecretRequest,
)
from rayfence.model.plan import Action, Leaf, Observed, Plan, Running
from rayfence.plan.diff import content_digest, diff, spec_digest

LEAF = CertificateRequest("leaf", "ca", "/s/leaf.crt", "/s/leaf.key", ("localhost",), (), True, True, 24, 2)
PROCESS = ProcessSpec(
    name="node",
    argv=("node",),
    env=(),
    account=Account.RAY,
    cwd="/s",
    log="/s/log",
    sandbox=None,
    readiness=ReadinessProbe("pid", 1),
    reads=("/s/leaf.crt", "/s/conf"),
)
DESIRED = Desired(
    instance="t",
    folders=(Folder("/s", Account.OPERATOR),),
    secrets=(SecretRequest("token", SecretKind.RAY_TOKEN, "/s/token"),),
    authorities=(AuthorityRequest("ca", "/s/ca", "CA", 10),),
    certificates=(LEAF,),
    files=(ConfigFile("/s/conf", "x"),),
    processes=(PROCESS,),
)
SAME = Observed(
    folders=frozenset({"/s"}),
    secrets=frozenset({"token"}),
    leaves={"ca": Leaf.VALID, "leaf": Leaf.VALID},
    files={"/s/conf": content_digest("x")},
    processes={"node": Running.READY},
    specs={"node": spec_digest(PROCESS)},
)


def actions(plan: Plan) -> dict[str, Action]:
    return {change.name: change.action for change in plan.pending}


def test_same_is_nothing_to_do() -> None:
    assert diff(DESIRED, SAME).pending == ()


def test_an_empty_machine_gets_everything_in_order() -> None:
    plan = diff(DESIRED, Observed())
    assert [change.kind for change in plan.changes] == [
        "folder",
        "secret",
        "authority",
        "certificate",
        "file",
        "process",
    ]
    assert set(actions(plan).values()) == {Action.CREATE, Action.START}


def test_a_changed_file_restarts_who_reads_it_at_start_only() -> None:
    plan = diff(DESIRED, replace(SAME, files={"/s/conf": "other"}))
    assert actions(plan) == {"/s/conf": Action.UPDATE, "node": Action.RESTART}


@pytest.mark.parametrize("seen", [Leaf.AGEING, Leaf.EXPIRED, Leaf.FOREIGN])
def test_a_leaf_past_its_window_is_renewed_and_its_reader_restarted(seen: Leaf) -> None:
    plan = diff(DESIRED, replace(SAME, leaves={"ca": Leaf.VALID, "leaf": seen}))
    assert actions(plan) == {"leaf": Action.RENEW, "node": Action.RESTART}


def test_a_new_authority_renews_its_leaves() -> None:
    plan = diff(DESIRED, replace(SAME, leaves={"ca": Leaf.EXPIRED, "leaf": Leaf.VALID}))
    assert actions(plan) == {"ca": Action.RENEW, "leaf": Action.RENEW, "node": Action.RESTART}


def test_a_foreign_authority_is_never_overwritten() -> None:
    with pytest.raises(StateError, match="not ours"):
        diff(DESIRED, replace(SAME, leaves={"ca": Leaf.FOREIGN, "leaf": Leaf.VALID}))


def test_a_changed_spec_restarts_and_an_unspecified_process_is_removed() -> None:
    plan = diff(DESIRED, replace(SAME, specs={"node": "old"}, processes={"node": Running.READY, "gone": Running.READY}))
    assert actions(plan) == {"node": Action.RESTART, "gone": Action.REMOVE}


def test_the_digest_is_of_what_is_desired_only() -> None:
    assert diff(DESIRED, SAME).digest == diff(DESIRED, Observed()).digest
    assert diff(replace(DESIRED, instance="u"), SAME).digest != diff(DESIRED, SAME).digest
