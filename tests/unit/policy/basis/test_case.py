"""What is decided has a source; what is refused has a text for its owner."""

from dataclasses import replace

import pytest

from rayfence.model.decision import Source
from rayfence.model.gke import GkeMode
from rayfence.policy.basis.case import words
from rayfence.policy.basis.petitions import admitted
from tests.unit.policy.platforms import case, existing, minimal, on, open_question, waiver


def test_a_binding_constraint_is_the_source_and_a_waiver_above_it() -> None:
    item = case(minimal(), on("a"))
    item.decide("x", True, "because", serves=("a", "b"))
    item.decide("y", None, "because", serves=("a",), waiver=waiver("alerts"))
    item.decide("z", (), "because", source=Source.SPEC)
    first, second, third = item.decisions
    assert (first.value, first.source, first.rules) == ("yes", Source.CONSTRAINT, ("a",))
    assert (second.value, second.source, second.rules) == ("none", Source.WAIVER, ("alerts", "a"))
    assert "waived by ada@acme.com until 2027-06-30" in second.reason
    assert third.source is Source.SPEC


def test_a_refusal_is_addressed_to_the_policys_owner() -> None:
    item = case(minimal())
    item.refuse(("a",), ("f",), "problem", ("remedy",), admitted("a", "v", "why"))
    item.refuse((), ("f",), "problem", ("remedy",))
    assert "To the organization policy".replace("z", "s") in item.conflicts[0].request
    assert item.conflicts[1].request == ""


def test_without_waiver_a_weakening_is_refused() -> None:
    item = case(minimal())
    assert item.refuse_unwaived("alerts", "f", "problem", "remedy") is None
    assert item.conflicts[0].rules == ("alerts",)
    assert "alerts" not in item.used


def test_undecided_policies_are_told_with_what_was_taken() -> None:
    item = case(minimal(), open_question("a"))
    item.warn_undecided("a", "b", taken="it is on")
    assert item.warnings == ["a is undecided (org-policies/a.json: the tags of the project are unknown); it is on"]


def test_other_targets_have_no_google_half() -> None:
    with pytest.raises(TypeError):
        _ = case(existing()).gke


def test_what_the_spec_does_not_say_is_a_default() -> None:
    item = case(replace(minimal(), places={"target.gke.pools.0.maxNodes": "f:1:1"}))
    assert item.said("target.gke.pools[0].maxNodes") is Source.SPEC
    assert item.said("target.gke.mode") is Source.DEFAULT
    assert case(minimal()).said("target.gke.mode") is Source.SPEC


def test_values_as_words() -> None:
    assert words((True, "a", None)) == "yes, a, none"
    assert words(GkeMode.AUTOPILOT) == "autopilot"
    assert words(0) == "0"
