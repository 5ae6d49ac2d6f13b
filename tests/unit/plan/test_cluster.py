"""Plans of clusters: stamped, complete, and equal to themselves."""

from rayfence.model.cluster_plan import Change
from rayfence.model.decision import Decision, Source
from rayfence.model.outcome import ConstraintOutcome, Outcome, PolicyConflict
from rayfence.plan.cluster import compare
from tests.unit.plan.cluster_plans import PRIVATE, REGION, plan

BROKEN = ConstraintOutcome(
    "compute.requireShieldedVm", Outcome.VIOLATED, "pool gpu has no Secure Boot", ("pools[gpu]",), "p.json:1"
)


def test_every_object_is_listed_with_its_address_and_what_can_not_be_undone() -> None:
    made = plan(PRIVATE)
    assert [(item.kind, item.address) for item in made.objects] == [
        ("compute.googleapis.com/Network", "google_compute_network.ml"),
        ("Namespace", "Namespace vision"),
    ]
    assert made.objects[0].irreversible == "its name"
    assert made.target == "Kubernetes, context kind"


def test_a_plan_does_not_differ_from_itself() -> None:
    made = plan(PRIVATE, REGION, outcomes=(BROKEN,))
    assert compare(made, plan(PRIVATE, REGION, outcomes=(BROKEN,))) == ()


def test_the_digest_follows_every_object_and_decision() -> None:
    assert plan(PRIVATE).digest == plan(PRIVATE).digest
    assert len({plan(PRIVATE).digest, plan(PRIVATE, mtu=1500).digest, plan(REGION).digest}) == 3


def test_a_violation_that_no_conflict_names_becomes_one() -> None:
    (conflict,) = plan(outcomes=(BROKEN,)).conflicts
    assert conflict.rules == ("compute.requireShieldedVm",)
    assert "p.json:1" in conflict.request


def test_a_violation_that_a_conflict_names_is_said_once() -> None:
    known = PolicyConflict((BROKEN.constraint,), ("pools[gpu]",), "no Secure Boot", ("another image",))
    assert plan(outcomes=(BROKEN,), conflicts=(known,)).conflicts == (known,)


def test_differences_name_setting_constraint_conflict_and_object() -> None:
    public = Decision(PRIVATE.path, "false", "the spec says so", Source.SPEC)
    satisfied = ConstraintOutcome(BROKEN.constraint, Outcome.SATISFIED, "every pool has it")
    seen = compare(plan(PRIVATE, REGION, outcomes=(satisfied,)), plan(public, mtu=1500, outcomes=(BROKEN,)))
    assert [(item.subject, item.name, item.change) for item in seen] == [
        ("decision", "cluster.private_nodes", Change.CHANGED),
        ("decision", "cluster.location", Change.REMOVED),
        ("constraint", "compute.requireShieldedVm", Change.CHANGED),
        ("conflict", "compute.requireShieldedVm [pools[gpu]]", Change.ADDED),
        ("object", "google_compute_network.ml", Change.CHANGED),
    ]
    assert (seen[0].before, seen[0].after, seen[0].reason) == ("true", "false", "spec: the spec says so")
