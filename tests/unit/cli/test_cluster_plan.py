"""What a person reads of a plan."""

from dataclasses import replace

import click
import pytest

from rayfence.cli.cluster_plan import show, show_differences, show_explanations
from rayfence.model.cluster_plan import Change, Difference, Explanation
from rayfence.model.outcome import ConstraintOutcome, Outcome, PolicyConflict
from rayfence.model.ray_ports import PortGuard, RayPort
from tests.unit.plan.cluster_plans import PRIVATE, REGION, plan


def said(capsys: pytest.CaptureFixture[str]) -> str:
    """Everything printed, without colour."""
    return click.unstyle(capsys.readouterr().out)


def test_objects_are_grouped_and_settings_carry_their_reason(capsys: pytest.CaptureFixture[str]) -> None:
    show(plan(PRIVATE, REGION), everything=False)
    text = said(capsys)
    assert "Network (1)\n  google_compute_network.ml  [irreversible: its name]" in text
    assert "  cluster.location = europe-west4\n      constraint gcp.resourceLocations: the only region allowed" in text
    assert text.rstrip().splitlines()[-1].startswith("2 objects, no conflict")


def test_a_conflict_names_rules_fields_remedies_and_the_request(capsys: pytest.CaptureFixture[str]) -> None:
    conflict = PolicyConflict(("a.b",), ("x.y",), "can't be had", ("change x.y",), "To owner:\nplease")
    show(plan(PRIVATE, conflicts=(conflict,)), everything=False)
    text = said(capsys)
    for part in ("conflict: can't be had", "rules   a.b", "fields  x.y", "either  change x.y", "    please"):
        assert part in text
    assert "1 conflict: nothing can be made" in text


def test_satisfied_constraints_are_counted_and_listed_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    quiet = ConstraintOutcome("a.quiet", Outcome.NOT_RELEVANT, "no bucket")
    made = plan(PRIVATE, outcomes=(quiet,))
    show(made, everything=False)
    assert "a.quiet" not in said(capsys)
    show(made, everything=True)
    assert "a.quiet: no bucket" in said(capsys)


def test_a_name_can_not_drive_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    conflict = PolicyConflict(("a\x1b[2J",), ("x",), "p\x1b]0;t\x07", ("r\x9b",), "q\x1b[0m")
    show(plan(PRIVATE, conflicts=(conflict,)), everything=True)
    text = capsys.readouterr().out
    assert not set(text) & {"\x1b", "\x9b", "\x07"}


def test_what_guards_each_port_is_part_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    port = RayPort("RayCluster v/c", "head", "8080", "metrics", PortGuard.POLICY, (), True, "200", "so")
    show(replace(plan(PRIVATE), ports=(port,)), everything=False)
    assert "Ports of Ray nodes: 1 policy only\n  RayCluster v/c head\n" in said(capsys)


def test_differences_and_explanations_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    show_differences([Difference("decision", "a.b", Change.CHANGED, "yes", "no", "spec: so")])
    show_differences([])
    show_explanations([Explanation("decision", "a.b", "no", "because", "spec", ("another value",))])
    text = said(capsys)
    for part in ("changed  a.b", "1 difference", "No difference.", "a.b = no", "changes  another value"):
        assert part in text
