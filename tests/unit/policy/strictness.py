"""An order of strictness over resolutions, and organisations to draw at random: what the properties of E.11 need.

`looseness` maps each setting to a number: the smaller, the stricter. A setting that has no safer side (names, ranges,
places, the list of APIs) is left out.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from rayfence.model.cluster_resolution import ClusterResolution
from rayfence.model.gke import IapScope
from rayfence.model.orgpolicy import EffectivePolicy
from tests.unit.policy.platforms import allow, deny, off, on, open_question

_SCOPES: Final = {IapScope.INTERNAL: 0, IapScope.REGIONAL: 1, IapScope.GLOBAL: 2}

BOOLEANS: Final = (
    "compute.requireShieldedVm",
    "compute.requireOsLogin",
    "compute.managed.requireOsLogin",
    "compute.managed.vmExternalIpAccess",
    "compute.managed.restrictNonConfidentialComputing",
    "compute.managed.blockProjectSshKeys",
    "compute.disableSerialPortLogging",
    "compute.skipDefaultNetworkCreation",
    "compute.disableGlobalLoadBalancing",
    "iam.disableWorkloadIdentityClusterCreation",
    "iam.disableServiceAccountCreation",
    "iam.disableCrossProjectServiceAccountUsage",
    "iam.disableServiceAccountKeyCreation",
    "iam.managed.allowedPolicyMembers",
    "gcp.disableCloudLogging",
    "container.managed.enablePrivateNodes",
    "container.managed.enableControlPlaneDNSOnlyAccess",
    "container.managed.enableWorkloadIdentityFederation",
    "container.managed.enableSecretsEncryption",
    "container.managed.enableBinaryAuthorization",
    "container.managed.enableGoogleGroupsRBAC",
)
LISTS: Final[Mapping[str, tuple[str, ...]]] = {
    "gcp.resourceLocations": ("in:us-locations", "us-central1", "us-central1-a", "us-central1-f", "in:mars-locations"),
    "compute.restrictNonConfidentialComputing": ("compute.googleapis.com", "spanner.googleapis.com"),
    "compute.vmExternalIpAccess": ("projects/p/zones/z/instances/i",),
    "gcp.restrictNonCmekServices": ("compute.googleapis.com", "pubsub.googleapis.com", "spanner.googleapis.com"),
    "gcp.restrictCmekCryptoKeyProjects": ("under:folders/9", "projects/acme-ml", "under:organizations/1"),
    "compute.restrictLoadBalancerCreationForTypes": (
        "in:INTERNAL",
        "EXTERNAL_MANAGED_HTTP_HTTPS",
        "GLOBAL_EXTERNAL_MANAGED_HTTP_HTTPS",
        "INTERNAL_TCP_UDP",
    ),
    "compute.restrictCloudNATUsage": ("under:folders/2", "under:folders/3"),
    "compute.requireVpcFlowLogs": ("LIGHT", "COMPREHENSIVE"),
    "compute.trustedImageProjects": ("projects/gke-node-images", "projects/cos-cloud"),
    "gcp.restrictServiceUsage": ("container.googleapis.com", "compute.googleapis.com"),
    "iam.allowedPolicyMemberDomains": ("is:C0",),
}


def policies() -> st.SearchStrategy[EffectivePolicy]:
    """One policy, of any kind, decided or not."""
    booleans = st.builds(
        lambda name, make: make(name), st.sampled_from(BOOLEANS), st.sampled_from((on, off, open_question))
    )
    lists = st.sampled_from(sorted(LISTS)).flatmap(_list_policy)
    return st.one_of(booleans, lists)


def organisations() -> st.SearchStrategy[tuple[EffectivePolicy, ...]]:
    """Policies of different constraints."""
    return st.lists(policies(), max_size=8, unique_by=lambda policy: policy.constraint).map(tuple)


def _list_policy(name: str) -> st.SearchStrategy[EffectivePolicy]:
    values = st.lists(st.sampled_from(LISTS[name]), unique=True)
    return st.one_of(
        values.map(lambda chosen: allow(name, *chosen)),
        values.map(lambda chosen: deny(name, *chosen)),
        st.just(open_question(name)),
    )


def stricter(policy: EffectivePolicy) -> EffectivePolicy:
    """The same constraint, tighter: enforced instead of not, one value fewer allowed, everything denied."""
    values = policy.values
    if policy.undecided:
        return policy
    if values is None:
        return replace(policy, enforced=True)
    if values.allowed:
        return replace(policy, values=replace(values, allowed=values.allowed[1:]))
    return replace(policy, values=replace(values, deny_all=True))


def looseness(resolution: ClusterResolution) -> Mapping[str, int]:
    """Each setting's looseness."""
    gke = resolution.gke
    found: dict[str, int] = {
        "metadata_server": not resolution.kubernetes.metadata_server,
        "spill_key": resolution.kubernetes.spill_key is None,
    }
    if gke is None:
        return found
    plane, net = gke.control_plane, gke.network
    found |= {
        "nat": net.nat,
        "flow_logs": not net.flow_logs,
        "vip": net.vip != "restricted",
        "ip_endpoint": plane.ip_endpoint,
        "public_ip_endpoint": plane.public_ip_endpoint,
        "authorized": len(plane.authorized),
        "key": gke.key is None,
        "encrypt_secrets": not gke.encrypt_secrets,
        "workload_pool": gke.workload_pool is None,
        "shielded": not gke.shielded,
        "confidential_cluster": gke.confidential_cluster is None,
        "dataplane_v2": not gke.dataplane_v2,
        "security_group": gke.security_group is None,
        "binary_authorization": not gke.binary_authorization.enforced,
        "ssl_policy": gke.iap is not None and not gke.ssl_policy,
        "cloud_logging": not gke.cloud_logging,
        "alerts": not gke.observability.alerts,
        "scope": _SCOPES[gke.iap.scope] if gke.iap else -1,
    }
    for pool in gke.pools:
        found |= {
            f"{pool.name}.confidential": pool.confidential is None,
            f"{pool.name}.image": pool.image_type != "COS_CONTAINERD",
            f"{pool.name}.node_identity": pool.node_identity,
            f"{pool.name}.metadata": -len(pool.metadata),
            f"{pool.name}.os_login": pool.metadata.get("enable-oslogin") != "TRUE",
            f"{pool.name}.taints": -len(pool.taints),
        }
    return found
