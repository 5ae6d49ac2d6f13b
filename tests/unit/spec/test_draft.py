"""The first spec loads, whatever was chosen; and no value becomes structure."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rayfence.errors import SpecError
from rayfence.model.cluster_platform import ClusterPlatform, OperatorSource
from rayfence.model.gke import GkeTarget, NetworkKind
from rayfence.model.platform import LocalPlatform
from rayfence.spec.draft import TARGETS, Draft, missing, spec_text, unused
from rayfence.spec.load import load

DIGEST = "@sha256:" + "1" * 64
REGISTRY = "registry.example.com/ray/"
NETWORKS: list[dict[str, str]] = [
    {},
    {"hub": "projects/acme-net/global/networks/hub"},
    {"network": "corp", "subnetwork": "nodes"},
    {"network": "corp", "subnetwork": "nodes", "host_project": "acme-host"},
]
IMAGES: list[dict[str, str]] = [
    {},
    {
        "registry": REGISTRY,
        "ray_image": f"{REGISTRY}ray{DIGEST}",
        "gateway_image": f"{REGISTRY}gateway{DIGEST}",
        "operator_image": f"{REGISTRY}operator{DIGEST}",
    },
]


@pytest.mark.parametrize("mode", ["standard", "autopilot"])
@pytest.mark.parametrize("location", ["europe-west4", "us-central1-c"])
@pytest.mark.parametrize("group", ["", "ml@example.com"])
@pytest.mark.parametrize("policies", ["", "./org policies: 'x' #1"])
def test_every_gke_draft_loads(mode: str, location: str, group: str, policies: str) -> None:
    for network, images in itertools.product(NETWORKS, IMAGES):
        draft = Draft(
            target="gke",
            project="acme-ml",
            location=location,
            mode=mode,
            group=group,
            policies=policies,
            **network,
            **images,
        )
        assert not missing(draft) and not unused(draft)
        platform = load(spec_text(draft))
        assert isinstance(platform, ClusterPlatform)
        assert isinstance(platform.target, GkeTarget)
        assert platform.target.location == "-".join(location.split("-")[:2])
        assert platform.organization.policies == (policies or None)
        assert (platform.target.network.kind is NetworkKind.SHARED_VPC) == ("host_project" in network)
        assert bool(platform.tenants[0].clusters) == bool(images)
        assert platform.operator.source is (OperatorSource.MANIFESTS if images else OperatorSource.ADDON)


@pytest.mark.parametrize("context", ["", "kind-x", "on"])
@pytest.mark.parametrize("group", ["", "ml@example.com"])
@pytest.mark.parametrize("images", IMAGES)
def test_every_kubernetes_draft_loads(context: str, group: str, images: dict[str, str]) -> None:
    draft = Draft(target="kubernetes", context=context, group=group, **{"registry": REGISTRY, **images})
    platform = load(spec_text(draft))
    assert isinstance(platform, ClusterPlatform)
    assert platform.tenants[0].roles.submitter == ((f"group:{group}",) if group else ())


def test_the_local_draft_loads() -> None:
    platform = load(spec_text(Draft(name="ml", tenant="on")))
    assert isinstance(platform, LocalPlatform)
    assert (platform.name, platform.tenant.name) == ("ml", "on")


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft(), ()),
        (Draft("kubernetes"), ("registry",)),
        (Draft("gke"), ("project", "location")),
        (Draft("gke", project="p", location="l", network="n"), ("subnetwork",)),
        (Draft("gke", project="p", location="l", host_project="h"), ("network",)),
    ],
)
def test_missing(draft: Draft, fields: tuple[str, ...]) -> None:
    assert missing(draft) == fields


@pytest.mark.parametrize(
    ("draft", "fields"),
    [
        (Draft("local", project="p"), ("project",)),
        (Draft("kubernetes", hub="h", mode="autopilot"), ("hub", "mode")),
        (Draft("gke", network="n", subnetwork="s", hub="h"), ("hub",)),
        (Draft("gke", context="c"), ("context",)),
    ],
)
def test_unused(draft: Draft, fields: tuple[str, ...]) -> None:
    assert unused(draft) == fields


def test_a_wrong_value_is_told_by_field() -> None:
    with pytest.raises(SpecError) as caught:
        spec_text(Draft("gke", project="Acme", location="moon"))
    assert [problem.split(":")[0] for problem in caught.value.problems][:2] == [
        "target.gke.project",
        "target.gke.location",
    ]
    assert "nothing has been written" in caught.value.hint


@given(st.sampled_from(TARGETS), st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_value_becomes_structure(target: str, project: str, tenant: str, policies: str) -> None:
    draft = Draft(
        target=target,
        project=project or "acme-ml",
        location="us-central1",
        tenant=tenant or "x",
        registry=REGISTRY,
        policies=policies,
    )
    try:
        platform = load(spec_text(draft))
    except SpecError:
        return
    assert not isinstance(platform, ClusterPlatform) or platform.tenants[0].name == tenant or not tenant
    assert not isinstance(platform, ClusterPlatform) or platform.waivers == ()
