"""Three answers: allowed, refused, unknown; what can't be decided is never permission."""

from rayfence.model.orgpolicy import EffectivePolicy, ListValues
from rayfence.policy.basis.rules import Standing
from tests.unit.policy.platforms import allow, case, deny, minimal, off, on, open_question

KEYS = "gcp.restrictCmekCryptoKeyProjects"


def test_no_policy_allows_and_binds_nothing() -> None:
    rules = case(minimal()).rules
    assert rules.verdict(KEYS, "projects/x").allowed
    assert rules.binding(KEYS) == rules.enforced(KEYS) == ()
    assert rules.source(KEYS) == ""


def test_twins_are_both_asked() -> None:
    rules = case(minimal(), on("a"), off("b"), open_question("c")).rules
    assert rules.binding("a", "b", "c", "d") == ("a", "c")
    assert rules.enforced("a", "b", "c") == ("a",)
    assert [policy.constraint for policy in rules.undecided("a", "c")] == ["c"]


def test_lists_are_decided_by_ancestry_and_a_missing_one_is_unknown() -> None:
    rules = case(minimal(), allow(KEYS, "under:folders/9")).rules
    assert rules.verdict(KEYS, "projects/acme-kms").allowed
    refused = rules.verdict(KEYS, "projects/acme-ml")
    assert refused.standing is Standing.REFUSED
    assert f"org-policies/{KEYS}.json" in refused.reason
    unknown = rules.verdict(KEYS, "projects/elsewhere")
    assert unknown.standing is Standing.UNKNOWN
    assert "the folders and organisation above projects/elsewhere" in unknown.reason


def test_the_projects_number_and_id_are_the_same() -> None:
    assert case(minimal(), allow(KEYS, "projects/123456")).rules.verdict(KEYS, "projects/acme-ml").allowed


def test_an_unknown_group_is_unknown_and_an_undecided_policy_too() -> None:
    name = "gcp.resourceLocations"
    verdict = case(minimal(), allow(name, "in:atlantis-locations")).rules.verdict(name, "us-central1")
    assert verdict.standing is Standing.UNKNOWN
    assert case(minimal(), open_question(name)).rules.verdict(name, "us-central1").standing is Standing.UNKNOWN


def test_a_list_constraint_that_is_merely_enforced_refuses_all() -> None:
    assert case(minimal(), on("x")).rules.verdict("x", "v").standing is Standing.REFUSED
    assert case(minimal(), off("x")).rules.verdict("x", "v").allowed
    everything = EffectivePolicy("x", "file", values=ListValues(allow_all=True))
    assert case(minimal(), everything).rules.binding("x") == ()
    assert case(minimal(), deny("x")).rules.binding("x") == ("x",)


def test_the_organisation_is_found_in_any_ancestry() -> None:
    assert case(minimal()).rules.organization() == "1"
