"""Who may do what, of every example and every option: nothing broad, every actor named, as `plan --json` says it."""

from pathlib import Path
from typing import Final

import pytest

from rayfence.api.cluster import ClusterPlanned
from rayfence.model.proofs import Plane
from rayfence.policy.proofs import refuse_broad
from tests.sim.planning import NAMES, VARIANTS, based_on, example, plan_by_command, variant

ACTORS: Final = {
    "platform-admin",
    "developer",
    "operator-installer",
    "ci",
    "node",
    "ray-head",
    "ray-worker",
    "autoscaler",
    "gateway",
    "scanner",
}
BASIC: Final = {"roles/owner", "roles/editor", "roles/viewer"}


def check(planned: ClusterPlanned) -> None:
    """Nothing broad in the list, nor in what is rendered."""
    assert refuse_broad(planned.plan.grants) == ()
    bound = [
        (binding["role"], member)
        for item in planned.cloud.resources
        for binding in item.body.get("bindings", ())  # type: ignore[attr-defined]
        for member in binding["members"]
    ]
    assert not {role for role, _ in bound} & BASIC
    members = {member for _, member in bound}
    members |= {member for grant in planned.plan.grants if grant.plane is Plane.IAM for member in grant.members}
    assert not [name for name in members if name.startswith(("user:", "domain:", "all"))]
    assert not [name for name in members if "-compute@developer" in name or "@appspot" in name]


@pytest.mark.parametrize("name", NAMES)
def test_no_grant_of_an_example_is_broad(name: str) -> None:
    check(example(name))


@pytest.mark.parametrize("name", VARIANTS)
def test_no_grant_of_any_option_is_broad(name: str, tmp_path: Path) -> None:
    check(variant(name, tmp_path))


@pytest.mark.parametrize("name", ["article", "autopilot", "shared-vpc", "gpu-tenants"])
def test_every_actor_is_in_the_plan_with_exact_roles(name: str, tmp_path: Path) -> None:
    _, plan, _ = plan_by_command(tmp_path, based_on(name))
    grants = plan["grants"]
    # Of the add-on nobody is the installer but Google.
    spared = {"operator-installer"} if name == "autopilot" else set()
    assert ACTORS - {grant["actor"] for grant in grants} == spared
    for grant in grants:
        assert grant["role"] and grant["on"] and grant["why"] and grant["worst"] and grant["meaning"]
        assert grant["members"] or grant["to_name"] or grant["plane"] == "kubernetes", grant
        assert grant["plane"] == "iam" or grant["rules"] or grant["role"].startswith("ClusterRole "), grant
    assert len({grant["article"] for grant in grants} - {""}) == 3 - len(spared)
