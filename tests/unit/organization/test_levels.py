"""Which policies reach a project."""

import pytest

from rayfence.organization.levels import place_policies
from rayfence.organization.raw import SOME_ORGANIZATION, RawPolicies, RawPolicy, RawRule
from rayfence.organization.rules import Undecided

ON, OFF = (RawRule(enforce=True),), (RawRule(enforce=False),)
CHAIN = ("folders/2", "organizations/1")


def at(
    node: str, rules: tuple[RawRule, ...] = ON, inherit: bool = False, effective: bool = False, dry_run: bool = False
) -> RawPolicy:
    return RawPolicy(
        "a.b", node, f"{node or 'nowhere'}.json:1", rules, inherit=inherit, effective=effective, dry_run=dry_run
    )


def nodes(*policies: RawPolicy, chain: tuple[str, ...] = CHAIN, raw: RawPolicies | None = None) -> list[str]:
    levels = place_policies(raw or RawPolicies(policies), "p", chain)
    return [policy.node for policy in levels.reaching("a.b", dry_run=False)]


def test_the_nearest_wins() -> None:
    """Source: Google's page "Understanding hierarchy evaluation": a policy supersedes that of its parent."""
    assert nodes(at("organizations/1"), at("folders/2"), at("projects/p")) == ["projects/p"]
    assert nodes(at("organizations/1"), at("folders/2")) == ["folders/2"]
    assert nodes(at("organizations/1")) == ["organizations/1"]
    assert nodes() == []


def test_inheriting_goes_up_to_the_first_that_does_not() -> None:
    """Source: API reference, `PolicySpec.inheritFromParent`: up to the closest root."""
    assert nodes(at("organizations/1"), at("folders/2"), at("projects/p", inherit=True)) == ["projects/p", "folders/2"]
    every = [at("organizations/1", inherit=True), at("folders/2", inherit=True), at("projects/p", inherit=True)]
    assert nodes(*every) == ["projects/p", "folders/2", "organizations/1"]


def test_what_lies_elsewhere_is_left_out_with_a_word() -> None:
    levels = place_policies(RawPolicies((at("folders/9"), at("projects/q"))), "p", CHAIN)
    assert levels.reaching("a.b", dry_run=False) == ()
    assert len(levels.problems) == 2
    assert "folders/9 does not lie above" in levels.problems[0]


def test_without_ancestors_a_folder_may_lie_above_or_not() -> None:
    with pytest.raises(Undecided, match="folders/9"):
        nodes(at("folders/9"), chain=())
    with pytest.raises(Undecided, match="folders/9"):
        nodes(at("folders/9"), at("organizations/1"), chain=())
    assert nodes(at("folders/9"), at("projects/p"), chain=()) == ["projects/p"]
    assert nodes(at("folders/9"), at("folders/2"), chain=("folders/2",)) == ["folders/2"]


def test_the_only_organization_is_taken_for_the_projects() -> None:
    assert nodes(at("organizations/1"), chain=()) == ["organizations/1"]
    levels = place_policies(RawPolicies((at("organizations/1"),)), "p", ())
    assert "organizations/1 is taken for it" in levels.problems[0]
    with pytest.raises(Undecided):
        nodes(at("organizations/1"), at("organizations/2"), chain=())


def test_a_project_by_number_may_be_this_one() -> None:
    with pytest.raises(Undecided, match="number"):
        nodes(at("projects/77"), at("projects/p"))
    assert nodes(at("projects/77"), chain=("projects/77", *CHAIN)) == ["projects/77"]
    assert nodes(at("projects/78"), chain=("projects/77", *CHAIN)) == []
    raw = RawPolicies((at("projects/77"),), numbers={"77": "p", "78": "q"})
    assert nodes(raw=raw) == ["projects/77"]


def test_two_policies_at_one_node() -> None:
    assert nodes(at("folders/2"), at("folders/2")) == ["folders/2"]
    with pytest.raises(Undecided, match="different policies"):
        nodes(at("folders/2", ON), at("folders/2", OFF))
    assert nodes(at("projects/p", effective=True), at("projects/p", OFF)) == ["projects/p"]


def test_files_that_name_no_node() -> None:
    assert nodes(at("")) == [""]
    assert nodes(at(SOME_ORGANIZATION)) == [SOME_ORGANIZATION]
    with pytest.raises(Undecided):
        nodes(at(""), at("organizations/1"))
    with pytest.raises(Undecided):
        nodes(at("", ON), at("", OFF))
    assert nodes(at("", effective=True), at("organizations/1")) == [""]


def test_ancestors_from_files_and_disagreement() -> None:
    raw = RawPolicies((at("organizations/1"),), ancestry={"projects/p": CHAIN, "folders/2": ("organizations/1",)})
    assert place_policies(raw, "p", ()).chain == CHAIN
    assert place_policies(raw, "p", ("folders/2",)).chain == CHAIN
    wrong = place_policies(raw, "p", ("folders/3",))
    assert "the files say" in wrong.problems[0]


def test_a_dry_run_takes_the_place_of_its_node_only() -> None:
    raw = RawPolicies((at("organizations/1"), at("folders/2", OFF, dry_run=True)))
    levels = place_policies(raw, "p", CHAIN)
    assert [policy.node for policy in levels.reaching("a.b", dry_run=False)] == ["organizations/1"]
    assert [policy.node for policy in levels.reaching("a.b", dry_run=True)] == ["folders/2"]
