"""Settings lead back to the fields that decide them, in every example and in specs that use every field."""

import json
import re
from functools import cache

import pytest

from rayfence.model.cluster_platform import ClusterPlatform
from rayfence.plan.settings import fields_of
from rayfence.spec import load
from rayfence.spec.schema import json_schema
from tests.arch.tree import ROOT
from tests.sim.platforms import gke, kubernetes, paths
from tests.unit.policy.platforms import resolved

SPECS = {
    **{
        name: (ROOT / "examples" / name / "platform.yaml").read_text(encoding="utf-8")
        for name in ("article", "autopilot", "gpu-tenants", "minimal", "shared-vpc", "two-tenants")
    },
    "every field of GKE": json.dumps(gke()),
    "every field of Kubernetes": json.dumps(kubernetes()),
}
SCHEMA = json_schema()
#: What no word in the spec makes weaker, or what follows from the rest of it.
FIXED = {
    "gke.abac",
    "gke.audit",
    "gke.bulletins",
    "gke.certificates",
    "gke.client_certificate",
    "gke.cloud_logging",
    "gke.dataplane_v2",
    "gke.key.agents",
    "gke.kubelet_read_only_port",
    "gke.private_nodes",
    "gke.services",
    "gke.shielded",
    "gke.ssl_policy",
    "gke.stack",
    "gke.system_bindings",
    "gke.workbench.confidential",
    "gke.workload_pool",
    "kubernetes.metadata_server",
    "kubernetes.ray_floor",
}


@cache
def platform(name: str) -> ClusterPlatform:
    found = load(SPECS[name])
    assert isinstance(found, ClusterPlatform)
    return found


@pytest.mark.parametrize("name", SPECS)
def test_every_setting_has_its_fields_or_has_none_on_purpose(name: str) -> None:
    made = platform(name)
    on_google = made.target.__class__.__name__ == "GkeTarget"
    for decision in resolved(made).decisions:
        fixed = decision.path in FIXED or ".metadata." in decision.path
        fixed |= on_google and decision.path == "kubernetes.datapath"
        assert bool(fields_of(decision.path, made)) is not fixed, decision.path


@pytest.mark.parametrize("name", SPECS)
def test_every_field_is_one_of_the_specs(name: str) -> None:
    made = platform(name)
    named = {key for path, _ in paths(SCHEMA["$defs"]) if path[-2:-1] == ("properties",) for key in path[-1:]}
    for decision in resolved(made).decisions:
        for field in fields_of(decision.path, made):
            assert set(re.sub(r"\[[^]]*\]", "", field).split(".")) <= named, f"{decision.path}: {field}"


@pytest.mark.parametrize(
    ("setting", "fields"),
    [
        ("gke.pools.workers.nodes", ("target.gke.pools[1].minNodes", "target.gke.pools[1].maxNodes")),
        ("gke.pools.chosen.confidential", ("target.gke.pools",)),
        ("gke.network.nat", ("target.gke.network.own.nat",)),
        ("tenants.research.access[1]", ("tenants[0].access",)),
        ("tenants.nobody.identity", ()),
        ("nothing", ()),
        ("nothing.of.it", ()),
    ],
)
def test_indices_and_kinds_are_those_of_this_spec(setting: str, fields: tuple[str, ...]) -> None:
    assert fields_of(setting, platform("article")) == fields
