from dataclasses import replace

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.model.cloud import CloudDesired, CloudResource
from rayfence.model.gke import NetworkKind, Perimeter, Protection
from rayfence.model.gke_settings import GkeSettings, KeySettings
from rayfence.model.proofs import Plane
from rayfence.model.tenancy import Grant, Job, WorkloadIdentity
from rayfence.policy.proofs.grants.broad import refuse_broad
from rayfence.policy.proofs.privilege import NOTHING, privileges
from tests.unit.policy.proofs.made import GKE, IAP, INTERNAL, NETWORK, pods, resolution, tenant

ACTORS = load_actors()
KEY = KeySettings(
    "projects/kms/k", True, "kms", "us-central1", "r", "k", Protection.HSM, 90, None, None, ("compute-system",)
)
FULL = replace(
    GKE,
    key=KEY,
    iap=IAP,
    internal=INTERNAL,
    perimeter=Perimeter("77"),
    network=replace(NETWORK, kind=NetworkKind.SHARED_VPC, project="host"),
)
EMPTY = CloudDesired(())


@pytest.mark.parametrize("gke", [None, GKE, FULL])
@pytest.mark.parametrize("identity", list(WorkloadIdentity))
def test_nothing_of_a_platform_is_broad(gke: GkeSettings | None, identity: WorkloadIdentity) -> None:
    busy = replace(
        tenant(),
        access=(Grant("bigquery", "acme-data.images", "dataViewer"),),
        identity=identity,
        jobs=(Job("j", pods(), "python x.py"),),
    )
    assert refuse_broad(privileges(resolution(gke, busy), EMPTY, (), ACTORS)) == ()


def test_every_actor_of_the_list_has_a_row_with_reasons() -> None:
    grants = privileges(resolution(FULL), EMPTY, (), ACTORS)
    wanted = {"platform-admin", "developer", "operator-installer", "ci", "node", "ray-head", "ray-worker", "gateway"}
    assert wanted | {"scanner", "auditor", "iap-user", "google-agent"} <= {grant.actor for grant in grants}
    assert all(grant.why and grant.worst and grant.meaning and (grant.members or grant.to_name) for grant in grants)
    order = [list(ACTORS.actors).index(grant.actor) for grant in grants]
    assert order == sorted(order)


def test_who_holds_nothing_is_said_to() -> None:
    rows = {grant.actor: grant.role for grant in privileges(resolution(), EMPTY, (), ACTORS)}
    assert rows["gateway"] == rows["ray-head"] == rows["ray-worker"] == NOTHING


def test_what_is_rendered_and_not_explained_stands_at_the_end_and_is_refused() -> None:
    body: dict[str, object] = {"bindings": [{"role": "roles/viewer", "members": ["group:x@acme.com"]}]}
    extra = CloudResource("iam.googleapis.com/AllowPolicy", "n", "google_project_iam_member", "x", "g", body, {})
    grants = privileges(resolution(), CloudDesired((extra,)), (), ACTORS)
    assert grants[-1].actor == "unexplained" and grants[-1].on == "google_project_iam_member.x"
    assert len(refuse_broad(grants)) == 2


def test_without_a_cloud_only_kubernetes_is_listed() -> None:
    assert all(
        grant.plane is Plane.RBAC or grant.role == NOTHING for grant in privileges(resolution(None), EMPTY, (), ACTORS)
    )


def test_the_same_input_gives_the_same_list() -> None:
    assert privileges(resolution(FULL), EMPTY, (), ACTORS) == privileges(resolution(FULL), EMPTY, (), ACTORS)
