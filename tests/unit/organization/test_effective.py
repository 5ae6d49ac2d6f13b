"""What holds at a project: inheritance, reset, defaults, dry runs.

Source of every rule, where a test names no other: Google's page "Understanding hierarchy evaluation".
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.catalog.constraints import load_known_constraints
from rayfence.catalog.value_groups import load_value_groups
from rayfence.model.orgpolicy import ListValues
from rayfence.organization.effective import MOST_PLACES, effective
from rayfence.organization.read import read
from rayfence.organization.values import membership
from tests.unit.organization.policy_files import (
    LOCATIONS,
    PROJECT,
    SHIELDED,
    allow,
    as_file,
    deny,
    enforce,
    facts,
    facts_of,
    the,
    v2,
)

ORG, FOLDER, OWN = "organizations/1", "folders/2", f"projects/{PROJECT}"
TOP = v2(ORG, LOCATIONS, allow("red", "green"))


def test_the_pages_own_example() -> None:
    """The four resources of the page's figure, below an organisation that allows red and green."""
    assert the(LOCATIONS, TOP, v2(OWN, LOCATIONS, allow("blue"), inheritFromParent=True)).values == ListValues(
        allowed=("blue", "green", "red")
    )
    assert the(LOCATIONS, TOP, v2(OWN, LOCATIONS, deny("green"), inheritFromParent=True)).values == ListValues(
        allowed=("green", "red"), denied=("green",)
    )
    assert the(LOCATIONS, TOP, v2(OWN, LOCATIONS, allow("yellow"))).values == ListValues(allowed=("yellow",))
    assert the(LOCATIONS, TOP, v2(OWN, LOCATIONS, reset=True)).values == ListValues(allow_all=True)


def test_deny_wins_over_the_childs_allow() -> None:
    """A folder denies a value, the project below allows it: it stays denied ("Reconciling policy conflicts")."""
    policy = the(LOCATIONS, v2(FOLDER, LOCATIONS, deny("x")), v2(OWN, LOCATIONS, allow("x"), inheritFromParent=True))
    assert policy.values is not None
    assert membership(policy.values, "x", {}, load_value_groups()).verdict == "no"


def test_denials_of_folder_and_project_are_united() -> None:
    """The page's example under "Inheritance"."""
    policy = the(LOCATIONS, v2(FOLDER, LOCATIONS, deny("x")), v2(OWN, LOCATIONS, deny("y"), inheritFromParent=True))
    assert policy.values == ListValues(denied=("x", "y"))
    assert policy.source == "p.json:17 (projects/acme-ml); p.json:3 (folders/2)"


def test_without_inheritance_a_child_may_loosen() -> None:
    assert the(
        LOCATIONS, v2(FOLDER, LOCATIONS, {"denyAll": True}), v2(OWN, LOCATIONS, allow("y"))
    ).values == ListValues(allowed=("y",))
    assert the(SHIELDED, v2(ORG, SHIELDED, enforce()), v2(OWN, SHIELDED, enforce(False))).enforced is False


def test_a_policy_without_rules_means_the_default() -> None:
    """ "Disallow inheritance": without allowed or denied values the constraint's default holds."""
    assert the(LOCATIONS, TOP, v2(OWN, LOCATIONS, inheritFromParent=False)).values == ListValues(allow_all=True)


def test_the_nearest_boolean_wins() -> None:
    assert the(SHIELDED, v2(ORG, SHIELDED, enforce(False)), v2(FOLDER, SHIELDED, enforce())).enforced is True


def test_inheritance_is_for_lists_only() -> None:
    """Source: API reference, `PolicySpec.inheritFromParent`."""
    policy = the(SHIELDED, v2(OWN, SHIELDED, enforce(), inheritFromParent=True))
    assert "list constraints only" in policy.undecided


def test_reset_stands_alone() -> None:
    """Source: API reference, `PolicySpec.reset`: no other field beside it."""
    assert "no other field" in the(LOCATIONS, v2(OWN, LOCATIONS, allow("x"), reset=True)).undecided


def test_googles_defaults_hold_without_any_policy() -> None:
    found = facts()
    assert found.problems == ()
    assert {name for name, policy in found.policies.items() if policy.enforced} >= {
        "compute.managed.blockPreviewFeatures",
        "iam.managed.disableServiceAccountApiKeyCreation",
        "iam.disableCrossProjectServiceAccountUsage",
    }
    assert found.policies["compute.sharedReservationsOwnerProjects"].values == ListValues(deny_all=True)
    assert LOCATIONS not in found.policies


@pytest.mark.parametrize("row", [row.id for row in load_known_constraints()])
def test_reset_equals_the_default(row: str) -> None:
    default, reset = facts().policies.get(row), the(row, v2(OWN, row, reset=True))
    if default is None:  # Google enforces nothing
        assert reset.enforced is False or reset.values == ListValues(allow_all=True)
    else:
        assert (reset.enforced, reset.values) == (default.enforced, default.values)


def test_a_default_that_denies_can_be_lifted() -> None:
    name = "iam.disableCrossProjectServiceAccountUsage"
    assert the(name, v2(ORG, name, enforce(False))).enforced is False


def test_conditions_need_tags() -> None:
    """Source: Google's page "Setting an organization policy with tags"."""
    policy = v2(FOLDER, SHIELDED, enforce(condition="resource.matchTag('1/env','prod')"), enforce(False))
    assert "tags are not known" in the(SHIELDED, policy).undecided
    assert the(SHIELDED, policy, tags=["1/env=prod"]).enforced is True
    assert the(SHIELDED, policy, tags=["1/env=dev"]).enforced is False
    assert facts(policy, no_tags=True).policies[SHIELDED].enforced is False
    broken = facts(policy, tags=["env"])
    assert broken.policies[SHIELDED].undecided
    assert "neither" in broken.problems[0]


def test_a_merged_policy_counts_as_it_is_and_has_no_conditions() -> None:
    """Source: API reference, `getEffectivePolicy`: conditions are evaluated in the answer."""
    merged = as_file("effective/p.json", v2(OWN, SHIELDED, enforce()))
    raw = as_file("p.json", [v2(OWN, SHIELDED, enforce(False), etag="x"), v2(ORG, SHIELDED, enforce(False))])
    assert facts_of([merged, raw]).policies[SHIELDED].enforced is True
    wrong = as_file("effective/p.json", v2(OWN, SHIELDED, enforce(condition="resource.hasTagKey('1/env')")))
    assert "no conditions" in facts_of([wrong], tags=["1/env=x"]).policies[SHIELDED].undecided


def test_dry_runs_are_told_and_block_nothing() -> None:
    """Source: Google's page "Create an organization policy in dry-run mode"."""
    found = facts({**v2(ORG, SHIELDED, enforce(False)), "dryRunSpec": {"rules": [enforce()]}})
    assert found.policies[SHIELDED].enforced is False
    assert found.dry_run[SHIELDED].enforced is True
    alone = facts({"name": f"{ORG}/policies/{SHIELDED}", "dryRunSpec": {"rules": [enforce()]}})
    assert SHIELDED not in alone.policies
    assert alone.dry_run[SHIELDED].enforced is True


def test_twins_are_separate() -> None:
    managed = "compute.managed.requireOsLogin"
    found = facts(v2(ORG, "compute.requireOsLogin", enforce(False)), v2(ORG, managed, enforce()))
    assert found.policies["compute.requireOsLogin"].enforced is False
    assert found.policies[managed].enforced is True


def test_parameters_of_managed_constraints() -> None:
    name = "essentialcontacts.managed.allowedContactDomains"
    policy = the(name, v2(ORG, name, {"enforce": True, "parameters": {"allowedDomains": ["@x.org"]}}))
    assert (policy.enforced, policy.parameters) == (True, {"allowedDomains": ["@x.org"]})


@pytest.mark.parametrize(("name", "rule"), [(LOCATIONS, enforce()), (SHIELDED, allow("x")), ("custom.x", allow("x"))])
def test_a_policy_of_the_wrong_kind_is_undecided(name: str, rule: object) -> None:
    assert the(name, v2(ORG, name, rule)).undecided


def test_unknown_constraints_are_told() -> None:
    found = facts(v2(ORG, "run.allowedIngress", allow("is:internal")))
    assert found.policies["run.allowedIngress"].values == ListValues(allowed=("is:internal",))
    assert "run.allowedIngress is not in the catalogue" in found.problems[0]
    assert "does not know" in facts(v2(ORG, "run.x", reset=True)).policies["run.x"].undecided


CUSTOM = {
    "name": "organizations/1/customConstraints/custom.gkeX",
    "resourceTypes": ["container.googleapis.com/Cluster"],
    "methodTypes": ["CREATE"],
    "condition": "resource.legacyAbac.enabled == true",
    "actionType": "DENY",
}


def test_custom_constraints_count_when_a_policy_enforces_them() -> None:
    """Source: Google's page "Creating custom constraints": a definition takes effect with a policy."""
    on = facts(CUSTOM, v2(ORG, "custom.gkeX", enforce()))
    assert [constraint.name for constraint in on.custom] == ["custom.gkeX"]
    assert facts(CUSTOM, v2(ORG, "custom.gkeX", enforce()), v2(OWN, "custom.gkeX", enforce(False))).custom == ()
    unused = facts(CUSTOM)
    assert unused.custom == ()
    assert "no policy that was read enforces it" in unused.problems[0]
    assert "definition was not read" in facts(v2(ORG, "custom.gkeX", enforce())).policies["custom.gkeX"].undecided


def test_conflicting_duplicates_are_undecided() -> None:
    assert (
        "different policies" in the(SHIELDED, v2(ORG, SHIELDED, enforce()), v2(ORG, SHIELDED, enforce(False))).undecided
    )
    assert the(SHIELDED, v2(ORG, SHIELDED, enforce()), v2(ORG, SHIELDED, enforce())).enforced is True


def test_of_thousands_of_undecided_places_a_few_are_named() -> None:
    found = facts(*(v2(f"folders/{number}", SHIELDED, enforce()) for number in range(10, 3010)), ancestry=())
    assert found.policies[SHIELDED].undecided
    assert found.policies[SHIELDED].source.endswith("and 2995 more")
    assert found.policies[SHIELDED].source.count("folders/") == MOST_PLACES


def test_unrelated_nodes_are_told() -> None:
    found = facts(v2("folders/9", SHIELDED, enforce()))
    assert SHIELDED not in found.policies
    assert "folders/9 does not lie above" in found.problems[0]


def test_ancestry_of_other_projects_is_kept() -> None:
    kms = [{"id": "kms", "type": "project"}, {"id": "3", "type": "folder"}, {"id": "1", "type": "organization"}]
    found = facts_of([as_file("kms.json", kms)])
    assert found.ancestry == {OWN: (FOLDER, ORG), "projects/kms": ("folders/3", ORG)}


VALUES = st.lists(st.sampled_from(["a", "b", "is:a", "in:us-locations", "in:moon", "us-east1-b"]), max_size=3)
SPECS = st.fixed_dictionaries(
    {
        "node": st.sampled_from([ORG, FOLDER, OWN]),
        "allowed": VALUES,
        "denied": VALUES,
        "inherit": st.booleans(),
        "all": st.sampled_from(["", "allowAll", "denyAll"]),
    }
)


def policies_of(specs: list[dict[str, object]]) -> list[object]:
    found: list[object] = []
    for spec in specs:
        rule: dict[str, object] = {"values": {"allowedValues": spec["allowed"], "deniedValues": spec["denied"]}}
        if spec["all"]:
            rule = {str(spec["all"]): True}
        rules = [rule] if spec["all"] or spec["allowed"] or spec["denied"] else []
        found.append(v2(str(spec["node"]), LOCATIONS, *rules, inheritFromParent=spec["inherit"]))
    return found


UNIQUE = st.lists(SPECS, max_size=3, unique_by=lambda spec: str(spec["node"]))
ORDER = {"no": 0, "unknown": 1, "yes": 2}


def verdict(policies: list[object], candidate: str) -> int:
    policy = facts(*policies).policies.get(LOCATIONS)
    if policy is None:
        return ORDER["yes"]
    if policy.undecided or policy.values is None:
        return ORDER["unknown"]
    return ORDER[membership(policy.values, candidate, {}, load_value_groups()).verdict]


@given(UNIQUE, st.sampled_from(["a", "b", "us-east1", "us-east1-b"]), st.data())
def test_a_denial_more_never_allows_more(specs: list[dict[str, object]], candidate: str, data: st.DataObject) -> None:
    policies = policies_of(specs)
    rules = [policy["spec"]["rules"] for policy in policies if policy["spec"].get("rules")]  # type: ignore[index]
    if not rules:
        return
    before = verdict(policies, candidate)
    data.draw(st.sampled_from(rules)).append(deny(data.draw(st.sampled_from(["a", "b", "in:us-locations", "in:moon"]))))
    assert verdict(policies, candidate) <= before


@given(UNIQUE, st.randoms(use_true_random=False))
def test_the_order_of_files_does_not_matter(specs: list[dict[str, object]], random: object) -> None:
    files = [as_file(f"{number}.json", policy) for number, policy in enumerate(policies_of(specs))]
    shuffled = list(files)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    rows = load_known_constraints()
    one, other = (effective(read(some), PROJECT, (FOLDER, ORG), None, rows) for some in (files, shuffled))
    assert one == other
