"""Rules that can't hold together, or not with a spec: each stops `rayfence plan`, and says what would reconcile them.

One case for each pair of rules, or of rule and choice, that is known to clash on GKE. A conflict names the rules, the
fields of the spec, what helps, and holds the letter to the policies' owner: the project, the smallest exception.
Some clashes can't come up here, for what rayfence renders serves the rule by itself: those have a test of their own.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pytest

from rayfence.catalog.constraints import load_example_constraints
from tests.sim.planning import allow, based_on, custom, deny, on, plan_by_command
from tests.sim.platforms import waived

WORKLOAD: Final = "iam.disableWorkloadIdentityClusterCreation"
FEDERATION: Final = "container.managed.enableWorkloadIdentityFederation"
MEMORY: Final = "compute.restrictNonConfidentialComputing"
BALANCERS: Final = "compute.restrictLoadBalancerCreationForTypes"
DNS_ONLY: Final = "container.managed.enableControlPlaneDNSOnlyAccess"
NETWORK: Final = "compute.skipDefaultNetworkCreation"
ADDRESSES: Final = "custom.gkeRequireMasterAuthorizedNetworks"
ENDPOINT: Final = "custom.gkeRequirePrivateEndpoint"
PUBLISHED: Final = {row.name: row for row in load_example_constraints()}
ALL_SERVICES: Final = ("compute.googleapis.com", "container.googleapis.com")


def published(name: str) -> tuple[Mapping[str, object], ...]:
    """A published constraint and its policy."""
    row = PUBLISHED[name]
    return custom(name.removeprefix("custom."), row.kinds[0], row.condition, "DENY" if row.denies else "ALLOW")


@dataclass(frozen=True)
class Clash:
    """What clashes. `rules` and `fields` that one conflict names; `remedy`, `asked`: said in it and in its letter."""

    spec: Mapping[str, Any]
    policies: tuple[Mapping[str, object], ...]
    rules: tuple[str, ...]
    field: str
    remedy: str
    asked: str


def _pool(machine: str) -> Mapping[str, Any]:
    return based_on("article", ("target.gke.pools.0.machineType", machine), ("target.gke.pools.0.confidential", ...))


MINIMAL: Final = based_on("minimal")
ARTICLE: Final = based_on("article")
CLASSIC: Final = based_on("article", ("exposure.iap.legacyIngress", True))
ZONAL: Final = based_on("minimal", ("target.gke.location", "us-central1-c"), waived("zonal-cluster"))
DEFAULT: Final = based_on(
    "minimal", ("target.gke.network", {"existing": {"network": "default", "subnetwork": "default"}})
)
NO_MEMORY: Final = deny(MEMORY, *ALL_SERVICES)
TAG: Final = "enforce: false"

CLASHES: Final[Mapping[str, Clash]] = {
    "no Workload Identity, but federation": Clash(
        MINIMAL, (on(WORKLOAD), on(FEDERATION)), (WORKLOAD, FEDERATION), "target.gke", "exception", TAG
    ),
    "no Workload Identity, but GKE's metadata server": Clash(
        MINIMAL,
        (on(WORKLOAD), *published("custom.gkeRequireGKEMetadataServer")),
        (WORKLOAD, "custom.gkeRequireGKEMetadataServer"),
        "target.gke",
        "exception",
        TAG,
    ),
    "no Workload Identity, but Autopilot": Clash(
        based_on("autopilot"), (on(WORKLOAD),), (WORKLOAD,), "target.gke.mode", "exception", TAG
    ),
    "confidential, but GPUs": Clash(
        based_on("gpu-tenants"), (NO_MEMORY,), (MEMORY,), "target.gke.pools[1].gpu", "a3-highgpu-1g", ALL_SERVICES[1]
    ),
    "confidential, but e2": Clash(
        _pool("e2-standard-8"), (NO_MEMORY,), (MEMORY,), "target.gke.pools[0].machineType", "n2d", ALL_SERVICES[0]
    ),
    "confidential, but n1": Clash(
        _pool("n1-standard-8"), (NO_MEMORY,), (MEMORY,), "target.gke.pools[0].machineType", "n2d", ALL_SERVICES[1]
    ),
    "confidential, but Autopilot": Clash(
        based_on("autopilot"), (NO_MEMORY,), (MEMORY,), "target.gke.mode", "mode: standard", ALL_SERVICES[1]
    ),
    "confidential by both twins, but GPUs": Clash(
        based_on("gpu-tenants"),
        (NO_MEMORY, on("compute.managed.restrictNonConfidentialComputing")),
        (MEMORY, "compute.managed.restrictNonConfidentialComputing"),
        "target.gke.pools[1].gpu",
        "a3-highgpu-1g",
        "constraints/compute.managed.restrictNonConfidentialComputing",
    ),
    "internal load balancers, but the article's proxy": Clash(
        ARTICLE,
        (allow(BALANCERS, "in:INTERNAL"),),
        (BALANCERS,),
        "exposure.iap.scope",
        "gke-l7-rilb",
        "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS",
    ),
    "classic load balancers denied, but Ingress": Clash(
        CLASSIC,
        (deny(BALANCERS, "EXTERNAL_HTTP_HTTPS"),),
        (BALANCERS,),
        "exposure.iap.legacyIngress",
        "gke-l7-global-external-managed",
        "EXTERNAL_HTTP_HTTPS",
    ),
    "classic load balancers not listed, but Ingress": Clash(
        CLASSIC,
        (allow(BALANCERS, "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS", "INTERNAL_TCP_UDP"),),
        (BALANCERS,),
        "exposure.iap.legacyIngress",
        "legacyIngress: false",
        "EXTERNAL_HTTP_HTTPS",
    ),
    "DNS endpoint alone, but authorised networks": Clash(
        MINIMAL,
        (on(DNS_ONLY), *published(ADDRESSES)),
        (ADDRESSES, DNS_ONLY),
        "target.gke.controlPlane.access",
        "dry run",
        TAG,
    ),
    "DNS endpoint alone, but a private endpoint": Clash(
        MINIMAL,
        (on(DNS_ONLY), *published(ENDPOINT)),
        (ENDPOINT, DNS_ONLY),
        "target.gke.controlPlane.access",
        "dry run",
        TAG,
    ),
    "DNS endpoint alone, but a private one is specified": Clash(
        based_on("shared-vpc"), (on(DNS_ONLY),), (DNS_ONLY,), "target.gke.controlPlane.access", "access: dns", TAG
    ),
    "authorised networks, but the DNS endpoint by default": Clash(
        MINIMAL,
        published(ADDRESSES),
        (ADDRESSES,),
        "target.gke.controlPlane.access",
        "access: private",
        TAG,
    ),
    "confidential cluster, but pools that are not": Clash(
        based_on("gpu-tenants"),
        published("custom.gkeRequireConfidentialNodes"),
        ("custom.gkeRequireConfidentialNodes",),
        "target.gke.pools",
        "encrypts its memory",
        TAG,
    ),
    "regional clusters, but a zone": Clash(
        ZONAL,
        published("custom.gkeRequireRegionalClusters"),
        ("custom.gkeRequireRegionalClusters",),
        "target.gke.location",
        "without a zone",
        TAG,
    ),
    # Its pattern has no 0: the condition counts, not its title.
    "regional clusters, but europe-west10": Clash(
        based_on("minimal", ("target.gke.location", "europe-west10")),
        published("custom.gkeRequireRegionalClusters"),
        ("custom.gkeRequireRegionalClusters",),
        "target.gke.location",
        "another location",
        TAG,
    ),
    "sandboxed pools, but GPUs": Clash(
        based_on("gpu-tenants"),
        published("custom.gkeRequireNodePoolSandbox"),
        ("custom.gkeRequireNodePoolSandbox",),
        "target.gke.pools",
        "sandbox: true",
        TAG,
    ),
    "no default network, but it is specified": Clash(
        DEFAULT, (on(NETWORK),), (NETWORK,), "target.gke.network.existing.network", "another network", ""
    ),
}


@pytest.mark.parametrize("name", CLASHES)
def test_a_clash_stops_the_plan_and_says_what_helps(name: str, tmp_path: Path) -> None:
    clash = CLASHES[name]
    status, plan, read = plan_by_command(tmp_path, clash.spec, *clash.policies)
    assert status == 4
    found = [item for item in plan["conflicts"] if set(clash.rules) <= set(item["rules"])]
    assert found, plan["conflicts"]
    conflict = next(item for item in found if clash.field in item["fields"])
    assert conflict["problem"] and any(clash.remedy in remedy for remedy in conflict["remedies"]), conflict
    assert all(rule in read for rule in clash.rules) and clash.field in read
    if clash.asked:
        letter = conflict["request"]
        owner = clash.spec.get("organization", {}).get("owner", "the organisation policy administrators")
        assert letter.startswith(f"To {owner}\n") and f"project `{clash.spec['target']['gke']['project']}`" in letter
        assert clash.asked in letter and f"constraints/{clash.rules[0]}" in letter
        assert "Other projects stay as they are" in letter and "ORGANIZATION_ID" not in letter
        assert re.search(r"until 20\d\d-\d\d-\d\d", letter)


@pytest.mark.parametrize(
    ("name", "spec"),
    [
        ("custom.gkeRequireConfidentialNodes", ARTICLE),  # the field `enabled` is written out beside the type
        ("custom.gkeRequireGKEMetadataServer", MINIMAL),  # written out on every pool
        ("custom.networkRequireBackendServiceLogging", based_on("shared-vpc")),  # on in every backend's policy
        ("custom.networkDisableTargetHTTPProxy", ARTICLE),  # the Gateway has an HTTPS listener only
        ("custom.networkDisableTargetHTTPProxy", CLASSIC),  # `kubernetes.io/ingress.allow-http: "false"`
        ("custom.gkeRequireRegionalClusters", MINIMAL),
        ("custom.gkeRequireNodePoolSandbox", based_on("minimal", ("target.gke.pools", [{"name": "default-pool"}]))),
    ],
)
def test_what_is_rendered_serves_the_rule_by_itself(name: str, spec: Mapping[str, Any], tmp_path: Path) -> None:
    status, plan, _ = plan_by_command(tmp_path, spec, *published(name))
    assert status == 0, plan["conflicts"]
    outcome = next(item["outcome"] for item in plan["outcomes"] if item["constraint"] == name)
    assert outcome in ("satisfied already", "satisfied by a setting", "not relevant"), outcome


@pytest.mark.parametrize("name", [ADDRESSES, ENDPOINT])
def test_what_the_server_makes_of_newer_fields_is_not_known(name: str, tmp_path: Path) -> None:
    # With access: private the same is said in the newer fields; the constraint reads the older ones.
    status, plan, _ = plan_by_command(tmp_path, based_on("shared-vpc"), *published(name))
    found = next(item for item in plan["outcomes"] if item["constraint"] == name)
    assert status == 0 and found["outcome"] == "unknown" and "dry run" in found["reason"]


def test_no_spec_goes_without_a_network(tmp_path: Path) -> None:
    status, plan, _ = plan_by_command(tmp_path, MINIMAL, on(NETWORK))
    networks = [item["name"] for item in plan["objects"] if item["kind"] == "compute.googleapis.com/Network"]
    assert status == 0 and len(networks) == 1 and "default" not in [name.rpartition("/")[2] for name in networks[1:]]


def test_without_rights_in_the_host_project_the_rules_are_handed_to_its_owner(tmp_path: Path) -> None:
    status, plan, _ = plan_by_command(tmp_path, based_on("shared-vpc"))
    assert status == 0
    assert not [item for item in plan["objects"] if item["kind"] == "compute.googleapis.com/Firewall"]
    handed = [text for text in plan["warnings"] if "firewall rules of corporate are written by others" in text]
    assert any("ingress from 35.191.0.0/16, 130.211.0.0/22" in text for text in handed)
    assert any("ingress from 10.42.0.0/23" in text for text in handed)


def test_a_plan_of_a_backend_without_logging_is_not_called_well(tmp_path: Path) -> None:
    # The internal load balancer of the article's platform has no policy that switches logging on.
    _, plan, _ = plan_by_command(tmp_path, ARTICLE, *published("custom.networkRequireBackendServiceLogging"))
    found = next(
        item for item in plan["outcomes"] if item["constraint"] == "custom.networkRequireBackendServiceLogging"
    )
    assert found["outcome"] == "unknown" and "dry run" in found["reason"]
