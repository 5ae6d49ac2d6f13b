"""The unit fixtures against what the renderers make: one spec through the whole pipeline, then one field forgotten.

The fixtures start from bodies written by hand. Here the same change is made to rendered objects, under the same policy:
the constraint is satisfied as rendered and violated after it, or the fixture describes a platform that never is.
`HAND_MADE` names the constraints that are reached only with objects of kinds that rayfence renders for no spec: their
criteria are there for the day it does, and count for nothing else.
"""

import copy
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from rayfence.api.cluster import ClusterPlanned
from rayfence.catalog.constraints import load_constraints
from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.table import criteria
from tests.sim.planning import NAMES, VARIANTS, example, planned, variant
from tests.sim.platforms import changed, gke
from tests.unit.policy.constraints.fixtures import FIXTURES, Fixture
from tests.unit.policy.constraints.platforms import KEY, Made, listed

_POOL: Final = {"name": "head", "machineType": "n2d-standard-8", "minNodes": 1, "maxNodes": 9, "confidential": "SEV"}
_CPU: Final = {"name": "cpu", "cpus": 2, "memoryGib": 4, "pool": "workers", "minimum": 0, "maximum": 2}
#: The spec of every field with the names that fixtures use, and without what they add themselves.
SPEC: Final[Mapping[str, Any]] = changed(
    gke(),
    ("organization", ...),
    ("actors", ...),
    ("metadata.name", "ray"),
    ("target.gke.projectNumber", 123456),
    ("target.gke.create", ...),
    ("target.gke.controlPlane", {"access": "dns"}),
    ("target.gke.network.spoke.proxyOnlyCidr", ...),
    ("target.gke.pools", [_POOL, {**_POOL, "name": "workers"}]),
    ("encryption", {"key": KEY}),
    ("exposure", ...),
    ("workbench", ...),
    ("tenants.0.clusters.0.head.pool", "head"),
    ("tenants.0.clusters.0.workers", [_CPU]),
    ("tenants.0.jobs", []),
    ("tenants.0.services", []),
)

#: Kinds that stand in fixtures alone.
HAND_MADE: Final[Mapping[str, str]] = {
    "compute.restrictProtocolForwardingCreationForTypes": "ForwardingRule",
    "compute.managed.restrictProtocolForwardingCreationForTypes": "ForwardingRule",
    "compute.disablePrivateServiceConnectCreationForConsumers": "ForwardingRule",
    "compute.disableInternetNetworkEndpointGroup": "NetworkEndpointGroup",
    "iam.disableServiceAccountKeyUpload": "Key",
    "iam.managed.disableServiceAccountKeyUpload": "Key",
    "iam.managed.disableServiceAccountApiKeyCreation": "Key",
    "storage.uniformBucketLevelAccess": "Bucket",
    "storage.restrictAuthTypes": "HmacKey",
    "storage.retentionPolicySeconds": "Bucket",
    "storage.softDeletePolicySeconds": "Bucket",
    "sql.restrictPublicIp": "Instance",
    "sql.restrictAuthorizedNetworks": "Instance",
    "essentialcontacts.allowedContactDomains": "Contact",
    "essentialcontacts.managed.allowedContactDomains": "Contact",
}


@cache
def plan(*changes: str) -> ClusterPlanned:
    """The spec's plan, with fields taken away."""
    with tempfile.TemporaryDirectory() as folder:
        return planned(Path(folder), changed(dict(SPEC), *((path, ...) for path in changes)))


def rendered(*changes: str) -> Made:
    """What was rendered, to be changed."""
    base = plan(*changes)
    resources = [replace(item, body=copy.deepcopy(dict(item.body))) for item in base.cloud.resources]
    return Made(base.resolution, resources, [copy.deepcopy(dict(item.object)) for item in base.manifests])


@cache
def rendered_kinds() -> frozenset[str]:
    """Every kind of every example and of every option."""
    with tempfile.TemporaryDirectory() as folder:
        plans = [*map(example, NAMES), *(variant(name, Path(folder)) for name in VARIANTS)]
    return frozenset(kind for item in plans for kind in kinds(Made(item.resolution, [*item.cloud.resources], []), item))


def kinds(platform: Made, whole: ClusterPlanned | None = None) -> set[str]:
    """Kinds of both halves."""
    manifests = [item.object for item in whole.manifests] if whole else platform.manifests
    return {item.kind for item in platform.resources} | {str(item["kind"]) for item in manifests}


def _sql_service(platform: Made) -> Made:
    name = "sqladmin.googleapis.com"
    return platform.add("serviceusage.googleapis.com/Service", name, {"name": f"projects/acme-ml/services/{name}"})


def _services() -> Fixture:
    enabled = sorted(item.name for item in rendered().resources if item.kind.endswith("/Service"))
    return Fixture(listed("gcp.restrictServiceUsage", *enabled), _sql_service)


#: Fixtures whose policy is written for the hand-made platform's own services.
ADAPTED: Final[Mapping[str, Callable[[], Fixture]]] = {
    "gcp.restrictServiceUsage": _services,
    "serviceuser.services": lambda: Fixture(
        listed("serviceuser.services", denied=("sqladmin.googleapis.com",)), _sql_service
    ),
}
#: Fields without which the constraint can be told at all: of a tenant's own principals the directory is not known.
#: Whose directory a group belongs to stands in no policy: where people are bound, both are unknown.
LESS: Final[Mapping[str, tuple[str, ...]]] = {
    "iam.allowedPolicyMemberDomains": ("tenants.0.access", "images.pipIndex", "tenants.0.roles"),
    "iam.managed.allowedPolicyMembers": ("tenants.0.roles",),
}


def test_the_spec_has_no_conflict() -> None:
    assert plan().plan.conflicts == ()


@pytest.mark.parametrize("name", FIXTURES)
def test_rendered_objects_satisfy_it_and_one_change_violates_it(name: str) -> None:
    fixture = ADAPTED[name]() if name in ADAPTED else FIXTURES[name]
    platform = rendered(*LESS.get(name, ()))
    fixture.holds(platform)
    good = platform.judge([fixture.policy])[name]
    held = kinds(platform)
    fixture.breaks(platform)
    bad = platform.judge([fixture.policy])[name]
    assert good.outcome in (Outcome.SATISFIED, Outcome.SATISFIED_BY), good
    assert bad.outcome is Outcome.VIOLATED and bad.fields, bad
    alien = {kind.rpartition("/")[2] for kind in (held | kinds(platform)) - rendered_kinds()}
    assert alien == ({HAND_MADE[name]} if name in HAND_MADE else set())


def test_the_count_is_told_as_it_is() -> None:
    everything = {row.id for row in load_constraints()}
    assert len(everything) == 88 and len(FIXTURES) == 74
    assert set(HAND_MADE) <= set(FIXTURES) and len(set(FIXTURES) - set(HAND_MADE)) == 59
    assert all(criteria()[name].never for name in everything - set(FIXTURES))
