"""Custom constraints meet every object that rayfence renders: none is of a kind or a form they could not see."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from rayfence.catalog.api_messages import load_api_messages
from rayfence.model.cloud import CloudResource
from rayfence.model.orgpolicy import CustomConstraint
from rayfence.model.outcome import Outcome
from rayfence.organization.custom import evaluate
from rayfence.organization.messages import misfits
from tests.sim.planning import NAMES, VARIANTS, example, variant


def check(resources: Sequence[CloudResource]) -> None:
    """Every object is of a known kind and fits its message type, and a constraint on its kind is decided by it."""
    types = load_api_messages()
    kinds = {resource.kind for resource in resources}
    assert kinds - set(types.kinds) == set()
    wrong = {
        (resource.kind, resource.name): tuple(misfits(types, types.kinds[resource.kind], resource.body))
        for resource in resources
    }
    assert {place: found for place, found in wrong.items() if found} == {}
    forbidding = [CustomConstraint(f"custom.{kind}", (kind,), ("CREATE",), "true", True, "", "here") for kind in kinds]
    assert {found.outcome for found in evaluate(forbidding, resources)} <= {Outcome.VIOLATED}


@pytest.mark.parametrize("name", NAMES)
def test_objects_of_examples(name: str) -> None:
    check(example(name).cloud.resources)


@pytest.mark.parametrize("name", VARIANTS)
def test_objects_of_every_option(name: str, tmp_path: Path) -> None:
    check(variant(name, tmp_path).cloud.resources)


@pytest.mark.parametrize(
    ("kind", "condition"),
    [
        ("compute.googleapis.com/Network", "resource.peerings.exists(p, p.importCustomRoutes)"),
        ("compute.googleapis.com/Router", "resource.nats.exists(n, n.natIpAllocateOption == 'AUTO_ONLY')"),
        ("compute.googleapis.com/RouterNat", "resource.logConfig.enable && resource.subnetworks.size() == 1"),
        ("cloudresourcemanager.googleapis.com/Project", "resource.parent == 'folders/12'"),
        ("serviceusage.googleapis.com/Service", "resource.name.endsWith('/container.googleapis.com')"),
        ("accesscontextmanager.googleapis.com/ServicePerimeter", "resource.useExplicitDryRunSpec"),
        ("notebooks.googleapis.com/Instance", "resource.gceSetup.disablePublicIp"),
    ],
)
def test_what_others_make_a_part_is_seen_in_the_whole(kind: str, condition: str, tmp_path: Path) -> None:
    rule = CustomConstraint("custom.x", (kind,), ("CREATE", "UPDATE"), condition, True, "", "here")
    found = evaluate([rule], variant("peered, with NAT", tmp_path).cloud.resources)
    assert found[0].outcome is Outcome.VIOLATED, found[0]
