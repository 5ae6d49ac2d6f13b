"""The perimeter, and the article's case: only the cluster that hosts Ray reads the BigQuery dataset."""

import json
from dataclasses import dataclass, replace

import pytest

from rayfence.model.cloud import CloudResource
from rayfence.model.gke import Perimeter
from rayfence.model.gke_settings import GkeSettings
from rayfence.model.tenancy import ClusterTenant, Grant, Roles
from rayfence.render.gcp.perimeter.perimeter import (
    ACCESSIBLE,
    RESTRICTED,
    foreign_number,
    perimeter_lookups,
    perimeter_name,
    perimeter_resources,
)
from rayfence.render.gcp.render import render
from tests.unit.render.gcp.settings import BARE, SHARED, SPOKE, STANDARD, resolution

READS = ClusterTenant("vision", Roles(), access=(Grant("bigquery", "acme-data.images", "dataViewer"),))
OTHER = ClusterTenant("audio", Roles())
PRINCIPAL = (
    "principal://iam.googleapis.com/projects/123456789/locations/global/workloadIdentityPools/acme-ml.svc.id.goog"
)


def perimeter(settings: GkeSettings, *tenants: ClusterTenant) -> CloudResource:
    (made,) = perimeter_resources(resolution(settings, *tenants), settings)
    return made


def half(made: CloudResource, name: str) -> dict[str, list[dict[str, object]]]:
    value = made.body[name]
    assert isinstance(value, dict)
    return value


@dataclass(frozen=True)
class Call:
    """A read of BigQuery in `acme-data`: by whom, and from which project's network (None: the internet)."""

    member: str
    network: str | None


def reads(call: Call, settings: GkeSettings) -> bool:
    """A model of VPC Service Controls and IAM for this one question, over what was rendered."""
    desired = render(resolution(settings, READS, OTHER))
    bound = any(
        made.kind == "iam.googleapis.com/AllowPolicy"
        and made.block == "google_bigquery_dataset_iam_member"
        and call.member in str(made.body)
        for made in desired.resources
    )
    status = half(perimeter(settings, READS, OTHER), "status")
    closed = "bigquery.googleapis.com" in str(status["restrictedServices"])
    inside = {"projects/123456789": "acme-ml", "projects/number of acme-data": "acme-data"}
    members = {inside[str(name)] for name in status["resources"]}
    if not closed or "acme-data" not in members:
        return bound
    return bound and (call.network in members or _let_in(status, call))


def _let_in(status: dict[str, list[dict[str, object]]], call: Call) -> bool:
    return any(
        call.member in str(rule["ingressFrom"]) and f"/projects/{call.network}/" in str(rule["ingressFrom"])
        for rule in status.get("ingressPolicies", [])
    )


ENFORCED = replace(STANDARD, perimeter=Perimeter("42", enforced=True, data_projects=("acme-data",)))
HOSTED = replace(SHARED, project_number="123456789", perimeter=ENFORCED.perimeter)
WORKER = f"{PRINCIPAL}/subject/ns/vision/sa/ray-worker"


@pytest.mark.parametrize(
    ("member", "network", "allowed"),
    [
        (WORKER, "acme-ml", True),  # Ray in the cluster
        (WORKER, None, False),  # its credentials, leaked
        (WORKER, "acme-other", False),
        (f"{PRINCIPAL}/subject/ns/audio/sa/ray-worker", "acme-ml", False),  # another tenant of the same cluster
        ("serviceAccount:workbench-notebook@acme-ml.iam.gserviceaccount.com", "acme-ml", False),
    ],
)
def test_only_the_cluster_that_hosts_ray_reads_the_dataset(member: str, network: str | None, allowed: bool) -> None:
    assert reads(Call(member, network), ENFORCED) is allowed


def test_in_a_host_projects_network_the_tenant_alone_is_let_in() -> None:
    assert reads(Call(WORKER, "acme-host"), HOSTED)
    assert not reads(Call(WORKER, None), HOSTED)
    assert not reads(Call(f"{PRINCIPAL}/subject/ns/audio/sa/ray-worker", "acme-host"), HOSTED)
    rules = half(perimeter(HOSTED, READS, OTHER), "status")["ingressPolicies"]
    assert rules[0]["title"] == "vision bigquery.googleapis.com"
    assert "//compute.googleapis.com/projects/acme-host/global/networks/ray" in str(rules[0])


def test_without_the_perimeter_the_leaked_credential_would_have_read() -> None:
    outside = replace(ENFORCED, perimeter=Perimeter("42", enforced=True))
    assert reads(Call(WORKER, None), outside)


def test_dry_run_comes_first() -> None:
    made = perimeter(STANDARD, READS)
    assert made.attributes["use_explicit_dry_run_spec"] is True
    assert "spec" in made.attributes and "status" not in made.attributes
    enforced = perimeter(SPOKE, READS)
    assert "use_explicit_dry_run_spec" not in enforced.attributes and "spec" not in enforced.attributes
    assert perimeter_resources(resolution(BARE), BARE) == ()


def test_data_outside_is_reached_by_its_tenant_and_service_alone() -> None:
    settings = replace(STANDARD, perimeter=Perimeter("42"), key=None)
    rules = half(perimeter(settings, READS, OTHER), "spec")["egressPolicies"]
    crossing = rules[0]
    assert crossing["title"] == "vision acme-data bigquery.googleapis.com"
    assert "audio" not in str(crossing) and "'serviceName': 'bigquery.googleapis.com'" in str(crossing)
    assert perimeter_lookups(resolution(settings, READS), settings) == {
        "project__acme-data": {"project_id": "acme-data"}
    }
    assert foreign_number("acme-data").template == "${data.google_project.project__acme-data.number}"


def test_nodes_pull_images_and_agents_use_keys_kept_elsewhere() -> None:
    titles = [
        rule["title"]
        for rule in half(
            perimeter_resources(resolution(STANDARD, OTHER, registry="europe-docker.pkg.dev/acme-images/x/"), STANDARD)[
                0
            ],
            "spec",
        )["egressPolicies"]
    ]
    assert titles == ["public images", "images of acme-images", "keys"]


def test_what_is_closed_and_by_which_name() -> None:
    closed = half(perimeter(STANDARD, READS), "spec")["restrictedServices"]
    assert len(RESTRICTED) == len(closed) == 26
    assert perimeter_name(replace(STANDARD, cluster="a-b.c")) == "ray_a_b_c"


def test_pods_inside_still_get_their_tokens() -> None:
    """GKE's metadata server asks Google's token service in the node's name: refused there, no pod has an identity."""
    inside = json.dumps(perimeter(STANDARD, READS).attributes)
    assert '"allowed_services": ["RESTRICTED-SERVICES", "iamcredentials' in inside and '"sts.googleapis.com"' in inside
    assert not set(ACCESSIBLE) & set(RESTRICTED)


def test_access_levels_are_the_door_of_those_who_manage_it() -> None:
    level = "accessPolicies/42/accessLevels/pipeline"
    assert STANDARD.perimeter is not None
    chosen = replace(STANDARD, perimeter=replace(STANDARD.perimeter, access_levels=(level,)))
    assert json.dumps([level]) in json.dumps(perimeter(chosen, READS).attributes)
    assert "access_levels" not in json.dumps(perimeter(STANDARD, READS).attributes)
