"""Every check there is, on what every example and variation renders: no renderer is judged by hand-made input alone."""

import json
import os
import re
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from rayfence.catalog.actors import load_actors
from rayfence.catalog.machines import load_machines
from rayfence.model.kubernetes import Manifest
from rayfence.model.orgpolicy import OrgFacts
from rayfence.model.proofs import FlowState
from rayfence.policy.proofs import capacity, disagreements, flows, privileges, refuse_broad
from rayfence.render.gcp.terraform import terraform_files
from tests.sim.artefacts import NAMES, VARIATIONS, artefacts
from tests.unit.render.gcp import provider_schema
from tests.unit.render.gcp.test_render import set_at, uses_key, without_key
from tests.unit.render.kubernetes.admission_review import Request, refusals
from tests.unit.render.kubernetes.schemas import check

ALL = (*NAMES, *VARIATIONS)
GOOGLE = tuple(name for name in ALL if artefacts(name).resolution.gke is not None)
WITH_KEY = tuple(name for name in GOOGLE if getattr(artefacts(name).resolution.gke, "key", None) is not None)
RAY_KINDS = {"RayCluster": "rayclusters", "RayJob": "rayjobs", "RayService": "rayservices", "RayCronJob": "raycronjobs"}
#: What the operator adds to every pod of a cluster with token authentication.
TOKEN_ENV = [{"name": "RAY_AUTH_MODE", "value": "token"}]


@pytest.mark.parametrize("name", ALL)
def test_the_plan_of_it_has_no_conflict(name: str) -> None:
    assert artefacts(name).resolution.conflicts == ()


@pytest.mark.parametrize("name", ALL)
def test_it_fits_and_no_rule_of_ours_closes_a_flow(name: str) -> None:
    case = artefacts(name)
    assert capacity(case.resolution, load_machines()).conflicts == ()
    report = flows(case.resolution, OrgFacts(), case.cloud)
    assert report.conflicts == ()
    if case.resolution.gke is not None and case.resolution.gke.network.manage_firewall:
        states = {item.state for item in report.flows if item.flow.needed}
        named = any(not one.host[:1].isdigit() for one in case.resolution.gke.destinations)  # its address is unknown
        unknown = {FlowState.UNKNOWN} if named or case.resolution.gke.network.nodes_cidr is None else set()
        assert states <= {FlowState.OPEN, FlowState.UNFILTERED} | unknown


@pytest.mark.parametrize("name", GOOGLE)
def test_the_provider_would_take_it_and_every_reference_leads_somewhere(name: str) -> None:
    cloud = artefacts(name).cloud
    assert [error for made in cloud.resources for error in provider_schema.schema_errors(made)] == []
    assert provider_schema.unresolved(cloud) == []
    assert provider_schema.cycles(cloud) == []
    addresses = [f"{made.block}.{made.label}" for made in cloud.resources]
    assert len(addresses) == len(set(addresses))


@pytest.mark.parametrize("name", GOOGLE)
def test_the_real_terraform_loads_it(name: str, tmp_path: Path) -> None:
    for file, content in terraform_files(artefacts(name).cloud).items():
        if file != "backend.tf.json":  # as with `init -backend=false`
            (tmp_path / file).write_text(content, encoding="utf-8")
    environment = os.environ | {"CHECKPOINT_DISABLE": "1", "TF_CLI_CONFIG_FILE": os.devnull, "TF_IN_AUTOMATION": "1"}
    command = ["terraform", "providers", "-no-color"]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "hashicorp/google]" in done.stdout


@pytest.mark.parametrize("name", WITH_KEY)
def test_whatever_can_take_a_key_has_one_and_waits_for_every_grant(name: str) -> None:
    case = artefacts(name)
    assert case.resolution.gke is not None
    left_out = without_key(case.resolution.gke)
    grants = {
        f"{made.block}.{made.label}"
        for made in case.cloud.resources
        if made.block == "google_kms_crypto_key_iam_member"
    }
    for made in case.cloud.resources:
        for path in provider_schema.key_paths(provider_schema.resources()[made.block]):
            assert path in left_out or set_at(made.attributes, path), f"{made.label}: no key at {'.'.join(path)}"
        if uses_key(made):
            depends = made.attributes["depends_on"]
            assert isinstance(depends, list)
            assert grants and grants <= set(depends), made.label


@pytest.mark.parametrize("name", GOOGLE)
def test_the_cluster_waits_for_what_its_nodes_need_to_join(name: str) -> None:
    cloud = artefacts(name).cloud
    (cluster,) = (made for made in cloud.resources if made.block == "google_container_cluster")
    depends = cluster.attributes["depends_on"]
    assert isinstance(depends, list)
    for made in cloud.resources:
        address = f"{made.block}.{made.label}"
        names = made.block == "google_dns_record_set" and made.label.endswith(("__A", "__CNAME"))
        if names or made.block in {"google_compute_firewall", "google_compute_route", "google_compute_router_nat"}:
            assert address in depends, address


@pytest.mark.parametrize("name", GOOGLE)
def test_every_service_an_object_calls_is_switched_on_before_it(name: str) -> None:
    """An API that is off answers 403 to whoever makes the object, which a schema can't see."""
    case = artefacts(name)
    on = {str(made.attributes["service"]) for made in case.cloud.resources if made.block == "google_project_service"}
    needed = {
        "google_container_cluster": "container",
        "google_dns_managed_zone": "dns",
        "google_kms_key_ring": "cloudkms",
        "google_certificate_manager_certificate": "certificatemanager",
        "google_network_connectivity_spoke": "networkconnectivity",
        "google_workbench_instance": "notebooks",
        "google_pubsub_topic": "pubsub",
        "google_access_context_manager_service_perimeter": "accesscontextmanager",
        "google_iap_web_backend_service_iam_member": "iap",
    }
    for made in case.cloud.resources:
        if made.block in needed:
            assert f"{needed[made.block]}.googleapis.com" in on, made.label
        if set_at(made.attributes, ("secret_manager_config", "enabled")):
            assert "secretmanager.googleapis.com" in on


@pytest.mark.parametrize("name", GOOGLE)
def test_nodes_may_pull_every_image_of_the_platform(name: str) -> None:
    case = artefacts(name)
    assert case.resolution.gke is not None
    accounts = {
        str(made.attributes["account_id"])
        for made in case.cloud.resources
        if made.block == "google_service_account" and str(made.attributes["display_name"]).startswith("nodes of")
    }
    assert accounts
    for image in images(case.manifests):
        host, project, repository, *_ = image.split("/")
        where = (project, host.removesuffix("-docker.pkg.dev"), repository)
        assert {f"serviceAccount:{short}" for short in accounts} <= readers(name)[where], image


@pytest.mark.parametrize("name", GOOGLE)
def test_ray_pods_may_read_the_mirror_they_install_from(name: str) -> None:
    case = artefacts(name)
    said = json.dumps([item.object for item in case.manifests])
    found = set(re.findall(r"https://([a-z0-9-]+)-python\.pkg\.dev/([^/]+)/([^/]+)/simple", said))
    for place, project, repository in found:
        assert readers(name)[project, place, repository], f"nobody may read {repository}"
        if "principal://" in json.dumps([made.body for made in case.cloud.resources]):
            pods = {who for who in readers(name)[project, place, repository] if who.startswith("principal:")}
            tenants = [tenant.name for tenant in case.resolution.platform.tenants]
            assert all(any(f"/ns/{tenant}/sa/ray-worker" in who for who in pods) for tenant in tenants)


@pytest.mark.parametrize("name", ALL)
def test_the_list_of_rights_and_the_bindings_agree(name: str) -> None:
    case = artefacts(name)
    grants = privileges(case.resolution, case.cloud, case.manifests, load_actors())
    assert disagreements(grants, case.cloud) == ()
    assert refuse_broad(grants) == ()


@pytest.mark.parametrize("name", ALL)
def test_an_api_server_would_take_every_object(name: str) -> None:
    case = artefacts(name)
    release = {"1.5.1": "1.6.0"}.get(case.kuberay, case.kuberay)
    for manifest in case.manifests:
        check(manifest.object, release)


@pytest.mark.parametrize("name", ALL)
def test_objects_are_unique_and_stand_where_a_namespace_is(name: str) -> None:
    manifests = artefacts(name).manifests
    references = [item.reference for item in manifests]
    assert len(set(references)) == len(references)
    stages = [item.stage for item in manifests]
    assert stages == sorted(stages)
    made = {meta(item)["name"]: item.stage for item in manifests if item.object["kind"] == "Namespace"}
    for item in manifests:
        namespace = meta(item).get("namespace")
        if namespace is not None and namespace not in {"kube-system"}:
            assert namespace in made, f"{item.reference}: nobody makes its namespace"
            assert item.stage >= made[namespace] and references.index(f"Namespace {namespace}") < references.index(
                item.reference
            )


@pytest.mark.parametrize("name", ALL)
def test_no_file_holds_a_secret(name: str) -> None:
    case = artefacts(name)
    assert not [item.reference for item in case.manifests if item.object["kind"] == "Secret"]
    forbidden = {"google_service_account_key", "google_secret_manager_secret_version", "google_iap_client"}
    assert not [made.label for made in case.cloud.resources if made.block in forbidden]
    files = json.dumps([item.object for item in case.manifests]) + json.dumps(terraform_files(case.cloud))
    assert "PRIVATE KEY-----" not in files and "client_secret" not in files


@pytest.mark.parametrize("name", ALL)
def test_what_a_pod_names_exists(name: str) -> None:
    """Service accounts and config maps; Secrets are made by whoever starts the platform, never rendered."""
    manifests = artefacts(name).manifests
    there = {item.reference for item in manifests}
    for where, namespace, template in templates(manifests):
        spec = template["spec"]
        assert f"ServiceAccount {namespace}/{spec['serviceAccountName']}" in there, where
        for volume in spec.get("volumes", ()):
            if "configMap" in volume:
                reference = f"ConfigMap {namespace}/{volume['configMap']['name']}"
                assert reference in there, f"{where}: {reference}"
        mounted = {mount["name"] for item in containers(spec) for mount in item.get("volumeMounts", ())}
        assert mounted <= {volume["name"] for volume in spec.get("volumes", ())} | claims(manifests, where), where


@pytest.mark.parametrize("name", ALL)
def test_pods_meet_the_restricted_standard(name: str) -> None:
    for where, _, template in templates(artefacts(name).manifests):
        spec = template["spec"]
        assert not {"hostNetwork", "hostPID", "hostIPC"} & {key for key, value in spec.items() if value}, where
        assert spec["securityContext"]["runAsNonRoot"] is True, where
        assert spec["securityContext"]["seccompProfile"]["type"] == "RuntimeDefault", where
        allowed = {"configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "persistentVolumeClaim", "projected"}
        for volume in spec.get("volumes", ()):
            assert set(volume) - {"name"} <= allowed | {"secret"}, where
        for item in containers(spec):
            context = item["securityContext"]
            assert context["allowPrivilegeEscalation"] is False and context["capabilities"] == {"drop": ["ALL"]}, where
            assert "@sha256:" in item["image"], where


@pytest.mark.parametrize("name", ALL)
def test_admission_admits_what_we_render(name: str) -> None:
    manifests = artefacts(name).manifests
    labels = {meta(item)["name"]: meta(item)["labels"] for item in manifests if item.object["kind"] == "Namespace"}
    operator = operator_user(name)
    for item in manifests:
        kind, namespace = str(item.object["kind"]), meta(item).get("namespace")
        resource = RAY_KINDS.get(kind) or {"Service": "services", "HTTPRoute": "httproutes"}.get(kind)
        if resource is not None:
            request = Request(resource, item.object, namespace, labels[namespace], user="admin@example.com")
            assert refusals(manifests, request) == [], item.reference
    for where, namespace, template in templates(manifests):
        if namespace not in labels or labels[namespace].get("rayfence.dev/role") == "operator":
            continue
        pod = json.loads(json.dumps(template))
        pod["metadata"] |= {"name": "p"}
        user = "system:serviceaccount:kube-system:replicaset-controller"
        if where.split()[0] in RAY_KINDS and not where.endswith("submitter"):
            user = operator
            node = "head" if " head" in where else "worker"
            pod["metadata"].setdefault("labels", {}).update(
                {
                    "ray.io/cluster": where.split()[1].split("/")[1],
                    "ray.io/node-type": node,
                    "ray.io/is-ray-node": "yes",
                }
            )
            pod["spec"]["containers"][0].setdefault("env", []).extend(TOKEN_ENV)
        if where.endswith("submitter"):
            user = "system:serviceaccount:kube-system:job-controller"
        assert refusals(manifests, Request("pods", pod, namespace, labels[namespace], user=user)) == [], where


@pytest.mark.parametrize("name", ALL)
def test_the_quota_lets_every_pod_start(name: str) -> None:
    """With a quota on requests every container must ask, and one pod of each kind must fit at once."""
    manifests = artefacts(name).manifests
    for quota in (item for item in manifests if item.object["kind"] == "ResourceQuota"):
        hard: Any = quota.object["spec"]
        hard = hard["hard"]
        namespace = meta(quota)["namespace"]
        inside = [template["spec"] for _, where, template in templates(manifests) if where == namespace]
        assert "pods" not in hard or int(hard["pods"]) >= len(inside)
        if any(key.startswith(("requests.", "limits.")) for key in hard):
            for spec in inside:
                assert all({"requests", "limits"} <= set(item["resources"]) for item in containers(spec))


def test_the_variations_reach_every_form() -> None:
    kinds = {str(item.object["kind"]) for name in ALL for item in artefacts(name).manifests}
    assert {"Gateway", "HTTPRoute", "Ingress", "BackendConfig", "FrontendConfig", "ManagedCertificate"} <= kinds
    assert {"RayCluster", "RayJob", "RayCronJob", "RayService", "LocalQueue", "StorageClass"} <= kinds
    blocks = {made.block for name in GOOGLE for made in artefacts(name).cloud.resources}
    assert {
        "google_compute_network_peering",
        "google_network_connectivity_spoke",
        "google_compute_shared_vpc_service_project",
        "google_compute_router_nat",
        "google_kms_crypto_key_version",
        "google_binary_authorization_attestor",
        "google_project",
        "google_workbench_instance",
        "google_dns_managed_zone",
    } <= blocks


def meta(item: Manifest) -> Any:
    """An object's metadata."""
    return item.object["metadata"]


def containers(spec: Mapping[str, Any]) -> list[Any]:
    """All of a pod's."""
    return [*spec.get("initContainers", ()), *spec["containers"]]


def templates(manifests: Sequence[Manifest]) -> Iterator[tuple[str, str, Any]]:
    """(whose, namespace, pod template) of every pod that the objects lead to."""
    for item in manifests:
        namespace = meta(item).get("namespace", "")
        for path, template in pod_templates(item.object, ""):
            yield f"{item.reference} {path}", namespace, template


def claims(manifests: Sequence[Manifest], where: str) -> set[str]:
    """Names of the volumes that a StatefulSet makes for each of its pods."""
    owner = next(item.object for item in manifests if where.startswith(f"{item.reference} "))
    spec: Any = owner.get("spec", {})
    return {claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", ())}


def pod_templates(value: object, path: str) -> Iterator[tuple[str, Any]]:
    """Pod templates anywhere in an object, with the group they are of."""
    if not isinstance(value, Mapping):
        return
    if "template" in value and isinstance(value["template"], Mapping) and "spec" in value["template"]:
        yield path, value["template"]
    for key, inner in value.items():
        short = {"headGroupSpec": "head", "workerGroupSpecs": "worker", "submitterPodTemplate": "submitter"}
        if key == "submitterPodTemplate":
            yield "submitter", inner
        for one in inner if isinstance(inner, list | tuple) else [inner]:
            yield from pod_templates(one, short.get(key, path))


def images(manifests: Sequence[Manifest]) -> set[str]:
    """Every image that a node has to pull."""
    return {item["image"] for _, _, template in templates(manifests) for item in containers(template["spec"])}


def readers(name: str) -> dict[tuple[str, str, str], set[str]]:
    """(project, location, repository) to who may read it, Terraform's references followed; accounts by short name."""
    case = artefacts(name)
    gke = case.resolution.gke
    assert gke is not None
    known = {"${local.project}": gke.project, "${local.region}": gke.network.region}
    for made in case.cloud.resources:
        if made.block == "google_artifact_registry_repository":
            known[f"${{google_artifact_registry_repository.{made.label}.name}}"] = made.name
    found: dict[tuple[str, str, str], set[str]] = {}
    for made in case.cloud.resources:
        if made.block == "google_artifact_registry_repository_iam_member":
            project, place, repository = (str(made.attributes[key]) for key in ("project", "location", "repository"))
            where = (known.get(project, project), known.get(place, place), known.get(repository, repository))
            body: Any = made.body
            members = body["bindings"][0]["members"]
            found.setdefault(where, set()).update(str(who).partition("@")[0] for who in members)
    return found


def operator_user(name: str) -> str:
    """The operator as the API server sees it: whom admission lets give Ray's labels."""
    namespace = artefacts(name).resolution.kubernetes.operator_namespace
    return f"system:serviceaccount:{namespace}:kuberay-operator"
