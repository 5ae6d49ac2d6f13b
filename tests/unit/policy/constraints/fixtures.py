"""For each constraint one platform that satisfies it and one that violates it, under one policy.

Most breaking platforms are what a renderer would make that forgot one field; the rest what a spec asks for.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from rayfence.model.gke import NetworkKind
from rayfence.model.gke_settings import NetworkSettings
from rayfence.model.orgpolicy import EffectivePolicy
from rayfence.model.tenancy import WorkloadIdentity
from tests.unit.policy.constraints.platforms import (
    NODE_ACCOUNT,
    PROJECT,
    SUBNET,
    Made,
    binding,
    enforced,
    gateway,
    gateway_policy,
    listed,
    made,
    service,
    workbench,
)

Change = Callable[[Made], object]


@dataclass(frozen=True)
class Fixture:
    """`policy` and two changes of the hardened platform: under the one it holds, under the other it is broken."""

    policy: EffectivePolicy
    breaks: Change
    holds: Change = lambda platform: platform

    def satisfying(self) -> Made:
        """The platform that satisfies the policy."""
        platform = made()
        self.holds(platform)
        return platform

    def violating(self) -> Made:
        """The platform that violates it."""
        platform = made()
        self.holds(platform)
        self.breaks(platform)
        return platform


def _pool(path: str, value: object) -> Change:
    return lambda platform: platform.set("NodePool", f"config.{path}", value, "workers")


def _cluster(path: str, value: object) -> Change:
    return lambda platform: platform.set("Cluster", path, value)


def _everywhere(path: str, value: object) -> Change:
    """On every pool, and on the one that exists while the cluster is made."""

    def change(platform: Made) -> Made:
        return platform.each("NodePool", f"config.{path}", value).set("Cluster", f"nodeConfig.{path}", value)

    return change


def _applied(*manifests: dict[str, object]) -> Change:
    def change(platform: Made) -> None:
        platform.manifests += manifests

    return change


def _added(kind: str, name: str, body: dict[str, object], block: str) -> Change:
    return lambda platform: platform.add(kind, name, dict(body), block)


def _notebook(**setup: object) -> Change:
    def change(platform: Made) -> None:
        platform.resources = [row for row in platform.resources if row.block != "google_workbench_instance"]
        platform.add("notebooks.googleapis.com/Instance", "notes", workbench(**setup), "google_workbench_instance")

    return change


def _bound(role: str, *members: str) -> Change:
    return _added("iam.googleapis.com/AllowPolicy", "grant", binding(role, *members), "google_project_iam_member")


def _key_files(platform: Made) -> None:
    spec = platform.resolution.platform
    tenant = replace(spec.tenants[0], identity=WorkloadIdentity.KEY_FILE)
    platform.resolution = replace(platform.resolution, platform=replace(spec, tenants=(tenant,)))


def _shared_vpc(platform: Made, host: str = "acme-net") -> Made:
    gke = platform.resolution.gke
    assert gke is not None
    network: NetworkSettings = replace(gke.network, kind=NetworkKind.SHARED_VPC, project=host, made=False)
    platform.settings(network=network)
    platform.set("Cluster", "network", f"projects/{host}/global/networks/shared")
    return platform.set("Cluster", "subnetwork", f"projects/{host}/regions/us-central1/subnetworks/ray")


def _attached(platform: Made, host: str) -> Made:
    body: dict[str, object] = {"xpnResource": {"id": PROJECT}}
    block = "google_compute_shared_vpc_service_project"
    return _shared_vpc(platform, host).add("compute.googleapis.com/SharedVpcAttachment", host, body, block)


def _nat(subnet: str) -> Change:
    body: dict[str, object] = {"nats": [{"name": "nat", "subnetworks": [{"name": subnet}]}]}
    return _added("compute.googleapis.com/Router", "router", body, "google_compute_router")


def _peered(network: str) -> Change:
    def change(platform: Made) -> None:
        platform.resources = [row for row in platform.resources if row.block != "google_compute_network_peering"]
        body: dict[str, object] = {"networkPeering": {"name": "hub", "network": network}}
        platform.add("compute.googleapis.com/NetworkPeering", "hub", body, "google_compute_network_peering")

    return change


def _bucket(**body: object) -> Change:
    def change(platform: Made) -> None:
        platform.resources = [row for row in platform.resources if row.block != "google_storage_bucket"]
        platform.add("storage.googleapis.com/Bucket", "spill", dict(body), "google_storage_bucket")

    return change


def _sql(**configuration: object) -> Change:
    def change(platform: Made) -> None:
        platform.resources = [row for row in platform.resources if row.block != "google_sql_database_instance"]
        body: dict[str, object] = {"settings": {"ipConfiguration": dict(configuration)}}
        platform.add("sqladmin.googleapis.com/Instance", "runs", body, "google_sql_database_instance")

    return change


def _contact(email: str) -> Change:
    def change(platform: Made) -> None:
        platform.resources = [row for row in platform.resources if row.block != "google_essential_contacts_contact"]
        body: dict[str, object] = {"email": email}
        platform.add("essentialcontacts.googleapis.com/Contact", "ops", body, "google_essential_contacts_contact")

    return change


def _rule(target: str, scheme: str = "") -> Change:
    body: dict[str, object] = {"target": target, "loadBalancingScheme": scheme}
    return _added("compute.googleapis.com/ForwardingRule", "rule", body, "google_compute_forwarding_rule")


def _public_pool(platform: Made) -> Made:
    return platform.set("NodePool", "networkConfig.enablePrivateNodes", False, "head")


def _elsewhere(platform: Made) -> Made:
    return platform.settings(project="elsewhere").set("Cluster", "ipAllocationPolicy.useIpAliases", None)


def _without(kind: str) -> Change:
    return lambda platform: platform.drop(kind)


_ORGANIZATION: Final = "//cloudresourcemanager.googleapis.com/organizations/1"
_OWN_SET: Final = "is:principalSet://iam.googleapis.com/organizations/1"
_BOUND_OURS: Final = _bound("roles/container.defaultNodeServiceAccount", f"serviceAccount:{NODE_ACCOUNT}")
_PROTOCOL: Final = f"projects/{PROJECT}/zones/us-central1-a/targetInstances/ray"
_PORT: Final = "insecureKubeletReadonlyPortEnabled"
_LOGIN: Final = _everywhere("metadata.enable-oslogin", "FALSE")

_NODES: Final = (
    Fixture(enforced("compute.requireShieldedVm"), _pool("shieldedInstanceConfig.enableSecureBoot", None)),
    Fixture(enforced("compute.requireOsLogin"), _LOGIN),
    Fixture(enforced("compute.managed.requireOsLogin"), _LOGIN),
    Fixture(
        listed("compute.restrictNonConfidentialComputing", denied=("compute.googleapis.com",)),
        _pool("confidentialNodes", None),
    ),
    Fixture(listed("compute.vmExternalIpAccess", deny_all=True), _public_pool),
    Fixture(enforced("compute.managed.vmExternalIpAccess"), _public_pool),
    Fixture(
        enforced("container.managed.enablePrivateNodes"), _cluster("networkConfig.defaultEnablePrivateNodes", None)
    ),
    Fixture(enforced("compute.disableSerialPortAccess"), _pool("metadata.serial-port-enable", "1")),
    Fixture(enforced("compute.disableGuestAttributesAccess"), _pool("metadata.enable-guest-attributes", "TRUE")),
    Fixture(
        enforced("compute.managed.blockProjectSshKeys"),
        _pool("metadata.block-project-ssh-keys", "false"),
        _everywhere("metadata.block-project-ssh-keys", "true"),
    ),
    Fixture(
        enforced("compute.disableNestedVirtualization"),
        _pool("advancedMachineFeatures.enableNestedVirtualization", True),
    ),
    Fixture(
        listed("compute.trustedImageProjects", "projects/gke-node-images"), _pool("imageType", "UBUNTU_CONTAINERD")
    ),
    Fixture(enforced("ainotebooks.restrictPublicIp"), _notebook(disablePublicIp=False), _notebook()),
    Fixture(
        listed("ainotebooks.restrictVpcNetworks", f"under:projects/{PROJECT}"),
        _notebook(networkInterfaces=[{"network": "projects/other/global/networks/n"}]),
        _notebook(),
    ),
)

_CLUSTER: Final = (
    Fixture(
        enforced("container.managed.enableControlPlaneDNSOnlyAccess"),
        _cluster("controlPlaneEndpointsConfig.ipEndpointsConfig", None),
    ),
    Fixture(enforced("container.managed.enableWorkloadIdentityFederation"), _cluster("workloadIdentityConfig", None)),
    Fixture(enforced("container.managed.enableShieldedNodes"), _cluster("shieldedNodes.enabled", False)),
    Fixture(enforced("container.managed.enableNetworkPolicy"), _cluster("networkConfig.datapathProvider", None)),
    Fixture(enforced("container.managed.enableSecretsEncryption"), _cluster("databaseEncryption", None)),
    Fixture(enforced("container.managed.enableBinaryAuthorization"), _cluster("binaryAuthorization", None)),
    Fixture(enforced("container.managed.enableGoogleGroupsRBAC"), _cluster("authenticatorGroupsConfig", None)),
    Fixture(
        enforced("container.managed.enableSecurityBulletinNotifications"),
        _cluster("notificationConfig.pubsub.filter", {"eventType": ["UPGRADE_EVENT"]}),
    ),
    Fixture(
        enforced("container.managed.enableCloudLogging"),
        _cluster("loggingConfig.componentConfig.enableComponents", []),
    ),
    Fixture(enforced("container.managed.disallowDefaultComputeServiceAccount"), _pool("serviceAccount", None)),
    Fixture(enforced("container.managed.disableABAC"), _cluster("legacyAbac.enabled", True)),
    Fixture(enforced("container.managed.disableRBACSystemBindings"), _cluster("rbacBindingConfig", None)),
    Fixture(
        enforced("container.managed.disableLegacyClientCertificateIssuance"),
        _cluster("masterAuth.clientCertificateConfig.issueClientCertificate", True),
    ),
    Fixture(
        enforced("container.managed.disableInsecureKubeletReadOnlyPort"),
        _cluster(f"nodePoolDefaults.nodeConfigDefaults.nodeKubeletConfig.{_PORT}", None),
    ),
    Fixture(
        enforced("iam.disableWorkloadIdentityClusterCreation"),
        _cluster("workloadIdentityConfig", {"workloadPool": f"{PROJECT}.svc.id.goog"}),
        _cluster("workloadIdentityConfig", None),
    ),
    Fixture(
        enforced("gcp.disableCloudLogging"),
        _cluster("loggingConfig.componentConfig.enableComponents", ["SYSTEM_COMPONENTS"]),
        _cluster("loggingConfig.componentConfig.enableComponents", []),
    ),
)

_NETWORK: Final = (
    Fixture(enforced("compute.skipDefaultNetworkCreation"), _cluster("network", None)),
    Fixture(
        listed("compute.restrictSharedVpcSubnetworks", "projects/acme-net/regions/us-central1/subnetworks/ray"),
        _applied(service(subnet="front")),
        _shared_vpc,
    ),
    Fixture(
        listed("compute.restrictSharedVpcHostProjects", "projects/acme-net"),
        lambda platform: _attached(platform, "foreign-net"),
        _shared_vpc,
    ),
    Fixture(
        listed("compute.restrictVpcPeering", "under:projects/acme-net"),
        _peered("projects/other/global/networks/hub"),
        _peered("projects/acme-net/global/networks/hub"),
    ),
    Fixture(listed("compute.restrictCloudNATUsage", "under:folders/9"), _nat(SUBNET)),
    Fixture(enforced("compute.disableAllIpv6"), _cluster("ipAllocationPolicy.stackType", "IPV4_IPV6")),
    Fixture(
        enforced("compute.disableVpcExternalIpv6"),
        lambda platform: platform.set("Subnetwork", "ipv6AccessType", "EXTERNAL"),
    ),
    Fixture(
        listed("compute.requireVpcFlowLogs", "LIGHT", "COMPREHENSIVE"),
        lambda platform: platform.set("Subnetwork", "logConfig", None),
    ),
    Fixture(listed("compute.vmCanIpForward", f"under:projects/{PROJECT}"), _elsewhere),
    Fixture(
        listed("compute.restrictLoadBalancerCreationForTypes", "in:INTERNAL"),
        _applied(service("open", internal=False)),
        _applied(service(), gateway("gke-l7-rilb")),
    ),
    Fixture(
        enforced("compute.disableGlobalLoadBalancing"),
        _applied(gateway("gke-l7-global-external-managed")),
        _applied(gateway("gke-l7-rilb")),
    ),
    Fixture(
        listed("compute.requireSslPolicy", deny_all=True),
        _applied(gateway_policy("")),
        _applied(gateway("gke-l7-rilb"), gateway_policy("modern")),
    ),
    Fixture(
        enforced("compute.disableGlobalSelfManagedSslCertificate"),
        _applied(gateway("gke-l7-global-external-managed", secret=True)),
        _applied(gateway("gke-l7-regional-external-managed", secret=True)),
    ),
    Fixture(listed("compute.restrictProtocolForwardingCreationForTypes", "INTERNAL"), _rule(_PROTOCOL, "EXTERNAL")),
    Fixture(
        enforced("compute.managed.restrictProtocolForwardingCreationForTypes", allowedSchemes=["INTERNAL"]),
        _rule(_PROTOCOL, "EXTERNAL"),
        _rule(_PROTOCOL, "INTERNAL"),
    ),
    Fixture(
        listed("compute.disablePrivateServiceConnectCreationForConsumers", denied=("GOOGLE_APIS",)), _rule("all-apis")
    ),
    Fixture(
        enforced("compute.disableInternetNetworkEndpointGroup"),
        _added(
            "compute.googleapis.com/NetworkEndpointGroup",
            "out",
            {"networkEndpointType": "INTERNET_FQDN_PORT"},
            "google_compute_global_network_endpoint_group",
        ),
    ),
)

_IAM: Final = (
    Fixture(enforced("iam.disableServiceAccountKeyCreation"), _key_files),
    Fixture(enforced("iam.managed.disableServiceAccountKeyCreation"), _key_files),
    Fixture(
        enforced("iam.disableServiceAccountCreation"),
        lambda platform: platform.add("iam.googleapis.com/ServiceAccount", "more", {"accountId": "more"}),
        _without("ServiceAccount"),
    ),
    Fixture(
        enforced("iam.disableCrossProjectServiceAccountUsage"),
        _pool("serviceAccount", "nodes@other.iam.gserviceaccount.com"),
    ),
    Fixture(
        enforced("iam.automaticIamGrantsForDefaultServiceAccounts"),
        _pool("serviceAccount", "123456-compute@developer.gserviceaccount.com"),
    ),
    Fixture(
        enforced("iam.managed.preventPrivilegedBasicRolesForDefaultServiceAccounts"),
        _bound("roles/editor", "serviceAccount:123456-compute@developer.gserviceaccount.com"),
        _BOUND_OURS,
    ),
    Fixture(
        listed("iam.allowedPolicyMemberDomains", _OWN_SET),
        _bound("roles/iap.httpsResourceAccessor", "allUsers"),
        _BOUND_OURS,
    ),
    Fixture(
        enforced("iam.managed.allowedPolicyMembers", allowedPrincipalSets=[_ORGANIZATION]),
        _bound("roles/iap.httpsResourceAccessor", "allAuthenticatedUsers"),
        _BOUND_OURS,
    ),
    Fixture(
        enforced("iam.disableAuditLoggingExemption"),
        _added(
            "iam.googleapis.com/AllowPolicy",
            "audit",
            {"auditConfigs": [{"auditLogConfigs": [{"logType": "DATA_READ", "exemptedMembers": ["user:a@acme.com"]}]}]},
            "google_project_iam_audit_config",
        ),
        _added(
            "iam.googleapis.com/AllowPolicy",
            "reads",
            {"auditConfigs": [{"auditLogConfigs": [{"logType": "DATA_READ"}]}]},
            "google_project_iam_audit_config",
        ),
    ),
    Fixture(
        enforced("iam.disableServiceAccountKeyUpload"),
        _added("iam.googleapis.com/Key", "up", {"publicKeyData": "LS0="}, "google_service_account_key"),
    ),
    Fixture(
        enforced("iam.managed.disableServiceAccountKeyUpload"),
        _added("iam.googleapis.com/Key", "up", {"publicKeyData": "LS0="}, "google_service_account_key"),
    ),
    Fixture(
        enforced("iam.managed.disableServiceAccountApiKeyCreation"),
        _added("apikeys.googleapis.com/Key", "key", {}, "google_apikeys_key"),
    ),
)

_CLOUD: Final = (
    Fixture(listed("gcp.resourceLocations", "in:us-central1-locations"), _cluster("locations", ["us-east1-b"])),
    Fixture(
        listed("gcp.restrictNonCmekServices", denied=("compute.googleapis.com", "container.googleapis.com")),
        _pool("bootDiskKmsKey", None),
    ),
    Fixture(
        listed("gcp.restrictCmekCryptoKeyProjects", "projects/acme-kms"),
        _pool("bootDiskKmsKey", "projects/mine/locations/us-central1/keyRings/r/cryptoKeys/k"),
    ),
    Fixture(
        listed(
            "gcp.restrictServiceUsage",
            *(f"{name}.googleapis.com" for name in ("container", "compute", "cloudkms", "iam", "artifactregistry")),
            *(f"{name}.googleapis.com" for name in ("pubsub", "serviceusage")),
        ),
        _added("dns.googleapis.com/ManagedZone", "zone", {}, "google_dns_managed_zone"),
    ),
    Fixture(
        listed("serviceuser.services", denied=("dns.googleapis.com",)),
        _added(
            "serviceusage.googleapis.com/Service",
            "dns.googleapis.com",
            {"name": f"projects/{PROJECT}/services/dns.googleapis.com"},
            "google_project_service",
        ),
    ),
    Fixture(
        enforced("pubsub.enforceInTransitRegions"),
        lambda platform: platform.set("Topic", "messageStoragePolicy.enforceInTransit", False),
        lambda platform: platform.set("Topic", "messageStoragePolicy.enforceInTransit", True),
    ),
)

_OTHERS: Final = (
    Fixture(
        enforced("storage.uniformBucketLevelAccess"),
        _bucket(name="spill"),
        _bucket(iamConfiguration={"uniformBucketLevelAccess": {"enabled": True}}),
    ),
    Fixture(enforced("storage.publicAccessPrevention"), _bound("roles/storage.objectViewer", "allUsers")),
    Fixture(
        listed("storage.restrictAuthTypes", denied=("in:ALL_HMAC_SIGNED_REQUESTS",)),
        _added("storage.googleapis.com/HmacKey", "key", {}, "google_storage_hmac_key"),
    ),
    Fixture(
        listed("storage.retentionPolicySeconds", "is:86400"),
        _bucket(retentionPolicy={"retentionPeriod": "60"}),
        _bucket(retentionPolicy={"retentionPeriod": "86400"}),
    ),
    Fixture(
        listed("storage.softDeletePolicySeconds", "604800"),
        _bucket(softDeletePolicy={"retentionDurationSeconds": 0}),
        _bucket(softDeletePolicy={"retentionDurationSeconds": 604800}),
    ),
    Fixture(enforced("sql.restrictPublicIp"), _sql(), _sql(ipv4Enabled=False)),
    Fixture(
        enforced("sql.restrictAuthorizedNetworks"),
        _sql(authorizedNetworks=[{"value": "0.0.0.0/0"}]),
        _sql(ipv4Enabled=False),
    ),
    Fixture(
        listed("essentialcontacts.allowedContactDomains", "@acme.com"), _contact("x@else.org"), _contact("x@acme.com")
    ),
    Fixture(
        enforced("essentialcontacts.managed.allowedContactDomains", allowedDomains=["@acme.com"]),
        _contact("x@else.org"),
        _contact("x@acme.com"),
    ),
)

FIXTURES: Final[Mapping[str, Fixture]] = {
    fixture.policy.constraint: fixture for fixture in (*_NODES, *_CLUSTER, *_NETWORK, *_IAM, *_CLOUD, *_OTHERS)
}
