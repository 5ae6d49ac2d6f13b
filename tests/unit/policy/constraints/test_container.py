"""The cluster's own constraints at their edges: server defaults, Autopilot, both datapaths, foreign bindings."""

import pytest

from rayfence.model.outcome import Outcome
from rayfence.policy.constraints.container import CRITERIA, is_default_account
from tests.unit.policy.constraints.platforms import Json, Made, autopilot, enforced, made

PORT = "insecureKubeletReadonlyPortEnabled"


def _judge(platform: Made, name: str) -> Outcome:
    constraint = name if "." in name else f"container.managed.{name}"
    return platform.judge([enforced(constraint)])[constraint].outcome


@pytest.mark.parametrize(
    ("name", "path", "outcome"),
    [
        ("enableShieldedNodes", "shieldedNodes", Outcome.SATISFIED),
        ("disableABAC", "legacyAbac", Outcome.SATISFIED),
        ("disableLegacyClientCertificateIssuance", "masterAuth", Outcome.SATISFIED),
        ("enableCloudLogging", "loggingConfig", Outcome.SATISFIED),
        ("enableSecurityBulletinNotifications", "notificationConfig", Outcome.VIOLATED),
        ("enableBinaryAuthorization", "binaryAuthorization.evaluationMode", Outcome.VIOLATED),
        ("enableSecretsEncryption", "databaseEncryption.keyName", Outcome.VIOLATED),
        ("enableGoogleGroupsRBAC", "authenticatorGroupsConfig.enabled", Outcome.VIOLATED),
        ("disableInsecureKubeletReadOnlyPort", "nodePoolDefaults", Outcome.VIOLATED),
        ("disableRBACSystemBindings", "rbacBindingConfig.enableInsecureBindingSystemUnauthenticated", Outcome.VIOLATED),
        ("enableControlPlaneDNSOnlyAccess", "controlPlaneEndpointsConfig", Outcome.VIOLATED),
        ("enablePrivateNodes", "networkConfig.defaultEnablePrivateNodes", Outcome.VIOLATED),
    ],
)
def test_a_forgotten_field_holds_only_where_the_servers_default_does(name: str, path: str, outcome: Outcome) -> None:
    assert _judge(made().set("Cluster", path, None), name) is outcome


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda criterion: criterion.constraint)
def test_without_a_cluster_nothing_is_relevant(criterion: object) -> None:
    name = str(getattr(criterion, "constraint", ""))
    platform = made()
    platform.resources = []
    assert _judge(platform, name) is Outcome.NOT_RELEVANT


def test_network_policy_by_either_datapath_never_both() -> None:
    name = "enableNetworkPolicy"
    calico = made().set("Cluster", "networkConfig.datapathProvider", None).set("Cluster", "networkPolicy.enabled", True)
    assert _judge(calico, name) is Outcome.SATISFIED_BY
    assert _judge(made().set("Cluster", "networkPolicy.enabled", True), name) is Outcome.VIOLATED
    assert _judge(autopilot().set("Cluster", "networkConfig.datapathProvider", None), name) is Outcome.SATISFIED


def test_private_nodes_are_said_by_every_pool() -> None:
    assert _judge(made().set("NodePool", "networkConfig", None), "enablePrivateNodes") is Outcome.VIOLATED
    assert _judge(autopilot(), "enablePrivateNodes") is Outcome.SATISFIED_BY


def test_workload_identity_on_autopilot_is_always_there() -> None:
    platform = autopilot().set("Cluster", "workloadIdentityConfig", None)
    assert _judge(platform, "enableWorkloadIdentityFederation") is Outcome.SATISFIED
    assert _judge(platform, "iam.disableWorkloadIdentityClusterCreation") is Outcome.VIOLATED
    foreign = made().set("Cluster", "workloadIdentityConfig.workloadPool", "other.svc.id.goog")
    assert _judge(foreign, "enableWorkloadIdentityFederation") is Outcome.VIOLATED


def test_both_rules_on_workload_identity_can_not_hold_together() -> None:
    names = ("iam.disableWorkloadIdentityClusterCreation", "container.managed.enableWorkloadIdentityFederation")
    for platform in (made(), made().set("Cluster", "workloadIdentityConfig", None)):
        found = platform.judge([enforced(name) for name in names])
        assert [found[name].outcome for name in names].count(Outcome.VIOLATED) == 1


@pytest.mark.parametrize("subject", ["system:authenticated", "system:unauthenticated", "system:anonymous"])
def test_a_binding_of_everybody_violates(subject: str) -> None:
    binding: Json = {
        "kind": "ClusterRoleBinding",
        "metadata": {"name": "all"},
        "subjects": [{"kind": "Group", "name": "system:masters"}, {"kind": "Group", "name": subject}],
    }
    found = made().apply(binding).judge([enforced("container.managed.disableRBACSystemBindings")])
    outcome = found["container.managed.disableRBACSystemBindings"]
    assert outcome.outcome is Outcome.VIOLATED and outcome.fields == ("ClusterRoleBinding all: subjects[1].name",)


def test_the_read_only_port_of_pools_and_of_automatic_nodes() -> None:
    name = "disableInsecureKubeletReadOnlyPort"
    assert _judge(made().each("NodePool", "config.kubeletConfig", None), name) is Outcome.VIOLATED
    assert _judge(made().set("Cluster", "nodePoolAutoConfig", None), name) is Outcome.VIOLATED
    assert _judge(made().set("NodePool", f"config.kubeletConfig.{PORT}", True), name) is Outcome.VIOLATED
    assert _judge(autopilot().set("Cluster", "nodePoolAutoConfig", None), name) is Outcome.VIOLATED
    assert _judge(autopilot().set("Cluster", "nodePoolDefaults", None), name) is Outcome.SATISFIED_BY


def test_default_accounts_under_all_their_names() -> None:
    assert is_default_account("") and is_default_account("default")
    assert is_default_account("1-compute@developer.gserviceaccount.com")
    assert not is_default_account("nodes@p.iam.gserviceaccount.com")
    platform = autopilot().set("Cluster", "autoscaling.autoprovisioningNodePoolDefaults.serviceAccount", None)
    assert _judge(platform, "disallowDefaultComputeServiceAccount") is Outcome.VIOLATED


def test_logging_switched_off_and_bulletins_unfiltered() -> None:
    off = made().set("Cluster", "loggingConfig", None).set("Cluster", "loggingService", "none")
    assert _judge(off, "enableCloudLogging") is Outcome.VIOLATED
    filtered = {"eventType": ["SECURITY_BULLETIN_EVENT"]}
    heard = made().set("Cluster", "notificationConfig.pubsub.filter", filtered)
    assert _judge(heard, "enableSecurityBulletinNotifications") is Outcome.SATISFIED_BY
