"""A platform on a cluster: every setting decided and explained, every contradiction named at once."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rayfence.errors import PreflightError
from rayfence.model.cluster_platform import ClusterPlatform, Datapath
from rayfence.model.gke import (
    ControlPlane,
    ControlPlaneAccess,
    Encryption,
    GkeMode,
    IapExposure,
    Network,
    NetworkKind,
    NodePool,
)
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.policy.cluster import refuse_cluster_conflicts
from tests.unit.policy.platforms import (
    EIGHT,
    article,
    existing,
    facts,
    minimal,
    on,
    open_question,
    refused,
    resolved,
    resolved_with,
    waiver,
)
from tests.unit.policy.strictness import looseness, organisations, policies, stricter


@pytest.mark.parametrize("platform", [minimal(), article(), existing()])
def test_a_platform_without_organisation_has_no_conflict_and_says_why(platform: ClusterPlatform) -> None:
    resolution = resolved(platform)
    assert resolution.conflicts == ()
    assert all(item.value and item.reason for item in resolution.decisions)
    paths = [item.path for item in resolution.decisions]
    assert len(paths) == len(set(paths))


def test_the_articles_environment_is_satisfied_by_settings() -> None:
    resolution = resolved(article(), *EIGHT)
    assert resolution.conflicts == ()
    named = {rule for item in resolution.decisions for rule in item.rules}
    silent = {"iam.disableWorkloadIdentityClusterCreation"}  # switched off by the project's tag
    assert named == {policy.constraint for policy in EIGHT} - silent


def test_an_existing_cluster_has_no_google_half() -> None:
    resolution = resolved(existing())
    assert resolution.gke is None
    assert resolution.kubernetes.datapath is Datapath.OTHER


def test_conflicts_are_raised_together() -> None:
    resolution = resolved(minimal(location="mars", security_group="admins@acme.com"))
    assert refused(resolution) >= {"target.gke.securityGroup"}
    with pytest.raises(PreflightError, match="gke-security-groups"):
        refuse_cluster_conflicts(resolution)
    refuse_cluster_conflicts(resolved(minimal()))


def test_undecided_policies_are_told_once() -> None:
    resolution = resolved(minimal(), open_question("compute.requireOsLogin"), open_question("sql.restrictPublicIp"))
    texts = [text for text in resolution.warnings if "undecided" in text]
    assert len(texts) == 2
    assert "settings hold as if it were enforced" in texts[0]
    assert "whether it holds is unknown" in texts[1]


def test_dry_runs_are_told() -> None:
    policy = on("compute.requireOsLogin")
    known = replace(facts(), dry_run={policy.constraint: policy})
    assert any("runs dry" in text for text in resolved_with(minimal(), known).warnings)


def test_twins_are_both_named() -> None:
    resolution = resolved(minimal(), on("compute.requireOsLogin"), on("compute.managed.requireOsLogin"))
    (login,) = [item for item in resolution.decisions if item.path.endswith("enable-oslogin")]
    assert login.rules == ("compute.requireOsLogin", "compute.managed.requireOsLogin")


def test_every_conflict_says_what_helps() -> None:
    policies = [policy for policy in EIGHT if policy.constraint != "iam.disableWorkloadIdentityClusterCreation"]
    enforced = on("iam.disableWorkloadIdentityClusterCreation")
    resolution = resolved(article(location="europe-west4", node_locations=()), *policies, enforced)
    assert len(resolution.conflicts) >= 3
    for conflict in resolution.conflicts:
        assert conflict.problem
        assert conflict.remedies
        assert conflict.rules or conflict.fields
        if "ask for the exception below" in conflict.remedies:
            assert conflict.request.startswith("To the organization policy administrators") or conflict.request


PLATFORMS = (
    minimal(),
    article(),
    minimal(mode=GkeMode.AUTOPILOT),
    replace(
        minimal(
            network=Network(NetworkKind.OWN, nat=True, flow_logs=False),
            control_plane=ControlPlane(ControlPlaneAccess.PRIVATE, ("10.0.0.0/8",)),
            encryption=Encryption(wanted=False),
            iap=IapExposure("ray.acme.com", ("group:ml@acme.com",)),
            pools=(
                NodePool("shared", "e2-standard-8", 1, 4, image_type="UBUNTU_CONTAINERD"),
                NodePool("mine", None, 0, 4, tenant="vision", service_account="n@acme-ml.iam.gserviceaccount.com"),
            ),
        ),
        waivers=(waiver("flow-logs"), waiver("node-image")),
    ),
)
FEW = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@FEW
@given(st.sampled_from(PLATFORMS), organisations())
def test_the_same_input_gives_the_same_resolution(
    platform: ClusterPlatform, organisation: tuple[EffectivePolicy, ...]
) -> None:
    first = resolved(platform, *organisation)
    assert first == resolved(platform, *organisation)
    assert first.conflicts == resolved(platform, *reversed(organisation)).conflicts
    paths = [item.path for item in first.decisions]
    assert len(paths) == len(set(paths))
    assert all(item.value and item.reason and item.source for item in first.decisions)


@FEW
@given(st.sampled_from(PLATFORMS), organisations(), policies())
def test_adding_a_constraint_never_loosens_a_setting(
    platform: ClusterPlatform, organisation: tuple[EffectivePolicy, ...], added: EffectivePolicy
) -> None:
    before = [policy for policy in organisation if policy.constraint != added.constraint]
    fewer, more = resolved(platform, *before), resolved(platform, *before, added)
    loose, tight = looseness(fewer), looseness(more)
    assert {name: (loose[name], tight[name]) for name in loose if tight[name] > loose[name]} == {}


@FEW
@given(st.sampled_from(PLATFORMS), organisations(), policies())
def test_adding_a_constraint_never_removes_a_conflict_silently(
    platform: ClusterPlatform, organisation: tuple[EffectivePolicy, ...], added: EffectivePolicy
) -> None:
    before = [policy for policy in organisation if policy.constraint != added.constraint]
    fewer, more = resolved(platform, *before), resolved(platform, *before, added)
    if (more.gke, more.kubernetes) == (fewer.gke, fewer.kubernetes):
        assert {item.fields for item in fewer.conflicts} <= {item.fields for item in more.conflicts}


@FEW
@given(st.sampled_from(PLATFORMS), organisations())
def test_a_stricter_organisation_never_turns_a_conflict_into_none_without_a_changed_setting(
    platform: ClusterPlatform, organisation: tuple[EffectivePolicy, ...]
) -> None:
    loose, tight = resolved(platform, *organisation), resolved(platform, *map(stricter, organisation))
    if loose.conflicts and not tight.conflicts:
        assert (loose.gke, loose.kubernetes) != (tight.gke, tight.kubernetes)
    before, after = looseness(loose), looseness(tight)
    assert {name: (before[name], after[name]) for name in before if after[name] > before[name]} == {}
