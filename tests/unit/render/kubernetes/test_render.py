"""Twin of rayfence.render.kubernetes.render: every object against its schema, in order, deterministic."""

import json
from dataclasses import replace

import pytest
from jsonschema import ValidationError

from rayfence.errors import RenderError
from rayfence.model.cluster_platform import Datapath, Operator, OperatorSource
from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import IapScope
from rayfence.model.tenancy import WorkloadIdentity
from rayfence.render.kubernetes.render import render
from tests.unit.render.kubernetes.resolutions import (
    GKE,
    OPERATOR_IMAGE,
    SPEECH,
    VISION,
    addon,
    at,
    existing,
    found,
    on_gke,
)
from tests.unit.render.kubernetes.schemas import check

assert GKE.iap is not None
_EVERY_GATE = ("RayClusterMTLS", "RayClusterNetworkPolicy")
CASES: dict[str, tuple[ClusterResolution, str]] = {
    "existing 1.7": (existing(), "1.7.0"),
    "existing 1.7, gates": (existing(gates=_EVERY_GATE), "1.7.0"),
    "existing 1.6": (existing(operator_version="1.6.0"), "1.6.0"),
    "cilium": (existing(datapath=Datapath.CILIUM, api_server_cidrs=()), "1.7.0"),
    "no datapath": (existing(datapath=Datapath.NONE), "1.7.0"),
    "no gateway": (existing(gateway=None), "1.7.0"),
    "queue": (existing(replace(VISION, queue="gpus")), "1.7.0"),
    "gke": (on_gke(), "1.7.0"),
    "gke add-on": (addon(), "1.5.1"),
    "gke legacy": (on_gke(gke=replace(GKE, iap=replace(GKE.iap, legacy_ingress=True))), "1.7.0"),
    "gke regional": (on_gke(gke=replace(GKE, iap=replace(GKE.iap, scope=IapScope.REGIONAL))), "1.7.0"),
    "key file": (on_gke(replace(VISION, identity=WorkloadIdentity.KEY_FILE, key_max_age_days=30)), "1.7.0"),
    "annotated": (on_gke(replace(VISION, identity=WorkloadIdentity.ANNOTATED)), "1.7.0"),
    "autopilot": (on_gke(gke=replace(GKE, pools=()), autopilot=True), "1.7.0"),
}


@pytest.mark.parametrize("name", CASES)
def test_every_object_fits_its_schema(name: str) -> None:
    resolution, kuberay = CASES[name]
    for manifest in render(resolution):
        check(manifest.object, kuberay)


@pytest.mark.parametrize("name", CASES)
def test_objects_are_unique_ordered_and_the_same_each_time(name: str) -> None:
    resolution, _ = CASES[name]
    manifests = render(resolution)
    references = [manifest.reference for manifest in manifests]
    assert len(set(references)) == len(references)
    stages = [manifest.stage for manifest in manifests]
    assert stages == sorted(stages)
    assert manifests == render(resolution)


@pytest.mark.parametrize("name", CASES)
def test_guards_come_before_what_they_guard(name: str) -> None:
    resolution, _ = CASES[name]
    stage = {manifest.reference: manifest.stage for manifest in render(resolution)}
    pods = [
        value for key, value in stage.items() if key.split()[0] in {"Deployment", "StatefulSet", "RayCluster", "RayJob"}
    ]
    guards = [value for key, value in stage.items() if "Admission" in key or "NetworkPolicy" in key]
    assert max(guards) < min(pods)


def test_no_secret_is_ever_rendered() -> None:
    kinds = {manifest.object["kind"] for resolution, _ in CASES.values() for manifest in render(resolution)}
    assert "Secret" not in kinds
    assert {"RayCluster", "RayJob", "RayCronJob", "RayService", "Gateway", "Ingress", "PodMonitoring"} <= kinds


def test_the_add_on_renders_no_operator() -> None:
    references = {manifest.reference for manifest in render(addon())}
    assert not [reference for reference in references if "gke-ray" in reference or "kuberay-operator" in reference]


def test_a_scheduled_job_needs_its_gate() -> None:
    foreign = Operator(source=OperatorSource.EXISTING)
    with pytest.raises(RenderError, match="RayCronJob"):
        render(existing(operator=foreign))
    render(existing(operator=foreign, gates=("RayCronJob",)))
    with pytest.raises(RenderError, match="no feature gate RayCronJob"):
        render(existing(operator_version="1.5.1"))


def test_an_operator_without_token_authentication_is_refused() -> None:
    with pytest.raises(RenderError, match="authOptions"):
        render(existing(SPEECH, operator_version="1.5.0"))


def test_the_operators_image_must_be_pinned() -> None:
    with pytest.raises(RenderError, match="digest"):
        render(existing(SPEECH, operator=Operator(image=OPERATOR_IMAGE.partition("@")[0])))


def test_without_the_gateways_image_its_namespace_is_still_guarded() -> None:
    manifests = render(existing(gateway=None))
    references = {manifest.reference for manifest in manifests}
    assert "NetworkPolicy vision-gateway/default-deny" in references
    assert "StatefulSet vision-gateway/gateway" not in references
    cluster = found(manifests, "RayCluster vision/train")
    assert "rayfence-sidecar" not in str(cluster)


@pytest.mark.parametrize(
    ("reference", "path", "kind"),
    [
        ("RayCluster vision/train", ("spec", "headGroupSpec"), "CRD"),
        ("RayCluster vision/train", ("spec", "headGroupSpec", "template", "spec"), "pod template of a CRD"),
        ("HTTPRoute vision-gateway/gateway", ("spec",), "Gateway API"),
        ("GCPBackendPolicy vision-gateway/gateway", ("spec", "default"), "GKE"),
        ("NetworkPolicy vision/default-deny", ("spec",), "built in"),
        ("StatefulSet vision-gateway/gateway", ("spec", "template", "spec"), "built in"),
    ],
)
def test_the_schemas_refuse_unknown_fields(reference: str, path: tuple[str, ...], kind: str) -> None:
    value = json.loads(json.dumps(found(render(on_gke()), reference)))
    place = at(value, *path)
    assert isinstance(place, dict)
    place["surprise"] = 1
    with pytest.raises(ValidationError, match="surprise"):
        check(value, "1.7.0")


@pytest.mark.parametrize("kubernetes", ["1.30", "1.37"])
def test_older_and_newer_servers_take_the_built_in_kinds(kubernetes: str) -> None:
    for manifest in render(existing()):
        check(manifest.object, "1.7.0", kubernetes)


@pytest.mark.parametrize("name", CASES)
def test_what_has_no_namespace_says_whose_it_is(name: str) -> None:
    """Without it nothing finds such an object again when it has left the spec."""
    resolution, _ = CASES[name]
    wide = [manifest.object for manifest in render(resolution) if "namespace" not in manifest.object["metadata"]]  # type: ignore[operator]
    assert wide
    assert {at(value, "metadata", "labels", "rayfence.dev/platform") for value in wide} == {resolution.platform.name}
